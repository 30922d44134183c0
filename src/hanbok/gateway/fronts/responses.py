"""Clients of OpenAI's Responses API and of Open Responses."""

import time

from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.front import Failure, Teller
from hanbok.gateway.head import Head, InvalidRequest, spans
from hanbok.gateway.spelling.json_text import encode
from hanbok.gateway.spelling.openai_reading import read_answer
from hanbok.gateway.spelling.responses_hearing import hear, read
from hanbok.gateway.spelling.responses_telling import ResponsesTeller, whole


class Responses:
    name = "responses"
    marks: tuple[bytes, ...] = (b'"function_call_output"',)

    def route(self, path: str) -> str:
        """Return the path: it is a fixed one."""
        return path

    def head(self, body: bytes, path: str) -> Head:  # noqa: ARG002 - it names the model in the body
        """Read the head. Raises UnsupportedRequest for what hanbok has to keep and does not."""
        spans(body)
        asked = read(body)
        if not asked.model:
            raise InvalidRequest(field="model")
        for field in ("previous_response_id", "background"):
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
        return encode(whole(read_answer(body), read(asked), int(time.time())))

    def teller(self, asked: bytes) -> Teller:
        """Return the teller of one stream."""
        return ResponsesTeller(read(asked))

    def failure(self, failed: Failure) -> bytes:
        """Return the body of an error, in OpenAI's shape."""
        error = {"message": failed.message, "type": failed.kind, "param": failed.field, "code": failed.code}
        return encode({"error": error | {"hint": failed.hint}})
