"""What the request holds: the guard reads every text that would leave."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.guarding import CRASHES, LONG, guard_failed
from hanbok.gateway.provider_tools import provider_tools
from hanbok.gateway.step import Next
from hanbok.gateway.texts import LINKED, Texts
from hanbok.guard.grade import grade
from hanbok.guard.injection import screen
from hanbok.guard.kinds import Kind, kinds
from hanbok.guard.law import classify
from hanbok.guard.recogniser import Finding

_FROM_OUTSIDE = (b'"tool"', b'"function"')
"""Roles of messages that bring what others wrote: there, instructions may be hidden."""
_TOKEN_IDS = re.compile(rb"[\[,]\s*+-?[0-9]")
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_HEARD = frozenset({Operation.TRANSCRIPTION, Operation.TRANSLATION})
_MAY_HAVE_IDS = frozenset({Operation.EMBEDDINGS, Operation.PASSAGE})
_MAY_OFFER_TOOLS = frozenset({Operation.CHAT, Operation.PASSAGE})
_NAMED = 16
"""Types of what was not read that are told at most."""


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
            seen = self._look(call)
        else:
            seen = await asyncio.to_thread(self._look, call)
        call.texts, call.findings, call.topics, beside = seen
        call.grade = grade(call.found, self.kinds)
        unread = call.unread + call.texts.unread + beside
        call.ending.steps["inspect"] = was_read(unread + call.texts.sealed)
        if unread:
            call.unread = tuple(sorted(set(unread)))[:_NAMED]
        return await call_next(call)

    def _look(self, call: Call) -> tuple[Texts, tuple[Finding, ...], tuple[Finding, ...], tuple[str, ...]]:
        texts = Texts(call.body)
        try:
            found = self.guard.find(texts.text)
            topics = classify(texts.text, found)
            if any(mark in call.body for mark in _outside(call)):
                topics += screen(texts.text)
        except CRASHES as crash:
            raise guard_failed(crash) from None
        alone = tuple(one for one in topics if not _overlaps(one, found))
        return texts, tuple(found), alone, _beside(call, texts)


def _outside(call: Call) -> tuple[bytes, ...]:
    return _FROM_OUTSIDE if call.front is None else call.front.marks


def _overlaps(topic: Finding, found: Sequence[Finding]) -> bool:
    return any(one.start < topic.end and topic.start < one.end for one in found)


class _Asked(msgspec.Struct):
    input: msgspec.Raw = msgspec.Raw(b"null")
    prompt: msgspec.Raw = msgspec.Raw(b"null")


class _Enclosed(msgspec.Struct):
    body: _Asked


def _beside(call: Call, texts: Texts) -> tuple[str, ...]:
    """Return what nobody can read though it is written as texts or numbers."""
    if call.operation in _MAY_OFFER_TOOLS and (
        tools := provider_tools(call.body, enclosed=call.operation is Operation.PASSAGE)
    ):
        return (*tools, *texts.files)
    if call.operation in _MAY_HAVE_IDS and _has_token_ids(call):
        return ("token ids", *texts.files)
    if call.operation in _HEARD:
        return () if texts.unread else ("audio",)
    if call.operation is Operation.TOOL:  # its arguments may name a type where there is no file
        return tuple(one for one in texts.files if one == LINKED)
    return texts.files


def was_read(unread: tuple[str, ...]) -> str:
    """Say that the texts were read, and what was not: it is named in the record."""
    if not unread:
        return "ran"
    return f"ran; {len(unread)} not read: {', '.join(sorted(set(unread)))[:200]}"


def _has_token_ids(call: Call) -> bool:
    """Whether numbers stand for the words that are asked about."""
    try:
        if call.operation is Operation.PASSAGE:
            asked = msgspec.json.decode(call.body, type=_Enclosed).body
        else:
            asked = msgspec.json.decode(call.body, type=_Asked)
    except msgspec.ValidationError:  # a body that is no object
        return False
    return any(
        one.startswith(b"[") and _TOKEN_IDS.search(_STRING.sub(b"", one)) is not None
        for one in (bytes(asked.input), bytes(asked.prompt))
    )
