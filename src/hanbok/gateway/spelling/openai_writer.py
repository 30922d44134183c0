"""Writes answers of OpenAI's shape for dialects whose own is another."""

from collections.abc import Mapping

from hanbok.core.values import Part, Usage
from hanbok.gateway.spelling.json_text import Json, encode

_ASKED = {
    Part.CACHE_WRITE: "cache_write_tokens",
    Part.CACHE_WRITE_HOUR: "cache_write_hour_tokens",
    Part.AUDIO_INPUT: "audio_tokens",
    Part.IMAGE_INPUT: "image_tokens",
}
_ANSWERED = {Part.AUDIO_OUTPUT: "audio_tokens", Part.IMAGE_OUTPUT: "image_tokens"}


class Writer:
    """Writes one answer, whole or in chunks."""

    __slots__ = ("created", "id", "model")

    def __init__(self, *, answer_id: str, model: str, created: int) -> None:
        """Take what all chunks of an answer share."""
        self.id = answer_id
        self.model = model
        self.created = created

    def _envelope(self, kind: str, choices: list[Json]) -> Json:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": choices,
        }

    def delta(
        self, delta: Json, *, index: int = 0, finish: str | None = None, logprobs: Json | None = None
    ) -> bytes:
        """Write a chunk of one choice."""
        choice: Json = {"index": index, "delta": delta, "finish_reason": finish}
        if logprobs is not None:
            choice["logprobs"] = logprobs
        return encode(self._envelope("chat.completion.chunk", [choice]))

    def usage(self, usage: Usage) -> bytes:
        """Write the chunk that tells the usage, the last of a stream."""
        return encode(self._envelope("chat.completion.chunk", []) | {"usage": usage_text(usage)})

    def whole(self, choices: list[Json], usage: Usage | None) -> bytes:
        """Write a whole answer."""
        answer = self._envelope("chat.completion", choices)
        if usage is not None:
            answer["usage"] = usage_text(usage)
        return encode(answer)


def choice(
    index: int,
    *,
    content: str,
    finish: str,
    reasoning: str = "",
    tool_calls: list[Json] | None = None,
    logprobs: Json | None = None,
) -> Json:
    """Return one choice of a whole answer."""
    message: Json = {"role": "assistant", "content": content or None, "refusal": None}
    if reasoning:
        message["reasoning_content"] = reasoning
    if tool_calls:
        message["tool_calls"] = tool_calls
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": finish}


def tool_call(call_id: str, name: str, arguments: str) -> Json:
    """Return a tool call, or the opening of one in a stream."""
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def usage_text(usage: Usage) -> Json:
    """Spell usage as OpenAI does."""
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, **_told(usage, _ASKED)},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, **_told(usage, _ANSWERED)},
    }


def _told(usage: Usage, names: Mapping[Part, str]) -> Json:
    return {name: usage.parts[part] for part, name in names.items() if part in usage.parts}
