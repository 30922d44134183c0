"""OpenAI's API as its servers speak it. Written apart from the gateway's dialects, so that it can contradict them."""

import hashlib
from typing import Any, cast

from hanbok.testing.wire.script import Asked, Captured, Said, Script, counts, pieces, plain, sse

_CREATED = 1_760_000_000
_DIMENSIONS = 8


def asked(captured: Captured) -> Asked:
    """Read a chat or embeddings request."""
    body = captured.json
    users = [one for one in body.get("messages", []) if one.get("role") == "user"]
    content = users[-1]["content"] if users else body.get("input", "")
    return Asked(
        captured=captured,
        model=str(body.get("model", "")),
        text=plain(content),
        stream=bool(body.get("stream")),
        tools=tuple(tool["function"]["name"] for tool in body.get("tools", []) if "function" in tool),
    )


def chat(ask: Asked, said: Said) -> dict[str, Any]:
    """Spell a whole answer."""
    wants = ask.captured.json
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None}
    if said.reasoning:
        message["reasoning_content"] = said.reasoning
    if said.tool_calls:
        message["tool_calls"] = _tool_calls(said)
    logprobs = (
        {"content": [_logprob(one) for one in said.text], "refusal": None} if wants.get("logprobs") else None
    )
    choices = [
        {"index": index, "message": message, "logprobs": logprobs, "finish_reason": _finish(said)}
        for index in range(wants.get("n") or 1)
    ]
    return _envelope(ask, "chat.completion") | {"choices": choices, "usage": _usage(ask, said)}


def stream(ask: Asked, said: Said, script: Script) -> list[bytes]:
    """Spell a streamed answer, one event a piece."""
    wants = ask.captured.json
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": piece} for piece in pieces(said.reasoning, script.chunk)]
    deltas += [{"content": piece} for piece in pieces(said.text, script.chunk)]
    for index, call in enumerate(_tool_calls(said)):
        arguments = call["function"].pop("arguments")
        call["function"]["arguments"] = ""
        deltas.append({"tool_calls": [{"index": index, **call}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in pieces(arguments, script.chunk)
        ]
    events = [
        _chunk(ask, index, delta, None, logprobs=bool(wants.get("logprobs")))
        for delta in deltas
        for index in range(wants.get("n") or 1)
    ]
    events += [_chunk(ask, index, {}, _finish(said)) for index in range(wants.get("n") or 1)]
    if _options(wants).get("include_usage"):
        usage: dict[str, Any] = _envelope(ask, "chat.completion.chunk") | {
            "choices": [],
            "usage": _usage(ask, said),
        }
        events.append(sse(usage))
    return [*events, sse("[DONE]")] if script.done else events


def embeddings(ask: Asked) -> dict[str, Any]:
    """Spell embeddings: unit-free numbers that depend on the text alone."""
    given: object = ask.captured.json.get("input", "")
    inputs = cast("list[object]", given) if isinstance(given, list) else [given]
    rows = [
        {"object": "embedding", "index": at, "embedding": vector(str(one))} for at, one in enumerate(inputs)
    ]
    tokens = sum(len(str(one)) for one in inputs)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": rows, "model": ask.model, "usage": usage}


def vector(text: str) -> list[float]:
    """Return numbers in [0, 1) from the digest of a text."""
    return [byte / 256 for byte in hashlib.sha256(text.encode()).digest()[:_DIMENSIONS]]


def models(names: tuple[str, ...]) -> dict[str, Any]:
    """Spell the list of models."""
    rows = [{"id": name, "object": "model", "created": _CREATED, "owned_by": "scripted"} for name in names]
    return {"object": "list", "data": rows}


def error(status: int) -> dict[str, Any]:
    """Spell an error."""
    kind = "rate_limit_exceeded" if status == 429 else "server_error" if status >= 500 else "invalid_request"  # noqa: PLR2004 - statuses
    return {"error": {"message": "scripted", "type": kind, "param": None, "code": kind}}


def error_event() -> bytes:
    """Spell an error inside a stream."""
    return sse(error(500))


def _chunk(
    ask: Asked, index: int, delta: dict[str, Any], finish: str | None, *, logprobs: bool = False
) -> bytes:
    choice: dict[str, Any] = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
    if logprobs and delta.get("content"):
        choice["logprobs"] = {"content": [_logprob(one) for one in delta["content"]], "refusal": None}
    return sse(_envelope(ask, "chat.completion.chunk") | {"choices": [choice]})


def _options(wants: dict[str, Any]) -> dict[str, Any]:
    return wants.get("stream_options") or {}


def _envelope(ask: Asked, kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-scripted", "object": kind, "created": _CREATED, "model": ask.model}


def _usage(ask: Asked, said: Said) -> dict[str, Any]:
    prompt, completion = counts(ask, said)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": said.cached},
        "completion_tokens_details": {"reasoning_tokens": len(said.reasoning)},
    }


def _tool_calls(said: Said) -> list[dict[str, Any]]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in said.tool_calls
    ]


def _finish(said: Said) -> str:
    return said.finish or ("tool_calls" if said.tool_calls else "stop")


def _logprob(token: str) -> dict[str, Any]:
    return {"token": token, "logprob": -0.5, "bytes": list(token.encode()), "top_logprobs": []}
