"""What the log says of money: entries read for that alone, which is a small part of their bytes."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.errors import LogBroken
from hanbok.evidence.segments import written

BEGAN = str(Intent.__struct_config__.tag)
ENDED = str(Outcome.__struct_config__.tag)


class Said(msgspec.Struct, frozen=True):
    """The fields of an entry that concern money; `entry` is its kind."""

    entry: str = ""
    at: str = ""
    call: str = ""
    organisation: str = ""
    key: str = ""
    team: str = ""
    person: str = ""
    model: str = ""
    """Of an intent: as the client named it."""
    cost: int = 0
    """Micro-won charged."""


_NOTHING = Said()


class Posting(msgspec.Struct, frozen=True):
    """One entry in its place (`log.Record`); nothing is said by one that has expired."""

    index: int
    leaf: str
    entry: Said = _NOTHING


_decode = msgspec.json.Decoder(Posting).decode


def postings(directory: Path, start: int, stop: int) -> Iterator[Posting]:
    """Yield what the lines with `start` <= index < `stop` say, unchecked. Raises LogBroken for what is no line."""
    last = -1
    for segment, raw in written(directory, start):
        try:
            one = _decode(raw)
        except msgspec.MsgspecError as error:
            number = max(last + 1 - segment.first, 0) + 1
            raise LogBroken(file=segment.path.name, line=number, why=str(error)) from error
        last = one.index
        if last >= stop:
            return
        if last >= start:
            yield one
