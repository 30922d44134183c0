"""Gemini's native API: `generateContent`, `streamGenerateContent`, `batchEmbedContents`."""

import time
from collections.abc import Callable, Mapping
from urllib.parse import quote

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import StreamReader, WireAnswer, WireRequest
from hanbok.gateway.head import Spans
from hanbok.gateway.spelling.failure import failure_code, foreign
from hanbok.gateway.spelling.gemini_answer import UsageText, blocked, read, read_usage, whole
from hanbok.gateway.spelling.gemini_request import spell, spell_embeddings
from hanbok.gateway.spelling.gemini_stream import GeminiReader
from hanbok.gateway.spelling.json_text import JSON_HEADERS, Json, Raw, encode
from hanbok.gateway.spelling.openai_request import read_chat, read_embeddings, unsupported


class _Embedding(msgspec.Struct):
    values: Raw


class _Embeddings(msgspec.Struct, rename="camel"):
    embeddings: list[_Embedding]
    usage_metadata: UsageText | None = None


_EMBEDDINGS = msgspec.json.Decoder(_Embeddings)


def _verb(stream: bool) -> str:  # noqa: FBT001 - it is the whole question
    return "streamGenerateContent?alt=sse" if stream else "generateContent"


class Gemini:
    front = "gemini"
    models = "models"
    """Where models stand that are not named by a path of their own."""

    def __init__(self, origin: str = "gemini", *, clock: Callable[[], float] = time.time) -> None:
        """`origin` names the provider in errors; `clock` dates answers, which bear no date."""
        self._origin = origin
        self._clock = clock

    def request(
        self,
        operation: Operation,
        body: bytes,
        *,
        model: str,
        stream: bool,
        where: Spans | None = None,  # noqa: ARG002 - every member is read
    ) -> WireRequest:
        """Spell a request. The model is a part of its path."""
        if operation is Operation.EMBEDDINGS:
            spelled = spell_embeddings(read_embeddings(body), self.path(model))
            return self._wire(model, "batchEmbedContents", encode(spelled))
        if operation is not Operation.CHAT:
            raise unsupported("gemini", operation.value)
        return self._wire(model, _verb(stream), encode(spell(read_chat(body), body, model=model)))

    def forward(self, body: bytes, *, model: str, stream: bool, headers: Mapping[str, str]) -> WireRequest:  # noqa: ARG002 - none asks for a feature
        """Pass a request on that is of this format already."""
        return self._wire(model, _verb(stream), body)

    def answer(self, operation: Operation, body: bytes) -> WireAnswer:
        """Read a whole answer."""
        if operation is Operation.EMBEDDINGS:
            return self._embeddings(body)
        answer = read(body, self._origin)
        if answer.candidates is None and not blocked(answer):
            raise foreign(self._origin, "Gemini")
        usage = read_usage(answer.usage_metadata)
        return WireAnswer(body=whole(answer, usage, int(self._clock())), usage=usage)

    def _embeddings(self, body: bytes) -> WireAnswer:
        try:
            answer = _EMBEDDINGS.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise foreign(self._origin, "Gemini") from error
        usage = read_usage(answer.usage_metadata)
        tokens = (usage or Usage()).input
        spelled: Json = {
            "object": "list",
            "data": [
                {"object": "embedding", "index": at, "embedding": one.values}
                for at, one in enumerate(answer.embeddings)
            ],
            "model": "",
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
        return WireAnswer(body=encode(spelled), usage=usage)

    def path(self, model: str) -> str:
        """Return the path of a model."""
        return model if "/" in model else f"{self.models}/{model}"

    def _wire(self, model: str, verb: str, body: bytes) -> WireRequest:
        return WireRequest(path=f"/{quote(self.path(model))}:{verb}", body=body, headers=JSON_HEADERS)

    def failure(self, body: bytes) -> str:
        """Return `error.status`."""
        return failure_code(body)

    def reader(self) -> StreamReader:
        """Return the reader of one stream."""
        return GeminiReader(self._origin, int(self._clock()))
