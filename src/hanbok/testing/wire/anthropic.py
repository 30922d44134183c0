"""Anthropic's Messages API as its servers speak it. Written apart from the gateway's dialects."""

import json
from typing import Any

from hanbok.testing.wire.script import Asked, Captured, Said, Script, counts, pieces, plain, sse

_STOPS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def asked(captured: Captured) -> Asked:
    """Read a messages request."""
    body = captured.json
    users = [one for one in body.get("messages", []) if one.get("role") == "user"]
    return Asked(
        captured=captured,
        model=str(body.get("model", "")),
        text=plain(users[-1]["content"]) if users else "",
        stream=bool(body.get("stream")),
        tools=tuple(tool["name"] for tool in body.get("tools", [])),
    )


def message(ask: Asked, said: Said) -> dict[str, Any]:
    """Spell a whole answer."""
    content = [block | rest for block, rest, _ in _blocks(said, 1 << 30)]
    return _message(ask, content, _stop(said), _usage(ask, said))


def stream(ask: Asked, said: Said, script: Script) -> list[bytes]:
    """Spell a streamed answer, one event a piece."""
    usage = _usage(ask, said)
    events = [
        _event("message_start", message=_message(ask, [], None, usage | {"output_tokens": 1})),
        _event("ping"),
    ]
    for index, (block, _, deltas) in enumerate(_blocks(said, script.chunk)):
        events.append(_event("content_block_start", index=index, content_block=block))
        events += [_event("content_block_delta", index=index, delta=delta) for delta in deltas]
        events.append(_event("content_block_stop", index=index))
    delta = {"stop_reason": _stop(said), "stop_sequence": None}
    events.append(_event("message_delta", delta=delta, usage={"output_tokens": usage["output_tokens"]}))
    return [*events, _event("message_stop")] if script.done else events


def error(status: int) -> dict[str, Any]:
    """Spell an error."""
    kinds = {
        401: "authentication_error",
        404: "not_found_error",
        429: "rate_limit_error",
        529: "overloaded_error",
    }
    kind = kinds.get(status, "api_error" if status >= 500 else "invalid_request_error")  # noqa: PLR2004 - statuses
    return {"type": "error", "error": {"type": kind, "message": "scripted"}}


def error_event() -> bytes:
    """Spell an error inside a stream."""
    return sse(error(529), "error")


def _blocks(said: Said, size: int) -> list[tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]]:
    """Return of each block how it begins, what it is when whole, and the deltas between."""
    blocks: list[tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]] = []
    if said.reasoning:
        deltas: list[dict[str, Any]] = [
            {"type": "thinking_delta", "thinking": piece} for piece in pieces(said.reasoning, size)
        ]
        deltas.append({"type": "signature_delta", "signature": "c2NyaXB0ZWQ="})
        whole = {"thinking": said.reasoning, "signature": "c2NyaXB0ZWQ="}
        blocks.append(({"type": "thinking", "thinking": "", "signature": ""}, whole, deltas))
    if said.text:
        deltas = [{"type": "text_delta", "text": piece} for piece in pieces(said.text, size)]
        blocks.append(({"type": "text", "text": ""}, {"text": said.text}, deltas))
    for call in said.tool_calls:
        deltas = [{"type": "input_json_delta", "partial_json": one} for one in pieces(call.arguments, size)]
        begin: dict[str, Any] = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        blocks.append((begin, {"input": json.loads(call.arguments)}, deltas))
    return blocks


def _event(name: str, **members: object) -> bytes:
    return sse({"type": name, **members}, name)


def _message(
    ask: Asked, content: list[dict[str, Any]], stop: str | None, usage: dict[str, int]
) -> dict[str, Any]:
    return {
        "id": "msg_scripted",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": usage,
    }


def _usage(ask: Asked, said: Said) -> dict[str, int]:
    prompt, completion = counts(ask, said)
    return {
        "input_tokens": prompt - said.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": said.cached,
        "output_tokens": completion,
    }


def _stop(said: Said) -> str:
    return _STOPS[said.finish or ("tool_calls" if said.tool_calls else "stop")]
