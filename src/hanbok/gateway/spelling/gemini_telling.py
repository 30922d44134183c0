"""Answers of OpenAI's shape in the words of Gemini's native API."""

from typing import Final

import msgspec

from hanbok.core.values import Part, Usage
from hanbok.gateway.front import Failure
from hanbok.gateway.spelling.gemini_hearing import result_of
from hanbok.gateway.spelling.json_text import Json
from hanbok.gateway.spelling.openai_reading import AnswerText, CallText, Said, read_answer
from hanbok.gateway.spelling.sse_text import plain

_FINISH = {"length": "MAX_TOKENS", "content_filter": "SAFETY"}
_MODALITIES: Final = {
    "promptTokensDetails": {Part.AUDIO_INPUT: "AUDIO", Part.IMAGE_INPUT: "IMAGE"},
    "candidatesTokensDetails": {Part.AUDIO_OUTPUT: "AUDIO", Part.IMAGE_OUTPUT: "IMAGE"},
}
_STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def failure(told: Failure) -> Json:
    """Return an error. `hint` and `reason` are hanbok's own members."""
    error = {
        "code": told.status,
        "message": told.message,
        "status": _STATUSES.get(told.status, "INTERNAL"),
        "reason": told.code,
        "hint": told.hint,
    }
    return {"error": error}


def whole(answer: AnswerText) -> Json:
    """Return a whole answer."""
    candidates = [
        _candidate(choice.index, _parts(choice.message or Said()), choice.finish_reason or "stop")
        for choice in answer.choices
    ]
    return _envelope(answer, candidates, answer.used or Usage())


def _envelope(answer: AnswerText, candidates: list[Json], usage: Usage | None) -> Json:
    told: Json = {"candidates": candidates}
    if usage is not None:
        told["usageMetadata"] = {
            "promptTokenCount": usage.input,
            "candidatesTokenCount": usage.output - usage.reasoning,
            "totalTokenCount": usage.input + usage.output,
            "thoughtsTokenCount": usage.reasoning,
            "cachedContentTokenCount": usage.cached,
        } | _details(usage)
    return told | {"modelVersion": answer.model, "responseId": answer.id}


def _details(usage: Usage) -> Json:
    told = {
        side: [
            {"modality": word, "tokenCount": usage.parts[part]}
            for part, word in words.items()
            if part in usage.parts
        ]
        for side, words in _MODALITIES.items()
    }
    return {side: counts for side, counts in told.items() if counts}


def _candidate(index: int, parts: list[Json], finish: str | None) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": parts}, "index": index}
    return candidate | ({"finishReason": _FINISH.get(finish, "STOP")} if finish else {})


def _parts(said: Said) -> list[Json]:
    parts: list[Json] = []
    if said.thought:
        parts.append({"text": said.thought, "thought": True})
    if said.text:
        parts.append({"text": said.text})
    return parts + [_call(one) for one in said.tool_calls or []]


def _call(call: CallText) -> Json:
    called: Json = {"name": call.function.name or "", "args": result_of(call.function.arguments or "")}
    if call.id:
        called["id"] = call.id
    part: Json = {"functionCall": called}
    return part | {"thoughtSignature": call.signature} if call.signature else part


class GeminiTeller:
    """Tells one stream. A tool's call is told whole: Gemini's form has no pieces of one."""

    __slots__ = ("_calls", "_last", "_usage")

    def __init__(self) -> None:
        self._calls: dict[int, dict[int, CallText]] = {}
        self._last = AnswerText()
        self._usage: Usage | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """Turn one chunk into events. Raises UpstreamGarbled."""
        answer = self._last = read_answer(chunk)
        self._usage = answer.used or self._usage
        candidates: list[Json] = []
        for choice in answer.choices:
            said = choice.delta or Said()
            for call in said.tool_calls or []:
                self._gather(choice.index, call)
            said.tool_calls = None
            parts = _parts(said)
            if choice.finish_reason:
                parts += [_call(one) for one in self._calls.pop(choice.index, {}).values()]
            if parts or choice.finish_reason:
                candidates.append(_candidate(choice.index, parts, choice.finish_reason))
        return [plain(_envelope(answer, candidates, None))] if candidates else []

    def close(self) -> list[bytes]:
        """Return what is left: the usage, and calls of a choice that gave no reason to end."""
        left = [
            _candidate(index, [_call(one) for one in calls.values()], "stop")
            for index, calls in self._calls.items()
        ]
        return [plain(_envelope(self._last, left, self._usage or Usage()))]

    def broken(self, told: Failure) -> bytes:
        """Return the event of an error."""
        return plain(failure(told))

    def _gather(self, choice: int, piece: CallText) -> None:
        calls = self._calls.setdefault(choice, {})
        known = calls.get(piece.index)
        if known is None:
            calls[piece.index] = msgspec.structs.replace(piece)
            return
        known.function.name = known.function.name or piece.function.name
        known.function.arguments = (known.function.arguments or "") + (piece.function.arguments or "")
