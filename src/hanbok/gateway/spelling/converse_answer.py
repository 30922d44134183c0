"""Answers of Amazon Bedrock's Converse API, whole and streamed, in OpenAI's words."""

from collections.abc import Callable
from typing import Final

import msgspec

from hanbok.core.values import Part, Usage
from hanbok.gateway.errors import UpstreamFailed
from hanbok.gateway.spelling.failure import foreign
from hanbok.gateway.spelling.json_text import ABSENT, Json, Raw
from hanbok.gateway.spelling.openai_writer import Writer, choice, tool_call

FORM: Final = "Bedrock Converse"
_FINISH: Final = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}
_STATUSES: Final = {
    "throttlingException": 429,
    "serviceUnavailableException": 503,
    "validationException": 400,
    "modelStreamErrorException": 424,
    "internalServerException": 500,
}
"""Errors inside a stream, as the HTTP statuses that the service gives them elsewhere."""


class _ReasoningText(msgspec.Struct):
    text: str = ""
    signature: str = ""


class Reasoning(msgspec.Struct, rename="camel"):
    reasoning_text: _ReasoningText | None = None
    redacted_content: str = ""

    def thinking_block(self) -> Json | None:
        """Return the block as a next turn must give it back, so that the provider can verify it."""
        if self.redacted_content:
            return {"type": "redacted_thinking", "data": self.redacted_content}
        text = self.reasoning_text
        if text is None or not text.signature:
            return None
        return {"type": "thinking", "thinking": text.text, "signature": text.signature}


class _ToolUse(msgspec.Struct, rename="camel"):
    tool_use_id: str = ""
    name: str = ""
    input: Raw = ABSENT


class _Block(msgspec.Struct, rename="camel"):
    text: str = ""
    tool_use: _ToolUse | None = None
    reasoning_content: Reasoning | None = None


class _Message(msgspec.Struct):
    content: list[_Block]


class _Output(msgspec.Struct):
    message: _Message


class _Written(msgspec.Struct, rename="camel"):
    ttl: str = ""
    input_tokens: int = 0


class _Tokens(msgspec.Struct, rename="camel"):
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    cache_details: list[_Written] | None = None

    def value(self) -> Usage:
        """Bedrock counts what its cache gave and took apart; here both are a part of the input."""
        cached, written = self.cache_read_input_tokens or 0, self.cache_write_input_tokens or 0
        hour = min(written, sum(one.input_tokens for one in self.cache_details or [] if one.ttl == "1h"))
        parts = {Part.CACHE_WRITE: written - hour, Part.CACHE_WRITE_HOUR: hour}
        return Usage(
            input=self.input_tokens + cached + written,
            output=self.output_tokens,
            cached=cached,
            parts={part.value: count for part, count in parts.items() if count},
        )


class _Answer(msgspec.Struct, rename="camel"):
    output: _Output
    stop_reason: str = ""
    usage: _Tokens | None = None


class _ReasoningDelta(msgspec.Struct, rename="camel"):
    text: str = ""
    signature: str = ""
    redacted_content: str = ""


class _ToolUseDelta(msgspec.Struct):
    input: str = ""


class _Delta(msgspec.Struct, rename="camel"):
    text: str = ""
    tool_use: _ToolUseDelta | None = None
    reasoning_content: _ReasoningDelta | None = None


class _Start(msgspec.Struct, rename="camel"):
    tool_use: _ToolUse | None = None


class _Event(msgspec.Struct, rename="camel"):
    content_block_index: int = 0
    start: _Start | None = None
    delta: _Delta | None = None
    stop_reason: str = ""
    usage: _Tokens | None = None


_ANSWER = msgspec.json.Decoder(_Answer).decode
_EVENT = msgspec.json.Decoder(_Event).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def whole(body: bytes, origin: str, created: int) -> tuple[bytes, Usage | None]:
    """Return an answer of OpenAI's shape and its usage. Raises UpstreamGarbled."""
    try:
        read = _ANSWER(body)
    except _UNREADABLE as error:
        raise foreign(origin, FORM) from error
    blocks = read.output.message.content
    uses = [block.tool_use for block in blocks if block.tool_use is not None]
    thoughts = [block.reasoning_content for block in blocks if block.reasoning_content is not None]
    one = choice(
        0,
        content="".join(block.text for block in blocks),
        reasoning="".join(one.reasoning_text.text for one in thoughts if one.reasoning_text is not None),
        tool_calls=[tool_call(use.tool_use_id, use.name, bytes(use.input or b"{}").decode()) for use in uses],
        finish=_FINISH.get(read.stop_reason, "stop"),
    )
    if blocks_back := [text for thought in thoughts if (text := thought.thinking_block())]:
        one["message"]["thinking_blocks"] = blocks_back
    usage = None if read.usage is None else read.usage.value()
    return Writer(answer_id="", model="", created=created).whole([one], usage), usage


class ConverseReader:
    """Reads one stream."""

    __slots__ = ("_calls", "_handlers", "_origin", "_spoken", "_thoughts", "_writer", "done", "usage")

    def __init__(self, origin: str, created: int) -> None:
        """`origin` names the provider in errors, `created` is the time that every chunk bears."""
        self._origin = origin
        self._writer = Writer(answer_id="", model="", created=created)
        self._calls: dict[int, int] = {}
        self._spoken: set[int] = set()
        self._thoughts: dict[int, Reasoning] = {}
        self.usage: Usage | None = None
        self.done = False
        self._handlers: dict[str, Callable[[_Event], list[bytes]]] = {
            "messageStart": lambda _: [self._writer.delta({"role": "assistant", "content": ""})],
            "contentBlockStart": self._open,
            "contentBlockDelta": self._speak,
            "contentBlockStop": self._close,
            "messageStop": self._end,
            "metadata": self._count,
        }

    def feed(self, event: str, data: bytes) -> list[bytes]:
        """Turn one event into chunks."""
        if event.endswith("Exception"):
            raise UpstreamFailed(origin=self._origin, status=_STATUSES.get(event, 500), reason=event)
        try:
            read = _EVENT(data)
        except _UNREADABLE as error:
            raise foreign(self._origin, FORM) from error
        handler = self._handlers.get(event)  # others are events of tomorrow
        return handler(read) if handler else []

    def _open(self, read: _Event) -> list[bytes]:
        use = read.start.tool_use if read.start else None
        if use is None:
            return []
        self._calls[read.content_block_index] = len(self._calls)
        return self._call(read.content_block_index, tool_call(use.tool_use_id, use.name, ""))

    def _speak(self, read: _Event) -> list[bytes]:
        index, delta = read.content_block_index, read.delta or _Delta()
        if delta.text:
            return [self._writer.delta({"content": delta.text})]
        if delta.tool_use is not None and delta.tool_use.input and index in self._calls:
            self._spoken.add(index)
            return self._call(index, {"function": {"arguments": delta.tool_use.input}})
        if delta.reasoning_content is not None:
            return self._think(index, delta.reasoning_content)
        return []

    def _think(self, index: int, delta: _ReasoningDelta) -> list[bytes]:
        thought = self._thoughts.setdefault(index, Reasoning(reasoning_text=_ReasoningText()))
        thought.redacted_content += delta.redacted_content
        if thought.reasoning_text is not None:
            thought.reasoning_text.text += delta.text
            thought.reasoning_text.signature += delta.signature
        return [self._writer.delta({"reasoning_content": delta.text})] if delta.text else []

    def _close(self, read: _Event) -> list[bytes]:
        index = read.content_block_index
        if index in self._calls and index not in self._spoken:
            return self._call(index, {"function": {"arguments": "{}"}})  # a tool without parameters
        thought = self._thoughts.pop(index, None)
        block = thought.thinking_block() if thought else None
        return [self._writer.delta({"thinking_blocks": [block]})] if block else []

    def _end(self, read: _Event) -> list[bytes]:
        self.done = True
        return [self._writer.delta({}, finish=_FINISH.get(read.stop_reason, "stop"))]

    def _count(self, read: _Event) -> list[bytes]:
        if read.usage is None:
            return []
        self.usage = read.usage.value()
        return [self._writer.usage(self.usage)]

    def _call(self, index: int, call: Json) -> list[bytes]:
        return [self._writer.delta({"tool_calls": [{"index": self._calls[index], **call}]})]
