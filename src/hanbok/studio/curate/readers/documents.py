"""Documents of offices (PDF, DOCX, PPTX, XLSX, HWP, HWPX): a file is one text, its notes included.

Headers, footers and comments are left out: they repeat, or speak of the text. `hanbok.documents` reads them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from hanbok.documents.errors import DocumentUnreadable
from hanbok.documents.format import Limits
from hanbok.documents.reading import read
from hanbok.studio.curate.making import Maker
from hanbok.studio.curate.page import Page
from hanbok.studio.curate.reader import Piece, Source
from hanbok.studio.curate.stream import whole

_TEXT: Final = {"body", "note"}


class Documents:
    def split(self, path: Path, size: int) -> Iterator[Piece]:  # noqa: ARG002 - a document is one row
        yield Piece(path=path, begin=0, end=path.stat().st_size)

    def read(self, piece: Piece, source: Source) -> Iterator[pl.DataFrame]:
        """`longest_mib` holds for the text: a document of many pictures may be large."""
        maker = Maker(source, piece.path)
        limits = Limits(characters=int(source.longest_mib * (1 << 20)))
        data = whole(piece.path, source, limits.unpacked)
        if data is None:
            maker.refuse(0, "too_large")
        else:
            _add(maker, data, piece.path.name, limits)
        yield maker.frame()


def _add(maker: Maker, data: bytes, name: str, limits: Limits) -> None:
    try:
        document = read(data, name, limits)
    except DocumentUnreadable as error:
        maker.refuse(0, error.code.removeprefix("document_"))
    else:
        text = "\n\n".join(one.text for one in document.parts if one.kind in _TEXT)
        maker.add(0, {}, Page(text=text))
