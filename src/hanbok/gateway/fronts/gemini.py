"""Clients of Gemini's native API: `generateContent`, `streamGenerateContent`."""

from typing import Final
from urllib.parse import unquote

from hanbok.gateway.front import Failure, Teller
from hanbok.gateway.head import Head, InvalidRequest, spans
from hanbok.gateway.spelling.gemini_hearing import hear, read
from hanbok.gateway.spelling.gemini_telling import GeminiTeller, failure, whole
from hanbok.gateway.spelling.json_text import encode
from hanbok.gateway.spelling.openai_reading import read_answer

STREAMS: Final = "streamGenerateContent"


class Gemini:
    name = "gemini"
    comments = False  # its SDK takes a line without `data:` for JSON
    marks: tuple[bytes, ...] = (b'"functionResponse"', b'"function_response"')

    def route(self, path: str) -> str:
        """Leave the model's name out."""
        return f"/v1beta/models/*:{path.rpartition(':')[2]}"

    def head(self, body: bytes, path: str) -> Head:
        """Read the head; the path names the model and the verb."""
        spans(body)
        model, _, verb = unquote(path).rpartition("/models/")[2].rpartition(":")
        if not model:
            raise InvalidRequest(field="model")
        config = read(body).generation_config
        return Head(
            model=model,
            stream=verb == STREAMS,
            n=config.candidate_count,
            max_tokens=config.max_output_tokens,
        )

    def chat(self, body: bytes, head: Head) -> bytes:
        """Put a request into OpenAI's words."""
        return hear(body, head)

    def document(self, body: bytes) -> bool:
        """Whether JSON is asked for."""
        return (
            b"application/json" in body
            and read(body).generation_config.response_mime_type == "application/json"
        )

    def answer(self, body: bytes, asked: bytes) -> bytes:  # noqa: ARG002 - an answer repeats nothing of it
        """Put a whole answer into Gemini's words."""
        return encode(whole(read_answer(body)))

    def teller(self, asked: bytes) -> Teller:  # noqa: ARG002 - all streams are told alike
        """Return the teller of one stream."""
        return GeminiTeller()

    def failure(self, failed: Failure) -> bytes:
        """Return the body of an error."""
        return encode(failure(failed))
