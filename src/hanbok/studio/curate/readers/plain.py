"""Plain text: a file is a document, in UTF-8 or in what Korean programs wrote before it (CP949)."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from hanbok.documents.characters import decoded
from hanbok.studio.curate.making import Maker
from hanbok.studio.curate.page import Page
from hanbok.studio.curate.reader import Piece, Source
from hanbok.studio.curate.stream import whole


class Plain:
    def split(self, path: Path, size: int) -> Iterator[Piece]:  # noqa: ARG002 - a document is one row
        yield Piece(path=path, begin=0, end=path.stat().st_size)

    def read(self, piece: Piece, source: Source) -> Iterator[pl.DataFrame]:
        maker = Maker(source, piece.path)
        data = whole(piece.path, source)
        if data is None:
            maker.refuse(0, "too_long")
        elif b"\0" in data[:4096] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            maker.refuse(0, "not_text")
        else:
            maker.add(0, {}, Page(text=decoded(data)))
        yield maker.frame()
