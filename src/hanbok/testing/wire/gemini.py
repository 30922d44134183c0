"""Gemini's native API as its servers speak it. Written apart from the gateway's dialects."""

import json
from typing import Any

from hanbok.testing.wire.openai import vector
from hanbok.testing.wire.script import Asked, Captured, Said, Script, counts, pieces, plain, sse

_FINISHES = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS", "content_filter": "SAFETY"}


def verb(captured: Captured) -> str:
    """Return what the path asks for, such as `generateContent`; nothing for another API's path."""
    path = captured.target.partition("?")[0]
    return path.rpartition(":")[2] if ":" in path else ""


def asked(captured: Captured) -> Asked:
    """Read a request."""
    body = captured.json
    users = [one for one in body.get("contents", []) if one.get("role", "user") == "user"]
    tools = [one for tool in body.get("tools", []) for one in tool.get("functionDeclarations", [])]
    path = captured.target.partition("?")[0]
    return Asked(
        captured=captured,
        model=path.rpartition(":")[0].rpartition("/")[2],
        text=plain(users[-1]["parts"]) if users else "",
        stream=verb(captured) == "streamGenerateContent",
        tools=tuple(tool["name"] for tool in tools),
    )


def answer(ask: Asked, said: Said) -> dict[str, Any]:
    """Spell a whole answer."""
    parts = [part for part, _ in _parts(said, 1 << 30)]
    return _answer(ask, parts, _finish(said), _usage(ask, said), logprobs=_logprobs(ask, said.text))


def stream(ask: Asked, said: Said, script: Script) -> list[bytes]:
    """Spell a streamed answer, one event a piece."""
    usage = _usage(ask, said)
    early = {"promptTokenCount": usage["promptTokenCount"]}
    events = [
        sse(_answer(ask, [part], None, early, logprobs=_logprobs(ask, text)))
        for part, text in _parts(said, script.chunk)
    ]
    return [*events, sse(_answer(ask, [{"text": ""}], _finish(said), usage))] if script.done else events


def embeddings(captured: Captured) -> dict[str, Any]:
    """Spell a batch of embeddings, the same numbers as the OpenAI form gives."""
    texts = [plain(one["content"]["parts"]) for one in captured.json.get("requests", [])]
    return {"embeddings": [{"values": vector(text)} for text in texts]}


def predictions(captured: Captured) -> dict[str, Any]:
    """Spell embeddings as Vertex AI does, the same numbers as the OpenAI form gives."""
    texts = [one["content"] for one in captured.json["instances"]]
    rows = [
        {"values": vector(text), "statistics": {"truncated": False, "token_count": len(text)}}
        for text in texts
    ]
    return {"predictions": [{"embeddings": row} for row in rows]}


def error(status: int) -> dict[str, Any]:
    """Spell an error."""
    names = {401: "UNAUTHENTICATED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 503: "UNAVAILABLE"}
    name = names.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")  # noqa: PLR2004 - statuses
    return {"error": {"code": status, "message": "scripted", "status": name}}


def error_event() -> bytes:
    """Spell an error inside a stream."""
    return sse(error(503))


def _parts(said: Said, size: int) -> list[tuple[dict[str, Any], str]]:
    """Return the parts, each with the visible text in it."""
    parts: list[tuple[dict[str, Any], str]] = [
        ({"text": piece, "thought": True}, "") for piece in pieces(said.reasoning, size)
    ]
    parts += [({"text": piece}, piece) for piece in pieces(said.text, size)]
    for call in said.tool_calls:
        function = {"name": call.name, "args": json.loads(call.arguments), "id": call.id}
        parts.append(({"functionCall": function, "thoughtSignature": "c2NyaXB0ZWQ="}, ""))
    return parts


def _answer(
    ask: Asked,
    parts: list[dict[str, Any]],
    finish: str | None,
    usage: dict[str, int],
    *,
    logprobs: dict[str, Any] | None = None,
) -> dict[str, Any]:
    count = ask.captured.json.get("generationConfig", {}).get("candidateCount") or 1
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}}
    if finish:
        candidate["finishReason"] = finish
    if logprobs:
        candidate["logprobsResult"] = logprobs
    return {
        "candidates": [candidate | {"index": index} for index in range(count)],
        "usageMetadata": usage,
        "modelVersion": ask.model,
        "responseId": "scripted",
    }


def _usage(ask: Asked, said: Said) -> dict[str, int]:
    prompt, completion = counts(ask, said)
    thoughts = len(said.reasoning)
    return {
        "promptTokenCount": prompt,
        "candidatesTokenCount": completion - thoughts,
        "thoughtsTokenCount": thoughts,
        "cachedContentTokenCount": said.cached,
        "totalTokenCount": prompt + completion,
    }


def _finish(said: Said) -> str:
    return _FINISHES[said.finish or ("tool_calls" if said.tool_calls else "stop")]


def _logprobs(ask: Asked, text: str) -> dict[str, Any] | None:
    if not text or not ask.captured.json.get("generationConfig", {}).get("responseLogprobs"):
        return None
    return {"chosenCandidates": [{"token": one, "tokenId": ord(one), "logProbability": -0.5} for one in text]}
