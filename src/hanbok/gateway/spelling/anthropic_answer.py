"""Anthropic's answers: the shapes that are read, and what they are in OpenAI's words."""

import msgspec

from hanbok.core.values import Part, Usage
from hanbok.gateway.spelling.json_text import ABSENT, Json, Raw
from hanbok.gateway.spelling.openai_writer import Writer, choice, tool_call

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class Block(msgspec.Struct):
    """A content block: text, thinking, a tool's use, or one that is skipped."""

    type: str
    text: str = ""
    thinking: str = ""
    signature: str = ""
    data: str = ""
    id: str = ""
    name: str = ""
    input: Raw = ABSENT

    def thinking_block(self) -> Json | None:
        """Return the block as a next turn must give it back, so that the provider can verify it."""
        if self.type == "redacted_thinking":
            return {"type": self.type, "data": self.data}
        if self.type == "thinking" and self.signature:
            return {"type": self.type, "thinking": self.thinking, "signature": self.signature}
        return None


class _Written(msgspec.Struct):
    ephemeral_1h_input_tokens: int = 0


class UsageText(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: _Written | None = None
    """How long what was kept is kept."""


class Message(msgspec.Struct):
    content: list[Block]
    id: str = ""
    model: str = ""
    stop_reason: str | None = None
    usage: UsageText | None = None


def finish_reason(stop_reason: str | None) -> str:
    """Return OpenAI's word for why an answer ended."""
    return _FINISH.get(stop_reason or "", "stop")


def read_usage(text: UsageText | None, known: Usage | None = None) -> Usage | None:
    """Turn usage into the value; what a later part of a stream does not repeat stays as known."""
    if text is None:
        return known
    known = known or Usage()
    read = text.cache_read_input_tokens
    cached = known.cached if read is None else read
    parts = known.parts if text.cache_creation_input_tokens is None else _written(text)
    # Anthropic counts what its cache gave and took apart; here both are a part of the input.
    apart = sum(parts.values()) + cached
    asked = known.input if text.input_tokens is None else text.input_tokens + apart
    answered = known.output if text.output_tokens is None else text.output_tokens
    return Usage(input=asked, output=answered, cached=cached, parts=parts)


def _written(text: UsageText) -> dict[str, int]:
    written = text.cache_creation_input_tokens or 0
    hour = min(text.cache_creation.ephemeral_1h_input_tokens if text.cache_creation else 0, written)
    parts = {Part.CACHE_WRITE: written - hour, Part.CACHE_WRITE_HOUR: hour}
    return {part.value: count for part, count in parts.items() if count}


def whole(message: Message, usage: Usage | None, created: int) -> bytes:
    """Write a message as an answer of OpenAI's shape."""
    blocks = message.content
    calls = [
        tool_call(block.id, block.name, bytes(block.input or b"{}").decode())
        for block in blocks
        if block.type == "tool_use"
    ]
    one = choice(
        0,
        content="".join(block.text for block in blocks if block.type == "text"),
        reasoning="".join(block.thinking for block in blocks if block.type == "thinking"),
        tool_calls=calls,
        finish=finish_reason(message.stop_reason),
    )
    if thinking := [text for block in blocks if (text := block.thinking_block())]:
        one["message"]["thinking_blocks"] = thinking
    return Writer(answer_id=message.id, model=message.model, created=created).whole([one], usage)
