"""What is gathered and compared on the way through a log's entries, wherever they are read from."""

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from hanbok.evidence.checkpoint import Checkpoint
from hanbok.evidence.entry import AnyEntry, Expiry, KeyAct
from hanbok.evidence.keychain import CHECKPOINT, KEYS, key_in_force, parse_keys
from hanbok.evidence.line import Flaw, Line
from hanbok.evidence.merkle import EMPTY
from hanbok.evidence.note import Note, NoteInvalid, VerifierKey
from hanbok.evidence.tile import WIDTH, Edge, Tile, hashes_in
from hanbok.evidence.walk import Fault

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


@dataclass(slots=True)
class Reading:
    """What is gathered on the way through the lines."""

    read: Callable[[str], bytes | None]
    """Gives a file of the log by its address; None when there is none."""
    place: Callable[[int], tuple[str, int]]
    """Gives the file that an entry is in, and where there it is (from 1)."""
    expect: str = ""
    """Digest of an entry that is still to come."""
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

    def await_root(self, file: str, checkpoint: Checkpoint) -> None:
        """Have a checkpoint, which `file` holds, compared when the log has its size."""
        self.roots.setdefault(checkpoint.size, []).append((file, checkpoint))

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

    def missing(self, file: str, line: int) -> Fault | None:
        """Return the log's end, at this place, as a fault if a checkpoint says that the log went on."""
        if not self.roots and not self.expect:
            return None
        return Fault(file=file or CHECKPOINT, line=line, index=self.edge.size, flaw=Flaw.MISSING)

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
                    return self._located(index, Flaw.ERASED)
                index = reach + 1
        return None

    def _note_expired(self, index: int) -> None:
        if self.expired and self.expired[-1][1] == index - 1:
            self.expired[-1] = (self.expired[-1][0], index)
        else:
            self.expired.append((index, index))

    def _compare(self, tile: Tile, data: bytes) -> Fault | None:
        stored = self.read(tile.path)
        if stored is None or stored == data:
            return None  # whoever needs one that is not there makes it from the lines
        pairs = zip(hashes_in(stored), hashes_in(data), strict=False)
        at = next((number for number, (left, right) in enumerate(pairs) if left != right), 0)
        if tile.level or len(stored) != len(data):
            return Fault(file=tile.path, line=at + 1, index=self.edge.size, flaw=Flaw.TILE)
        return self._located(tile.number * WIDTH + at, Flaw.REPLACED)

    def result(self, *, note: Note | None, key: VerifierKey | None, fault: Fault | None) -> Verification:
        """Sum up; the checkpoint's signature is checked last, when the log has said which key may sign."""
        signed = Checkpoint.parse(note.text) if note else None
        signer = ""
        if fault is None and note is not None:
            signer, fault = self._signer(note, key)
        elif fault is None and self.edge.size:
            fault = Fault(file=CHECKPOINT, line=1, index=0, flaw=Flaw.MISSING)
        return Verification(
            entries=self.edge.size,
            root=self.edge.root().hex(),
            head=self.head,
            expired=sum(high - low + 1 for low, high in self.expired),
            signed=signed.size if signed else 0,
            key=signer,
            fault=fault,
        )

    def _signer(self, note: Note, key: VerifierKey | None) -> tuple[str, Fault | None]:
        checkpoint = Checkpoint.parse(note.text)
        try:
            first = key or parse_keys(self.read(KEYS) or b"")[0]
        except (NoteInvalid, IndexError):
            return "", Fault(file=KEYS, line=1, index=0, flaw=Flaw.SIGNATURE)
        signer = key_in_force(first, self.handovers, checkpoint.size)
        try:
            note.signed_by(signer)
            sound = checkpoint.origin == signer.name
        except NoteInvalid:
            sound = False
        fault = Fault(file=CHECKPOINT, line=5, index=checkpoint.size, flaw=Flaw.SIGNATURE)
        return (str(signer), None) if sound else ("", fault)

    def _located(self, index: int, flaw: Flaw) -> Fault:
        file, line = self.place(index)
        return Fault(file=file, line=line, index=index, flaw=flaw)


def checkpoint_note(data: bytes | None) -> tuple[Note | None, Fault | None]:
    """Read the checkpoint's file, whoever signed it."""
    if data is None:
        return None, None
    try:
        note = Note.parse(data)
        Checkpoint.parse(note.text)
    except NoteInvalid:
        return None, Fault(file=CHECKPOINT, line=1, index=0, flaw=Flaw.SIGNATURE)
    return note, None
