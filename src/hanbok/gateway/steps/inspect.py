"""What the request holds: the guard reads every text that would leave."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.guarding import CRASHES, LONG, guard_failed
from hanbok.gateway.step import Next
from hanbok.gateway.texts import Texts
from hanbok.guard.grade import grade
from hanbok.guard.kinds import Kind, kinds
from hanbok.guard.recogniser import Finding

_TOKEN_IDS = re.compile(rb"\[[\s\[]*[0-9]")


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
        call.ending.steps["inspect"] = _did(call, texts.unread)
        return await call_next(call)

    def _look(self, body: bytes) -> tuple[Texts, Sequence[Finding]]:
        texts = Texts(body)
        try:
            return texts, self.guard.find(texts.text)
        except CRASHES as crash:
            raise guard_failed(crash) from None


class _Embedded(msgspec.Struct):
    input: msgspec.Raw = msgspec.Raw(b"null")


def _did(call: Call, unread: tuple[str, ...]) -> str:
    """Say what was done; what was not read (files that are not text, token ids) is named in the record."""
    if call.operation is Operation.EMBEDDINGS and _TOKEN_IDS.match(_input_of(call.body)):
        unread = (*unread, "token ids")
    if not unread:
        return "ran"
    return f"ran; {len(unread)} not read: {', '.join(sorted(set(unread)))[:200]}"


def _input_of(body: bytes) -> bytes:
    return bytes(msgspec.json.decode(body, type=_Embedded).input)
