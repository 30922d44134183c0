"""The log's entries of one call, each with what proves it."""

import re
from typing import Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.archive import Archive
from hanbok.evidence.entry import Intent, Outcome, Refusal
from hanbok.evidence.errors import LogBroken
from hanbok.evidence.line import Line, check
from hanbok.evidence.log import FiledLog
from hanbok.evidence.segments import open_record

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
    """One line of the log. `raw` is all of it: SHA-256 of a zero byte and the entry's bytes must be `digest`."""

    index: int
    digest: str
    entry: msgspec.Raw
    raw: str
    verified: bool
    """Whether its digest fits its bytes and, once the log has signed for it, the tree under the signature."""
    proof: str
    """That it is in the log's signed tree (C2SP tlog-proof); empty in the second before the log has signed."""


class CallProof(msgspec.Struct, frozen=True, kw_only=True):
    call: str
    verified: bool
    lines: tuple[ProvenLine, ...]


def prove(log: FiledLog, call: str, organisation: str) -> CallProof:
    """Return the proof of a call of this organisation, or raise CallUnknown. Reads files: call it in a thread."""
    found = log.find(call) if _CALL.fullmatch(call) else []
    own = [line for line in found if _owner(line) == organisation]
    if not own:
        raise CallUnknown
    archive = Archive(log.directory)
    proven = tuple(_proven(archive, line) for line in own)
    return CallProof(call=call, verified=all(line.verified for line in proven), lines=proven)


def _proven(archive: Archive, line: Line) -> ProvenLine:
    sound = isinstance(check(line.raw, line.index), Line)
    proof = None
    if line.index < archive.signed:
        try:
            proof = archive.proof(line.index)
            sound = sound and proof.fits(line.entry)
        except LogBroken:
            sound = False
    return ProvenLine(
        index=line.index,
        digest=line.leaf,
        entry=msgspec.Raw(line.entry),
        raw=line.raw.decode().removesuffix("\n"),
        verified=sound,
        proof=proof.text() if proof else "",
    )


def _owner(line: Line) -> str | None:
    entry = open_record(line).entry
    return entry.organisation if isinstance(entry, Intent | Outcome | Refusal) else None
