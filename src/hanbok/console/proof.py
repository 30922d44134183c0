"""The log's entries of one call, each with what proves it."""

import re
from typing import Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.chain import GENESIS, Line, check
from hanbok.evidence.entry import Act
from hanbok.evidence.journal import Journal
from hanbok.evidence.segments import lines, open_record

_CALL: Final = re.compile(r"call-[0-9a-f]{24}")


class CallUnknown(HanbokError):
    """There is none, or it is another organisation's: an answer must not tell which."""

    code = "call_unknown"
    message = Text(ko="이 조직의 기록에 그런 호출이 없습니다", en="the organisation's log has no such call")
    hint = Text(
        ko="응답의 x-hanbok-call 헤더에 있는 번호를 그대로 쓰십시오.",
        en="Use the number from the answer's x-hanbok-call header as it is.",
    )


class ProvenLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log. `raw` is all of it: SHA-256 of what stands before `,"digest":` must be `digest`."""

    index: int
    previous: str
    digest: str
    entry: msgspec.Raw
    raw: str
    verified: bool
    """Whether its digest fits its bytes, and `previous` is the digest that the line before it really has."""


class CallProof(msgspec.Struct, frozen=True, kw_only=True):
    call: str
    verified: bool
    lines: tuple[ProvenLine, ...]


def prove(log: Journal, call: str, organisation: str) -> CallProof:
    """Return the proof of a call of this organisation, or raise CallUnknown. Reads files: call it in a thread."""
    found = log.find(call) if _CALL.fullmatch(call) else []
    own = [line for line in found if _owner(line) == organisation]
    if not own:
        raise CallUnknown
    proven = tuple(
        ProvenLine(
            index=line.index,
            previous=line.previous,
            digest=line.digest,
            entry=msgspec.Raw(line.entry),
            raw=line.raw.decode().removesuffix("\n"),
            verified=isinstance(check(line.raw, line.index, _digest_before(log, line)), bytes),
        )
        for line in own
    )
    return CallProof(call=call, verified=all(line.verified for line in proven), lines=proven)


def _owner(line: Line) -> str | None:
    entry = open_record(line).entry
    return None if isinstance(entry, Act) else entry.organisation


def _digest_before(log: Journal, line: Line) -> bytes:
    if not line.index:
        return GENESIS
    before = next(lines(log.directory, line.index - 1, line.index), None)
    return before.digest.encode() if before else b""
