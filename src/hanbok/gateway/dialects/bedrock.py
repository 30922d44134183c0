"""Amazon Bedrock's Converse API: `converse`, and `converse-stream` in frames of Amazon's event stream."""

import time
from collections.abc import Callable
from urllib.parse import quote

from botocore.eventstream import EventStreamBuffer, ParserError

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Framing, StreamReader, WireAnswer, WireRequest
from hanbok.gateway.head import Spans
from hanbok.gateway.spelling.converse_answer import FORM, ConverseReader, whole
from hanbok.gateway.spelling.converse_request import spell
from hanbok.gateway.spelling.failure import failure_code, foreign
from hanbok.gateway.spelling.json_text import JSON_HEADERS, encode
from hanbok.gateway.spelling.openai_request import read_chat, unsupported


class _Frames:
    """Cuts a stream into its events; an exception's event has its name."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._buffer = EventStreamBuffer()

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Return the events that these bytes complete. Raises UpstreamGarbled."""
        self._buffer.add_data(data)
        try:
            return [(_name(one.headers), one.payload) for one in self._buffer]
        except ParserError as error:
            raise foreign(self._origin, FORM) from error


def _name(headers: dict[str, object]) -> str:
    for header in (":event-type", ":exception-type", ":error-code"):
        if header in headers:
            name = str(headers[header])
            return name if header == ":event-type" or name.endswith("Exception") else f"{name}Exception"
    return ""


class Bedrock:
    def __init__(self, origin: str = "bedrock", *, clock: Callable[[], float] = time.time) -> None:
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
        """Spell a chat request. The model, whose name may be an ARN, is a part of its path."""
        if operation is not Operation.CHAT:
            raise unsupported("bedrock", operation.value)
        verb = "converse-stream" if stream else "converse"
        path = f"/model/{quote(model, safe='')}/{verb}"
        return WireRequest(path=path, body=encode(spell(read_chat(body), body)), headers=JSON_HEADERS)

    def answer(self, operation: Operation, body: bytes) -> WireAnswer:  # noqa: ARG002 - there is only chat
        """Read a whole answer."""
        answer, usage = whole(body, self._origin, int(self._clock()))
        return WireAnswer(body=answer, usage=usage)

    def failure(self, body: bytes) -> str:
        """Return the error's name where the body has it; the service puts it into a header."""
        return failure_code(body)

    def framing(self) -> Framing:
        """Return what cuts one stream into events."""
        return _Frames(self._origin)

    def reader(self) -> StreamReader:
        """Return the reader of one stream."""
        return ConverseReader(self._origin, int(self._clock()))
