"""What the request holds: the guard reads every text that would leave."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from hanbok.gateway.call import Call, Reply
from hanbok.gateway.guarding import CRASHES, LONG, guard_failed
from hanbok.gateway.step import Next
from hanbok.gateway.texts import Texts
from hanbok.guard.grade import grade
from hanbok.guard.kinds import Kind, kinds
from hanbok.guard.recogniser import Finding


class Finder(Protocol):
    """The guard, as this step needs it."""

    def find(self, text: str) -> Sequence[Finding]: ...


@dataclass(frozen=True, slots=True)
class Inspect:
    """Raises GuardFailed when the guard breaks, InvalidJson for texts that are not Unicode."""

    guard: Finder
    kinds: Mapping[str, Kind] = field(default_factory=kinds)

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if len(call.body) < LONG:
            texts, found = self._look(call.body)
        else:
            texts, found = await asyncio.to_thread(self._look, call.body)
        call.texts, call.findings = texts, tuple(found)
        call.grade = grade(found, self.kinds)
        call.ending.steps["inspect"] = _did(texts)
        return await call_next(call)

    def _look(self, body: bytes) -> tuple[Texts, Sequence[Finding]]:
        texts = Texts(body)
        try:
            return texts, self.guard.find(texts.text)
        except CRASHES as crash:
            raise guard_failed(crash) from None


def _did(texts: Texts) -> str:
    """Say what was done; files that are not text were not read, and the record says so."""
    if not texts.unread:
        return "ran"
    return f"ran; {len(texts.unread)} not read: {', '.join(sorted(set(texts.unread)))[:200]}"
