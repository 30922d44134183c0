"""Gemini on Vertex AI: `generateContent` and `streamGenerateContent`, and `predict` for embeddings."""

from urllib.parse import quote

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import WireAnswer, WireRequest
from hanbok.gateway.dialects.gemini import Gemini
from hanbok.gateway.head import Spans
from hanbok.gateway.spelling.failure import foreign
from hanbok.gateway.spelling.json_text import JSON_HEADERS, Json, Raw, encode
from hanbok.gateway.spelling.openai_request import read_embeddings, unsupported


class _Statistics(msgspec.Struct):
    token_count: float = 0


class _Values(msgspec.Struct):
    values: Raw
    statistics: _Statistics = msgspec.field(default_factory=_Statistics)


class _Prediction(msgspec.Struct):
    embeddings: _Values


class _Predictions(msgspec.Struct):
    predictions: list[_Prediction]


_PREDICTIONS = msgspec.json.Decoder(_Predictions)


class Vertex(Gemini):
    """The endpoint's base address ends with the location; a model with a slash is a path of its own there."""

    models = "publishers/google/models"

    def request(
        self, operation: Operation, body: bytes, *, model: str, stream: bool, where: Spans | None = None
    ) -> WireRequest:
        """Spell a request. The model is a part of its path."""
        if operation is not Operation.EMBEDDINGS:
            return super().request(operation, body, model=model, stream=stream, where=where)
        asked = read_embeddings(body)
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        if any(not isinstance(text, str) for text in texts):
            raise unsupported("vertex", "input of tokens")
        spelled: Json = {"instances": [{"content": text} for text in texts]}
        if asked.dimensions is not None:
            spelled["parameters"] = {"outputDimensionality": asked.dimensions}
        path = f"/{quote(self.path(model))}:predict"
        return WireRequest(path=path, body=encode(spelled), headers=JSON_HEADERS)

    def answer(self, operation: Operation, body: bytes) -> WireAnswer:
        """Read a whole answer."""
        if operation is not Operation.EMBEDDINGS:
            return super().answer(operation, body)
        try:
            rows = _PREDICTIONS.decode(body).predictions
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise foreign(self._origin, "Vertex AI") from error
        tokens = int(sum(row.embeddings.statistics.token_count for row in rows))
        spelled: Json = {
            "object": "list",
            "data": [
                {"object": "embedding", "index": at, "embedding": row.embeddings.values}
                for at, row in enumerate(rows)
            ],
            "model": "",
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
        return WireAnswer(body=encode(spelled), usage=Usage(input=tokens))
