"""Clients of OpenAI's Responses API and of Open Responses."""

import time

from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.front import Failure, Teller
from hanbok.gateway.head import Head, InvalidRequest, spans
from hanbok.gateway.spelling.json_text import Json, encode
from hanbok.gateway.spelling.openai_reading import read_answer
from hanbok.gateway.spelling.responses_hearing import hear, read
from hanbok.gateway.spelling.responses_telling import ResponsesTeller, whole


class Responses:
    name = "responses"
    comments = True
    marks: tuple[bytes, ...] = (b'"function_call_output"',)

    def __init__(self, ours: Json | None = None) -> None:
        """`ours` are members of the response that the gateway itself knows better, such as `id` and `store`."""
        self._ours = ours or {}

    def route(self, path: str) -> str:
        """Return the path: it is a fixed one."""
        return path

    def head(self, body: bytes, path: str) -> Head:  # noqa: ARG002 - it names the model in the body
        """Read the head. Raises UnsupportedRequest for what only stands in a store: it must be put in before."""
        spans(body)
        asked = read(body)
        if not asked.model:
            raise InvalidRequest(field="model")
        for field in ("previous_response_id", "background", "conversation", "prompt"):
            if getattr(asked, field):
                raise UnsupportedRequest(dialect=self.name, feature=field)
        return Head(model=asked.model, stream=asked.stream, max_completion_tokens=asked.max_output_tokens)

    def chat(self, body: bytes, head: Head) -> bytes:
        """Put a request into the words of a chat."""
        return hear(body, head)

    def document(self, body: bytes) -> bool:
        """Whether JSON is asked for."""
        return (
            b'"format"' in body and (wanted := read(body).text.format) is not None and wanted.type != "text"
        )

    def answer(self, body: bytes, asked: bytes) -> bytes:
        """Put a whole answer into a response."""
        return encode(whole(read_answer(body), read(asked), int(time.time()), self._ours))

    def teller(self, asked: bytes) -> Teller:
        """Return the teller of one stream."""
        return ResponsesTeller(read(asked), self._ours)

    def failure(self, failed: Failure) -> bytes:
        """Return the body of an error, in OpenAI's shape."""
        error = {"message": failed.message, "type": failed.kind, "param": failed.field, "code": failed.code}
        return encode({"error": error | {"hint": failed.hint}})
