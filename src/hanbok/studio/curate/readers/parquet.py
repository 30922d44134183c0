"""Parquet: row groups make the pieces."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from hanbok.studio.curate.making import Maker
from hanbok.studio.curate.reader import Piece, Source, SourceUnreadable
from hanbok.studio.curate.stream import why

_ROWS = 1024


class Parquet:
    def split(self, path: Path, size: int) -> Iterator[Piece]:
        """Yield pieces of whole row groups."""
        try:
            with pq.ParquetFile(path) as file:
                sizes = [file.metadata.row_group(at).total_byte_size for at in range(file.num_row_groups)]
        except (OSError, pa.ArrowException) as error:
            raise SourceUnreadable(source="", path=path.name, why=why(error)) from error
        begin, held = 0, 0
        for at, one in enumerate(sizes):
            if held and held + one > size:
                yield Piece(path=path, begin=begin, end=at)
                begin, held = at, 0
            held += one
        yield Piece(path=path, begin=begin, end=len(sizes))

    def read(self, piece: Piece, source: Source) -> Iterator[pl.DataFrame]:
        maker = Maker(source, piece.path)
        known: dict[str, object] = {}
        longest = int(source.longest_mib * (1 << 20))
        try:
            with pq.ParquetFile(piece.path) as file:
                for group in range(piece.begin, piece.end):
                    for place, values in _rows(file, group):
                        known = values or known
                        _add(maker, f"{group}:{place}", values, longest)
                        if maker.full:
                            yield maker.frame()
        except (OSError, pa.ArrowException) as error:
            raise SourceUnreadable(source=source.name, path=piece.path.name, why=why(error)) from error
        if not piece.begin and known and not maker.fits:
            raise maker.misread(known)
        yield maker.frame()


def _rows(file: pq.ParquetFile, group: int) -> Iterator[tuple[int, dict[str, object] | None]]:
    """Yield the rows of a group; None for one whose text is no UTF-8."""
    place = 0
    for batch in file.iter_batches(batch_size=_ROWS, row_groups=[group]):
        try:
            rows: list[dict[str, object] | None] = batch.to_pylist()
        except UnicodeDecodeError:
            rows = [_one(batch, at) for at in range(len(batch))]
        yield from enumerate(rows, place)
        place += len(rows)


def _one(batch: pa.RecordBatch, at: int) -> dict[str, object] | None:
    try:
        row: dict[str, object] = batch.slice(at, 1).to_pylist()[0]
    except UnicodeDecodeError:
        return None
    return row


def _add(maker: Maker, place: str, values: dict[str, object] | None, longest: int) -> None:
    if values is None:
        maker.refuse(place, "bad_utf8")
    elif any(isinstance(one, str) and len(one) > longest for one in values.values()):
        maker.refuse(place, "too_long")
    else:
        maker.add(place, values)
