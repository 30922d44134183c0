"""Anthropic's stream of named events, as chunks of OpenAI's shape."""

from collections.abc import Callable

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.errors import UpstreamFailed
from hanbok.gateway.spelling.anthropic_answer import Block, Message, UsageText, finish_reason, read_usage
from hanbok.gateway.spelling.failure import foreign
from hanbok.gateway.spelling.json_text import Json
from hanbok.gateway.spelling.openai_writer import Writer, tool_call

_STATUSES = {"overloaded_error": 529, "rate_limit_error": 429, "invalid_request_error": 400}


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Error(msgspec.Struct):
    type: str = ""


class _Event(msgspec.Struct):
    type: str
    index: int = 0
    message: Message | None = None
    content_block: Block | None = None
    delta: _Delta | None = None
    usage: UsageText | None = None
    error: _Error | None = None


_DECODE = msgspec.json.Decoder(_Event).decode


class AnthropicReader:
    """Reads one stream."""

    __slots__ = ("_blocks", "_calls", "_handlers", "_origin", "_spoken", "_writer", "done", "usage")

    def __init__(self, origin: str, created: int) -> None:
        """`origin` names the provider in errors, `created` is the time that every chunk bears."""
        self._origin = origin
        self._writer = Writer(answer_id="", model="", created=created)
        self._blocks: dict[int, Block] = {}
        self._calls: dict[int, int] = {}
        self._spoken: set[int] = set()
        self.usage: Usage | None = None
        self.done = False
        self._handlers: dict[str, Callable[[_Event], list[bytes]]] = {
            "message_start": self._begin,
            "content_block_start": self._open,
            "content_block_delta": self._speak,
            "content_block_stop": self._close,
            "message_delta": self._finish,
            "message_stop": self._end,
            "error": self._fail,
        }

    def feed(self, event: str, data: bytes) -> list[bytes]:  # noqa: ARG002 - the data names its event too
        """Turn one event into chunks."""
        try:
            read = _DECODE(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise foreign(self._origin, "Anthropic") from error
        handler = self._handlers.get(read.type)  # others are pings, or events of tomorrow
        return handler(read) if handler else []

    def _begin(self, read: _Event) -> list[bytes]:
        message = read.message or Message(content=[])
        self._writer.id, self._writer.model = message.id, message.model
        self.usage = read_usage(message.usage)
        return [self._writer.delta({"role": "assistant", "content": ""})]

    def _open(self, read: _Event) -> list[bytes]:
        index, block = read.index, read.content_block or Block(type="")
        self._blocks[index] = block
        if block.type == "tool_use":
            self._calls[index] = len(self._calls)
            return self._call(index, tool_call(block.id, block.name, ""))
        if block.type == "text" and block.text:
            return [self._writer.delta({"content": block.text})]
        return []

    def _speak(self, read: _Event) -> list[bytes]:
        index, delta = read.index, read.delta or _Delta()
        block = self._blocks.get(index)
        if delta.type == "text_delta":
            return [self._writer.delta({"content": delta.text})]
        if delta.type == "input_json_delta" and index in self._calls:
            if not delta.partial_json:
                return []
            self._spoken.add(index)
            return self._call(index, {"function": {"arguments": delta.partial_json}})
        if delta.type == "thinking_delta" and block is not None:
            block.thinking += delta.thinking
            return [self._writer.delta({"reasoning_content": delta.thinking})]
        if delta.type == "signature_delta" and block is not None:
            block.signature += delta.signature
        return []

    def _close(self, read: _Event) -> list[bytes]:
        index = read.index
        block = self._blocks.pop(index, None)
        if index in self._calls and index not in self._spoken:
            return self._call(index, {"function": {"arguments": "{}"}})  # a tool without parameters
        thinking = block.thinking_block() if block else None
        return [self._writer.delta({"thinking_blocks": [thinking]})] if thinking else []

    def _finish(self, read: _Event) -> list[bytes]:
        self.usage = read_usage(read.usage, self.usage)
        return [self._writer.delta({}, finish=finish_reason(read.delta.stop_reason if read.delta else None))]

    def _end(self, read: _Event) -> list[bytes]:  # noqa: ARG002 - it says nothing but its name
        self.done = True
        return [self._writer.usage(self.usage)] if self.usage else []

    def _fail(self, read: _Event) -> list[bytes]:
        reason = read.error.type if read.error else ""
        raise UpstreamFailed(
            origin=self._origin,
            status=_STATUSES.get(reason, 500),
            reason=reason if reason.isidentifier() else "no reason given",
        )

    def _call(self, index: int, call: Json) -> list[bytes]:
        return [self._writer.delta({"tool_calls": [{"index": self._calls[index], **call}]})]
