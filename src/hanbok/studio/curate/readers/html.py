"""HTML: a file is a page."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from hanbok.documents.characters import decoded
from hanbok.studio.curate.making import Maker
from hanbok.studio.curate.page import page_of
from hanbok.studio.curate.reader import Piece, Source
from hanbok.studio.curate.stream import whole


class Html:
    def split(self, path: Path, size: int) -> Iterator[Piece]:  # noqa: ARG002 - a page is one row
        yield Piece(path=path, begin=0, end=path.stat().st_size)

    def read(self, piece: Piece, source: Source) -> Iterator[pl.DataFrame]:
        maker = Maker(source, piece.path)
        data = whole(piece.path, source)
        if data is None:
            maker.refuse(0, "too_long")
        else:
            maker.add(0, {}, page_of(decoded(data)))
        yield maker.frame()
