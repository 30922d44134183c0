"""Clients of Anthropic's Messages API."""

from hanbok.gateway.front import Failure, Teller
from hanbok.gateway.head import Head, read_head
from hanbok.gateway.spelling.anthropic_hearing import hear, read
from hanbok.gateway.spelling.anthropic_telling import AnthropicTeller, failure, whole
from hanbok.gateway.spelling.json_text import encode
from hanbok.gateway.spelling.openai_reading import read_answer


class Anthropic:
    name = "anthropic"
    comments = True
    marks: tuple[bytes, ...] = (b'"tool_result"',)

    def route(self, path: str) -> str:
        """Return the path: it is a fixed one."""
        return path

    def head(self, body: bytes, path: str) -> Head:  # noqa: ARG002 - it names the model in the body
        """Read the head: its members have the names that OpenAI's have."""
        return read_head(body)[0]

    def chat(self, body: bytes, head: Head) -> bytes:
        """Put a request into OpenAI's words."""
        return hear(body, head)

    def document(self, body: bytes) -> bool:
        """Whether a format is set."""
        return b"json_schema" in body and read(body).format is not None

    def answer(self, body: bytes, asked: bytes) -> bytes:  # noqa: ARG002 - an answer repeats nothing of it
        """Put a whole answer into Anthropic's words."""
        return encode(whole(read_answer(body)))

    def teller(self, asked: bytes) -> Teller:  # noqa: ARG002 - all streams are told alike
        """Return the teller of one stream."""
        return AnthropicTeller()

    def failure(self, failed: Failure) -> bytes:
        """Return the body of an error."""
        return encode(failure(failed))
