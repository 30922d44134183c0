"""Gemini's stream, each event a piece of every candidate, as chunks of OpenAI's shape."""

from hanbok.core.values import Usage
from hanbok.gateway.errors import UpstreamFailed
from hanbok.gateway.spelling.failure import failure_code
from hanbok.gateway.spelling.gemini_answer import (
    Candidate,
    blocked,
    calls,
    finish_reason,
    logprobs,
    read,
    read_usage,
    spoken,
)
from hanbok.gateway.spelling.json_text import Json, given
from hanbok.gateway.spelling.openai_writer import Writer


class GeminiReader:
    """Reads one stream. Gemini marks no end: the answer is whole when each candidate told why it ended."""

    __slots__ = ("_calls", "_open", "_origin", "_told", "_writer", "done", "usage")

    def __init__(self, origin: str, created: int) -> None:
        """`origin` names the provider in errors, `created` is the time that every chunk bears."""
        self._origin = origin
        self._writer = Writer(answer_id="", model="", created=created)
        self._open: dict[int, bool] = {}
        self._calls: dict[int, int] = {}
        self._told = False
        self.usage: Usage | None = None
        self.done = False

    def feed(self, event: str, data: bytes) -> list[bytes]:  # noqa: ARG002 - its events have no names
        """Turn one event into chunks."""
        answer = read(data, self._origin)
        if given(answer.error):
            reason = failure_code(data) or "no reason given"
            raise UpstreamFailed(origin=self._origin, status=500, reason=reason)
        self._writer.id = self._writer.id or answer.response_id
        self._writer.model = self._writer.model or answer.model_version
        self.usage = read_usage(answer.usage_metadata) or self.usage
        chunks = [chunk for candidate in answer.candidates or () for chunk in self._speak(candidate)]
        if blocked(answer):
            chunks += [self._begin(0), self._writer.delta({}, finish="content_filter")]
            self._open[0] = False
        self.done = bool(self._open) and not any(self._open.values())
        if self.done and self.usage is not None and not self._told:
            self._told = True
            chunks.append(self._writer.usage(self.usage))
        return chunks

    def _begin(self, index: int) -> bytes:
        self._open[index] = True
        self._calls[index] = 0
        return self._writer.delta({"role": "assistant", "content": ""}, index=index)

    def _speak(self, candidate: Candidate) -> list[bytes]:
        index = candidate.index
        chunks = [] if index in self._open else [self._begin(index)]
        content, reasoning = spoken(candidate)
        deltas: list[Json] = []
        if reasoning:
            deltas.append({"reasoning_content": reasoning})
        if content:
            deltas.append({"content": content})
        made = calls(candidate, self._calls[index])
        for at, call in enumerate(made, self._calls[index]):
            deltas.append({"tool_calls": [{"index": at, **call}]})
        self._calls[index] += len(made)
        probabilities = logprobs(candidate)
        for delta in deltas:
            told = probabilities if "content" in delta else None
            chunks.append(self._writer.delta(delta, index=index, logprobs=told))
        if candidate.finish_reason is not None and self._open[index]:
            finish = finish_reason(candidate.finish_reason, calls=self._calls[index] > 0)
            chunks.append(self._writer.delta({}, index=index, finish=finish))
            self._open[index] = False
        return chunks
