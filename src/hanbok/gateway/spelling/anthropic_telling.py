"""Answers of OpenAI's shape in the words of Anthropic's Messages API."""

from typing import Final

import msgspec

from hanbok.core.values import Part, Usage
from hanbok.gateway.front import Failure
from hanbok.gateway.spelling.json_text import Json, Raw
from hanbok.gateway.spelling.openai_reading import AnswerText, CallText, Said, read_answer
from hanbok.gateway.spelling.sse_text import event

_STOPS = {
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_TYPES: Final = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


class _Thought(msgspec.Struct):
    type: str
    signature: str = ""


_THOUGHT = msgspec.json.Decoder(_Thought).decode


def failure(told: Failure) -> Json:
    """Return an error. `hint` and `code` are hanbok's own members."""
    error = {
        "type": _TYPES.get(told.status, "api_error"),
        "message": told.message,
        "code": told.code,
        "hint": told.hint,
    }
    return {"type": "error", "error": error}


def whole(answer: AnswerText) -> Json:
    """Return a message."""
    choice = answer.choices[0] if answer.choices else None
    said = (choice.message if choice else None) or Said()
    blocks: list[Json | Raw] = list(said.thinking_blocks or [])
    if said.thought and not blocks:
        blocks.append({"type": "thinking", "thinking": said.thought, "signature": ""})
    if said.text:
        blocks.append({"type": "text", "text": said.text})
    for call in said.tool_calls or []:
        arguments = (call.function.arguments or "").strip() or "{}"
        blocks.append(_tool_use(call) | {"input": Raw(arguments.encode())})
    return _message(answer, blocks) | {
        "stop_reason": _stop(choice.finish_reason if choice else None),
        "usage": _usage(answer.used or Usage()),
    }


def _message(answer: AnswerText, blocks: list[Json | Raw]) -> Json:
    return {
        "id": answer.id if answer.id.startswith("msg_") else f"msg_{answer.id}",
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": blocks,
        "stop_reason": None,
        "stop_sequence": None,
    }


def _stop(finish: str | None) -> str:
    return _STOPS.get(finish or "", "end_turn")


def _usage(usage: Usage) -> Json:
    """Count cached tokens apart."""
    short, hour = usage.parts.get(Part.CACHE_WRITE, 0), usage.parts.get(Part.CACHE_WRITE_HOUR, 0)
    told: Json = {
        "input_tokens": usage.input - usage.cached - short - hour,
        "cache_creation_input_tokens": short + hour,
        "cache_read_input_tokens": usage.cached,
        "output_tokens": usage.output,
    }
    if short or hour:
        told["cache_creation"] = {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": hour}
    return told


def _tool_use(call: CallText) -> Json:
    return {"type": "tool_use", "id": call.id or "", "name": call.function.name or "", "input": {}}


class AnthropicTeller:
    """Tells one stream: blocks begin, grow and end; the usage comes with the reason of the end."""

    __slots__ = ("_begun", "_blocks", "_calls", "_finish", "_open", "_usage")

    def __init__(self) -> None:
        self._begun = False
        self._blocks = 0
        self._open: tuple[str, int] | None = None
        """Kind and index of the block that is being told."""
        self._calls: dict[int, int] = {}
        self._finish: str | None = None
        self._usage = Usage()

    def feed(self, chunk: bytes) -> list[bytes]:
        """Turn one chunk into events. Raises UpstreamGarbled."""
        answer = read_answer(chunk)
        self._usage = answer.used or self._usage
        events: list[bytes] = []
        if not self._begun:
            self._begun = True
            start = _message(answer, []) | {"usage": _usage(self._usage)}
            events.append(event("message_start", {"type": "message_start", "message": start}))
        for choice in answer.choices:
            self._finish = choice.finish_reason or self._finish
            if choice.delta is not None and choice.index == 0:
                events += self._say(choice.delta)
        return events

    def close(self) -> list[bytes]:
        """Return the events of the end."""
        ending = {"stop_reason": _stop(self._finish), "stop_sequence": None}
        return [
            *self._end_block(),
            event("message_delta", {"type": "message_delta", "delta": ending, "usage": _usage(self._usage)}),
            event("message_stop", {"type": "message_stop"}),
        ]

    def broken(self, told: Failure) -> bytes:
        """Return the event of an error."""
        return event("error", failure(told))

    def _say(self, delta: Said) -> list[bytes]:
        events: list[bytes] = []
        if delta.thought:
            events += self._begin_block("thinking", {"type": "thinking", "thinking": "", "signature": ""})
            events.append(self._delta({"type": "thinking_delta", "thinking": delta.thought}))
        for block in delta.thinking_blocks or []:
            events += self._sign(block)
        if delta.text:
            events += self._begin_block("text", {"type": "text", "text": ""})
            events.append(self._delta({"type": "text_delta", "text": delta.text}))
        for call in delta.tool_calls or []:
            events += self._call(call)
        return events

    def _sign(self, block: Raw) -> list[bytes]:
        """Sign the thought that is being told; one that is kept secret comes as a block of its own."""
        thought = _THOUGHT(block)
        if thought.type == "thinking" and self._open and self._open[0] == "thinking":
            return [
                self._delta({"type": "signature_delta", "signature": thought.signature}),
                *self._end_block(),
            ]
        return [*self._begin_block("secret", block), *self._end_block()]

    def _call(self, call: CallText) -> list[bytes]:
        events: list[bytes] = []
        if call.index not in self._calls:
            events += self._begin_block(f"call {call.index}", _tool_use(call))
            self._calls[call.index] = self._blocks - 1
        if call.function.arguments:
            piece = {"type": "input_json_delta", "partial_json": call.function.arguments}
            events.append(self._delta(piece, self._calls[call.index]))
        return events

    def _begin_block(self, kind: str, block: Json | Raw) -> list[bytes]:
        if self._open and self._open[0] == kind:
            return []
        events = self._end_block()
        self._open = (kind, self._blocks)
        self._blocks += 1
        start = {"type": "content_block_start", "index": self._open[1], "content_block": block}
        return [*events, event("content_block_start", start)]

    def _end_block(self) -> list[bytes]:
        if self._open is None:
            return []
        index, self._open = self._open[1], None
        return [event("content_block_stop", {"type": "content_block_stop", "index": index})]

    def _delta(self, delta: Json, index: int | None = None) -> bytes:
        at = index if index is not None else self._blocks - 1
        return event("content_block_delta", {"type": "content_block_delta", "index": at, "delta": delta})
