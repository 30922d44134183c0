"""Answers of chats as responses (OpenAI's Responses API, Open Responses): items that begin, grow and end."""

import time
from collections.abc import Callable
from typing import Any

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.front import Failure
from hanbok.gateway.spelling.json_text import Json
from hanbok.gateway.spelling.openai_reading import AnswerText, CallText, Said, read_answer
from hanbok.gateway.spelling.responses_hearing import Asked, Tool
from hanbok.gateway.spelling.sse_text import event

_SHORT = {"length": "max_output_tokens", "content_filter": "content_filter"}
"""Why an answer is incomplete."""


def whole(answer: AnswerText, asked: Asked, now: int, ours: Json | None = None) -> Json:
    """Return a response. `ours` are members that the gateway itself knows better (`id`, `store`)."""
    choice = answer.choices[0] if answer.choices else None
    said = (choice.message if choice else None) or Said()
    name = _name(answer)
    items: list[Json] = []
    if said.thought:
        items.append(_thought(f"rs_{name}", said.thought))
    if said.text or not said.tool_calls:
        items.append(_message(f"msg_{name}", "completed", [_text(said.text)]))
    items += [_called(call, f"fc_{name}_{at}", "completed") for at, call in enumerate(said.tool_calls or [])]
    ended = _ended(choice.finish_reason if choice else None, answer.used, now)
    return _response(answer, asked, items, now) | (ours or {}) | ended


def unfinished(asked: Asked, now: int, ours: Json) -> Json:
    """Return a response that is not there yet, or never will be."""
    return _response(AnswerText(), asked, [], now) | ours


def _name(answer: AnswerText) -> str:
    return answer.id.removeprefix("chatcmpl-") or "0"


def _response(answer: AnswerText, asked: Asked, items: list[Json], now: int) -> Json:
    return {
        "id": f"resp_{_name(answer)}",
        "object": "response",
        "created_at": answer.created or now,
        "completed_at": None,
        "status": "in_progress",
        "incomplete_details": None,
        "error": None,
        "model": answer.model or asked.model,
        "previous_response_id": asked.previous_response_id,
        "instructions": asked.instructions,
        "output": items,
        "tools": [_tool(one) for one in asked.tools],
        "tool_choice": asked.tool_choice or "auto",
        "truncation": asked.truncation or "disabled",
        "parallel_tool_calls": asked.parallel_tool_calls is not False,
        "text": _text_config(asked),
        "top_p": 1.0 if asked.top_p is None else asked.top_p,
        "presence_penalty": asked.presence_penalty or 0.0,
        "frequency_penalty": asked.frequency_penalty or 0.0,
        "top_logprobs": asked.top_logprobs or 0,
        "temperature": 1.0 if asked.temperature is None else asked.temperature,
        "reasoning": _reasoning(asked),
        "usage": None,
        "user": asked.user,
        "max_output_tokens": asked.max_output_tokens,
        "max_tool_calls": asked.max_tool_calls,
        "store": False,
        "background": False,
        "service_tier": "default",
        "metadata": asked.metadata or {},
        "safety_identifier": asked.safety_identifier,
        "prompt_cache_key": asked.prompt_cache_key,
    }


def _ended(finish: str | None, usage: Usage | None, now: int) -> Json:
    short = _SHORT.get(finish or "")
    ended: Json = {"status": "incomplete" if short else "completed", "completed_at": None if short else now}
    if short:
        ended["incomplete_details"] = {"reason": short}
    if usage is not None:
        ended["usage"] = {
            "input_tokens": usage.input,
            "input_tokens_details": {"cached_tokens": usage.cached},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.input + usage.output,
        }
    return ended


def _tool(tool: Tool) -> Json:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters or None,
        "strict": tool.strict if tool.strict is not None else True,
    }


def _text_config(asked: Asked) -> Json:
    wanted = asked.text.format
    config: Json = {"format": {"type": "text"} if wanted is None else {"type": wanted.type}}
    if wanted is not None and wanted.type == "json_schema":
        config["format"] |= {
            "name": wanted.name,
            "schema": wanted.schema,
            "strict": bool(wanted.strict),
            "description": wanted.description,
        }
    return config | ({"verbosity": asked.text.verbosity} if asked.text.verbosity else {})


def _reasoning(asked: Asked) -> Json | None:
    return {"effort": asked.reasoning.effort, "summary": asked.reasoning.summary} if asked.reasoning else None


def _text(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(item: str, status: str, content: list[Json]) -> Json:
    return {"type": "message", "id": item, "status": status, "role": "assistant", "content": content}


def _thought(item: str, text: str) -> Json:
    return {
        "type": "reasoning",
        "id": item,
        "summary": [],
        "content": [{"type": "reasoning_text", "text": text}] if text else [],
        "encrypted_content": None,
    }


def _called(call: CallText, item: str, status: str) -> Json:
    return {
        "type": "function_call",
        "id": item,
        "call_id": call.id or item,
        "name": call.function.name or "",
        "arguments": call.function.arguments or "",
        "status": status,
    }


class _Item(msgspec.Struct):
    """An item that is being told."""

    at: int
    kind: str
    id: str
    call: CallText | None = None
    text: str = ""


class ResponsesTeller:
    """Tells one stream. Events are numbered."""

    __slots__ = ("_answer", "_asked", "_clock", "_done", "_finish", "_number", "_open", "_ours", "_usage")

    def __init__(
        self, asked: Asked, ours: Json | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._asked = asked
        self._ours = ours or {}
        self._clock = clock
        self._answer: AnswerText | None = None
        self._number = 0
        self._open: dict[str, _Item] = {}
        self._done: dict[int, Json] = {}
        self._finish: str | None = None
        self._usage: Usage | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """Turn one chunk into events. Raises UpstreamGarbled."""
        answer = read_answer(chunk)
        events = [] if self._answer else self._begin(answer)
        self._usage = answer.used or self._usage
        for choice in answer.choices:
            self._finish = choice.finish_reason or self._finish
            if choice.delta is not None and choice.index == 0:
                events += self._say(choice.delta)
        return events

    def close(self) -> list[bytes]:
        """Return the events of the end."""
        events = [] if self._answer else self._begin(AnswerText())
        events += self._end_items()
        now = int(self._clock())
        answer = self._answer or AnswerText()
        items = [self._done[at] for at in sorted(self._done)]
        ended = _ended(self._finish, self._usage, now)
        kind = f"response.{ended['status']}"
        response = _response(answer, self._asked, items, now) | self._ours | ended
        return [*events, self._event(kind, {"response": response})]

    def broken(self, told: Failure) -> bytes:
        """Return the event of an error."""
        # Said twice: Open Responses has these members here, OpenAI's SDK raises for an `error`.
        said = {"code": told.code, "message": told.message, "param": told.field}
        return self._event("error", {**said, "error": {"type": told.kind, "hint": told.hint, **said}})

    def _begin(self, answer: AnswerText) -> list[bytes]:
        self._answer = answer
        response = _response(answer, self._asked, [], int(self._clock())) | self._ours
        return [self._event(f"response.{one}", {"response": response}) for one in ("created", "in_progress")]

    def _say(self, delta: Said) -> list[bytes]:
        events: list[bytes] = []
        if delta.thought:
            events += self._grow("reasoning", delta.thought)
        if delta.text:
            events += self._grow("message", delta.text)
        for call in delta.tool_calls or []:
            events += self._grow(f"call {call.index}", call.function.arguments or "", call)
        return events

    def _grow(self, kind: str, text: str, call: CallText | None = None) -> list[bytes]:
        events: list[bytes] = []
        item = self._open.get(kind)
        if item is None:
            # A call may go on while others begin; texts end where another item begins.
            events += self._end_items(("reasoning", "message"))
            item, began = self._start(kind, call)
            events += began
        if not text:
            return events
        item.text += text
        place = {"item_id": item.id, "output_index": item.at}
        if item.call is not None:
            return [*events, self._event("response.function_call_arguments.delta", place | {"delta": text})]
        place["content_index"] = 0
        if kind == "reasoning":
            return [*events, self._event("response.reasoning_text.delta", place | {"delta": text})]
        return [*events, self._event("response.output_text.delta", place | {"delta": text, "logprobs": []})]

    def _start(self, kind: str, call: CallText | None) -> tuple[_Item, list[bytes]]:
        at = len(self._open) + len(self._done)
        name = _name(self._answer or AnswerText())
        prefix = {"message": "msg", "reasoning": "rs"}.get(kind, "fc")
        item = self._open[kind] = _Item(at=at, kind=kind, id=f"{prefix}_{name}_{at}", call=call)
        events = [
            self._event(
                "response.output_item.added", {"output_index": at, "item": self._told(item, done=False)}
            )
        ]
        if call is None:
            part = _text("") if kind == "message" else {"type": "reasoning_text", "text": ""}
            place = {"item_id": item.id, "output_index": at, "content_index": 0}
            events.append(self._event("response.content_part.added", place | {"part": part}))
        return item, events

    def _end_items(self, kinds: tuple[str, ...] | None = None) -> list[bytes]:
        events: list[bytes] = []
        for kind in [one for one in self._open if kinds is None or one in kinds]:
            item = self._open.pop(kind)
            told = self._done[item.at] = self._told(item, done=True)
            place: Json = {"item_id": item.id, "output_index": item.at}
            if item.call is not None:
                done = place | {"name": told["name"], "arguments": item.text}
                events.append(self._event("response.function_call_arguments.done", done))
            else:
                place["content_index"] = 0
                text: dict[str, Any] = {"text": item.text}
                if kind == "message":
                    events.append(self._event("response.output_text.done", place | text | {"logprobs": []}))
                else:
                    events.append(self._event("response.reasoning_text.done", place | text))
                events.append(self._event("response.content_part.done", place | {"part": told["content"][0]}))
            events.append(self._event("response.output_item.done", {"output_index": item.at, "item": told}))
        return events

    def _told(self, item: _Item, *, done: bool) -> Json:
        status = "completed" if done else "in_progress"
        if item.call is not None:
            return _called(item.call, item.id, status) | {"arguments": item.text}
        if item.kind == "reasoning":
            return _thought(item.id, item.text)
        return _message(item.id, status, [_text(item.text)] if done else [])

    def _event(self, kind: str, data: Json) -> bytes:
        number, self._number = self._number, self._number + 1
        return event(kind, {"type": kind, "sequence_number": number, **data})
