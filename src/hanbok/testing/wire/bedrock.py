"""Amazon Bedrock's Converse API as its servers speak it. Written apart from the gateway's dialects."""

import json
import struct
from typing import Any
from urllib.parse import unquote
from zlib import crc32

from hanbok.testing.wire.script import Asked, Captured, Said, Script, counts, pieces, plain

MEDIA = "application/vnd.amazon.eventstream"
_STRING = 7
_FINISHES = {"length": "max_tokens", "content_filter": "content_filtered", "tool_calls": "tool_use"}


def verb(captured: Captured) -> str:
    """Return `converse` or `converse-stream`; nothing for another API's path."""
    parts = captured.target.partition("?")[0].split("/")
    return parts[-1] if parts[-1] in {"converse", "converse-stream"} and "model" in parts else ""


def asked(captured: Captured) -> Asked:
    """Read a request."""
    body = captured.json
    users = [one for one in body["messages"] if one["role"] == "user"]
    specs = [one["toolSpec"] for one in body.get("toolConfig", {}).get("tools", []) if "toolSpec" in one]
    return Asked(
        captured=captured,
        model=unquote(captured.target.split("/")[-2]),
        text=plain([one for one in users[-1]["content"] if "text" in one]),
        stream=verb(captured) == "converse-stream",
        tools=tuple(spec["name"] for spec in specs),
    )


def answer(ask: Asked, said: Said) -> dict[str, Any]:
    """Spell a whole answer."""
    content: list[dict[str, Any]] = []
    if said.reasoning:
        content.append({"reasoningContent": {"reasoningText": {"text": said.reasoning, "signature": "s"}}})
    if said.text:
        content.append({"text": said.text})
    content += [
        {"toolUse": {"toolUseId": call.id, "name": call.name, "input": json.loads(call.arguments)}}
        for call in said.tool_calls
    ]
    message = {"role": "assistant", "content": content}
    return {
        "output": {"message": message},
        "stopReason": _finish(said),
        "usage": _usage(ask, said),
        "metrics": {"latencyMs": 1},
    }


def stream(ask: Asked, said: Said, script: Script) -> list[bytes]:
    """Spell a streamed answer, one frame a piece."""
    frames = [_event("messageStart", {"role": "assistant"})]
    deltas: list[list[dict[str, Any]]] = [
        [{"reasoningContent": {"text": piece}} for piece in pieces(said.reasoning, script.chunk)],
        [{"text": piece} for piece in pieces(said.text, script.chunk)],
    ]
    if said.reasoning:
        deltas[0].append({"reasoningContent": {"signature": "s"}})
    starts: list[dict[str, Any] | None] = [None, None]
    for call in said.tool_calls:
        starts.append({"toolUse": {"toolUseId": call.id, "name": call.name}})
        deltas.append([{"toolUse": {"input": piece}} for piece in pieces(call.arguments, script.chunk)])
    for index, (start, block) in enumerate(zip(starts, deltas, strict=True)):
        at = {"contentBlockIndex": index}
        if start:
            frames.append(_event("contentBlockStart", at | {"start": start}))
        frames += [_event("contentBlockDelta", at | {"delta": delta}) for delta in block]
        if start or block:
            frames.append(_event("contentBlockStop", at))
    if not script.done:
        return frames
    frames.append(_event("messageStop", {"stopReason": _finish(said)}))
    told = {"usage": _usage(ask, said), "metrics": {"latencyMs": 1}}
    return [*frames, _event("metadata", told)]


def error(status: int) -> dict[str, Any]:
    """Spell an error."""
    return {"message": f"scripted {status}"}


def error_event() -> bytes:
    """Spell an error inside a stream."""
    kinds = {":message-type": "exception", ":exception-type": "throttlingException"}
    return frame(kinds, b'{"message":"scripted"}')


def frame(headers: dict[str, str], payload: bytes) -> bytes:
    """Write one message of the event stream encoding: lengths, their checksum, headers, payload, checksum."""
    head = b"".join(
        struct.pack("!B", len(name))
        + name.encode()
        + struct.pack("!BH", _STRING, len(value))
        + value.encode()
        for name, value in headers.items()
    )
    lengths = struct.pack("!II", 16 + len(head) + len(payload), len(head))
    message = lengths + struct.pack("!I", crc32(lengths)) + head + payload
    return message + struct.pack("!I", crc32(message))


def _event(name: str, data: dict[str, Any]) -> bytes:
    headers = {":message-type": "event", ":event-type": name, ":content-type": "application/json"}
    return frame(headers, json.dumps(data | {"p": "abcd"}, ensure_ascii=False).encode())


def _finish(said: Said) -> str:
    finish = said.finish or ("tool_calls" if said.tool_calls else "stop")
    return _FINISHES.get(finish, "end_turn")


def _usage(ask: Asked, said: Said) -> dict[str, Any]:
    prompt, completion = counts(ask, said)
    usage = {
        "inputTokens": prompt - said.cached,
        "outputTokens": completion,
        "totalTokens": prompt + completion,
    }
    return usage | ({"cacheReadInputTokens": said.cached} if said.cached else {})
