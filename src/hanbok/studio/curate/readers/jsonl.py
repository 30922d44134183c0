"""One JSON object a line (JSON Lines, NDJSON), also compressed."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

import msgspec
import polars as pl

from hanbok.studio.curate.making import Maker
from hanbok.studio.curate.reader import Piece, Source, SourceUnreadable
from hanbok.studio.curate.stream import DAMAGED, compressed, opened, why

_DECODE: Final = msgspec.json.Decoder(dict[str, object]).decode


class Jsonl:
    def split(self, path: Path, size: int) -> Iterator[Piece]:
        whole = path.stat().st_size
        step = max(size, 1) if not compressed(path) else max(whole, 1)
        for begin in range(0, max(whole, 1), step):
            yield Piece(path=path, begin=begin, end=min(begin + step, whole))

    def read(self, piece: Piece, source: Source) -> Iterator[pl.DataFrame]:
        maker = Maker(source, piece.path)
        last: dict[str, object] = {}
        try:
            with opened(piece.path) as file:
                for place, line in _lines(file, piece, int(source.longest_mib * (1 << 20))):
                    last = _add(maker, place, line) or last
                    if maker.full:
                        yield maker.frame()
        except DAMAGED as error:
            raise SourceUnreadable(source=source.name, path=piece.path.name, why=why(error)) from error
        if not piece.begin and last and not maker.fits:
            raise maker.misread(last)
        yield maker.frame()


def _add(maker: Maker, place: int, line: bytes | None) -> dict[str, object] | None:
    """Add the row of a line and return its values, nothing where it has none."""
    if line is None:
        maker.refuse(place, "too_long")
        return None
    try:
        values = _decoded(line)
    except UnicodeDecodeError:
        maker.refuse(place, "bad_utf8")
    except msgspec.ValidationError:
        maker.refuse(place, "wrong_type")
    except (msgspec.DecodeError, RecursionError):
        maker.refuse(place, "not_json")
    else:
        maker.add(place, values)
        return values
    return None


def _decoded(line: bytes) -> dict[str, object]:
    """Decode a line; what is wrong with one that cannot be is told by its characters first."""
    try:
        return _DECODE(line)
    except (UnicodeDecodeError, msgspec.DecodeError):
        return _DECODE(line.decode())


def _lines(file: BinaryIO, piece: Piece, longest: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield the lines that begin in a piece, with their places; None for one above the limit, which memory never
    holds as a whole.
    """
    place = 0
    if piece.begin:
        file.seek(piece.begin - 1)
        place = piece.begin - 1 + _skip(file)
    end = None if compressed(piece.path) else piece.end
    while end is None or place < end:
        line = file.readline(longest + 1)
        if not line:
            return
        size = len(line)
        if size > longest and not line.endswith(b"\n"):
            size += _skip(file)
            yield place, None
        elif line.strip():
            yield place, line.removeprefix(b"\xef\xbb\xbf") if place == 0 else line
        place += size


def _skip(file: BinaryIO) -> int:
    """Read to the end of the line and return how far that was."""
    size = 0
    while part := file.readline(1 << 20):
        size += len(part)
        if part.endswith(b"\n"):
            break
    return size
