"""Checking a log without the process that wrote it: from its files alone, in one pass, in constant memory."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from hanbok.evidence.checkpoint import Checkpoint
from hanbok.evidence.entry import AnyEntry, Expiry, KeyAct
from hanbok.evidence.keychain import CHECKPOINT, KEYS, key_in_force, read_keys
from hanbok.evidence.line import Flaw, Line
from hanbok.evidence.merkle import EMPTY
from hanbok.evidence.note import Note, NoteInvalid, VerifierKey
from hanbok.evidence.segments import Segment, segments
from hanbok.evidence.tile import WIDTH, Edge, Tile, hashes_in
from hanbok.evidence.walk import Fault, Walk

NOTED = "--since"
"""What a fault names as its file when the log is not the one of the checkpoint that was noted elsewhere."""
_decode = msgspec.json.Decoder(AnyEntry).decode
_TELLING = (b'{"entry":"expiry"', b'{"entry":"key_act"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What the files prove. `entries` and `root` are those up to the fault, if there is one."""

    entries: int = 0
    root: str = EMPTY.hex()
    head: str = ""
    """Digest of the last entry."""
    segments: int = 0
    torn: int = 0
    """Bytes of an unfinished last line: being written now, or left by a crash. Never acknowledged, so no fault."""
    expired: int = 0
    """Entries whose time is over: only their leaf hashes are kept."""
    signed: int = 0
    """How many entries the signed checkpoint covers."""
    key: str = ""
    """The key that signed it."""
    fault: Fault | None = None

    @property
    def ok(self) -> bool:
        """Whether the log is whole and holds what was expected."""
        return self.fault is None


def verify(
    directory: Path,
    *,
    key: VerifierKey | None = None,
    since: Checkpoint | None = None,
    expect: str | None = None,
    watch: Callable[[int], object] = lambda _: None,
) -> Verification:
    """Check every line, every tile and the signed checkpoint. `watch` is told the bytes of each checked segment.

    `key`: the log's key as it was noted elsewhere; none: as the folder itself says. `since`: a checkpoint noted
    earlier, which must be the start of this log: without one a folder that was put back, whole, to an older state
    verifies. `expect`: the digest of an entry, which must be in it.
    """
    known = segments(directory)
    reading = _Reading(directory, known, expect or "")
    walk = Walk(reading.take)
    note, fault = _note(directory)
    signed = reading.await_root(CHECKPOINT, note)
    if since is not None:
        reading.roots.setdefault(since.size, []).append((NOTED, since))
    fault = fault or reading.at_size()
    for number, segment in enumerate(known, start=1):
        if fault:
            break
        fault = walk.through(segment, last=number == len(known))
        watch(segment.path.stat().st_size)
    fault = fault or reading.missing(walk) or reading.unlawful()
    signer = ""
    if fault is None and note is not None and signed is not None:
        signer, fault = _signer(directory, note, key, reading.handovers, signed.size)
    elif fault is None and walk.index:
        fault = Fault(file=CHECKPOINT, line=1, index=0, flaw=Flaw.MISSING)
    return Verification(
        entries=reading.edge.size,
        root=reading.edge.root().hex(),
        head=reading.head,
        segments=len(known),
        torn=walk.torn,
        expired=sum(high - low + 1 for low, high in reading.expired),
        signed=signed.size if signed else 0,
        key=signer,
        fault=fault,
    )


@dataclass(slots=True)
class _Reading:
    """What is gathered on the way through the lines."""

    directory: Path
    known: Sequence[Segment]
    expect: str = ""
    head: str = ""
    roots: dict[int, list[tuple[str, Checkpoint]]] = field(
        default_factory=dict[int, list[tuple[str, Checkpoint]]]
    )
    """Checkpoints, and where they come from, by the size at which they must fit."""
    edge: Edge = field(default_factory=Edge)
    expired: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    """First and last index of each run."""
    allowed: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    handovers: list[tuple[int, KeyAct]] = field(default_factory=list[tuple[int, KeyAct]])

    def await_root(self, file: str, note: Note | None) -> Checkpoint | None:
        """Have the checkpoint in a note compared when the log has its size."""
        if note is None:
            return None
        checkpoint = Checkpoint.parse(note.text)
        self.roots.setdefault(checkpoint.size, []).append((file, checkpoint))
        return checkpoint

    def take(self, line: Line) -> Fault | None:
        """Take up the next line; return what is wrong with the tree so far."""
        self.head = line.leaf
        if line.leaf == self.expect:
            self.expect = ""
        for tile, data in self.edge.add((bytes.fromhex(line.leaf),)):
            fault = self._compare(tile, data)
            if fault:
                return fault
        if not line.entry:
            self._note_expired(line.index)
        elif line.entry.startswith(_TELLING):
            entry = _decode(line.entry)
            if isinstance(entry, Expiry):
                self.allowed += entry.ranges
            elif isinstance(entry, KeyAct):
                self.handovers.append((line.index, entry))
        return self.at_size() if self.edge.size in self.roots else None

    def at_size(self) -> Fault | None:
        """Compare with the checkpoints of this size, and with the tiles that were written for it."""
        wanted = self.roots.pop(self.edge.size, [])
        root = self.edge.root()
        wrong = next((file for file, one in wanted if one.root != root), None)
        if wrong is None:
            return None
        faults = (self._compare(tile, data) for tile, data in self.edge.partial())
        located = next((fault for fault in faults if fault), None)
        return located or Fault(file=wrong, line=3, index=self.edge.size, flaw=Flaw.ROOT)

    def missing(self, walk: Walk) -> Fault | None:
        """Return where the log ends, if a checkpoint says that it went on."""
        if not self.roots and not self.expect:
            return None
        file = self.known[-1].path.name if self.known else CHECKPOINT
        return Fault(file=file, line=walk.line + 1, index=walk.index, flaw=Flaw.MISSING)

    def unlawful(self) -> Fault | None:
        """Return the first entry that is gone without an act that says so."""
        allowed = sorted(self.allowed)
        at, reach = 0, -1
        for low, high in self.expired:
            index = low
            while index <= high:
                while at < len(allowed) and allowed[at][0] <= index:
                    reach = max(reach, allowed[at][1])
                    at += 1
                if reach < index:
                    return self._place(index, Flaw.ERASED)
                index = reach + 1
        return None

    def _note_expired(self, index: int) -> None:
        if self.expired and self.expired[-1][1] == index - 1:
            self.expired[-1] = (self.expired[-1][0], index)
        else:
            self.expired.append((index, index))

    def _compare(self, tile: Tile, data: bytes) -> Fault | None:
        try:
            stored = (self.directory / tile.path).read_bytes()
        except FileNotFoundError:
            return None  # whoever needs it makes it from the lines
        if stored == data:
            return None
        pairs = zip(hashes_in(stored), hashes_in(data), strict=False)
        at = next((number for number, (left, right) in enumerate(pairs) if left != right), 0)
        if tile.level or len(stored) != len(data):
            return Fault(file=tile.path, line=at + 1, index=self.edge.size, flaw=Flaw.TILE)
        return self._place(tile.number * WIDTH + at, Flaw.REPLACED)

    def _place(self, index: int, flaw: Flaw) -> Fault:
        segment = self.known[bisect_right([one.first for one in self.known], index) - 1]
        return Fault(file=segment.path.name, line=index - segment.first + 1, index=index, flaw=flaw)


def _note(directory: Path) -> tuple[Note | None, Fault | None]:
    """Read the checkpoint; its signature is checked at the end, when the log has said which key may sign."""
    try:
        note = Note.parse((directory / CHECKPOINT).read_bytes())
        Checkpoint.parse(note.text)
    except FileNotFoundError:
        return None, None
    except NoteInvalid:
        return None, Fault(file=CHECKPOINT, line=1, index=0, flaw=Flaw.SIGNATURE)
    return note, None


def _signer(
    directory: Path, note: Note, key: VerifierKey | None, handovers: Sequence[tuple[int, KeyAct]], size: int
) -> tuple[str, Fault | None]:
    """Return the key that had to sign, and did."""
    try:
        first = key or read_keys(directory)[0]
    except (FileNotFoundError, NoteInvalid, IndexError):
        return "", Fault(file=KEYS, line=1, index=0, flaw=Flaw.SIGNATURE)
    signer = key_in_force(first, handovers, size)
    try:
        note.signed_by(signer)
        sound = Checkpoint.parse(note.text).origin == signer.name
    except NoteInvalid:
        sound = False
    return (
        (str(signer), None)
        if sound
        else ("", Fault(file=CHECKPOINT, line=5, index=size, flaw=Flaw.SIGNATURE))
    )
