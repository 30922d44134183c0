"""Web archives (WARC, WET; ISO 28500): one row for each page that a server sent."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from hanbok.documents.characters import decoded
from hanbok.studio.curate.making import Maker
from hanbok.studio.curate.page import Page, page_of
from hanbok.studio.curate.reader import Piece, Source, SourceUnreadable
from hanbok.studio.curate.stream import why

_PAGES: Final = WarcRecordType.response | WarcRecordType.resource | WarcRecordType.conversion
_HTML: Final = ("text/html", "application/xhtml+xml")
_OK: Final = 200


class Warc:
    def split(self, path: Path, size: int) -> Iterator[Piece]:  # noqa: ARG002 - an archive is read from its beginning
        yield Piece(path=path, begin=0, end=path.stat().st_size)

    def read(self, piece: Piece, source: Source) -> Iterator[pl.DataFrame]:
        maker = Maker(source, piece.path)
        longest, any_record = int(source.longest_mib * (1 << 20)), False
        try:
            with piece.path.open("rb") as file:
                for record in ArchiveIterator(file, parse_http=True, strict_mode=False):
                    any_record = True
                    if record.record_type & _PAGES:
                        _add(maker, record, longest)
                    if maker.full:
                        yield maker.frame()
        except (OSError, EOFError) as error:
            raise SourceUnreadable(source=source.name, path=piece.path.name, why=why(error)) from error
        if not any_record and piece.end:
            raise SourceUnreadable(source=source.name, path=piece.path.name, why="no WARC record")
        yield maker.frame()


def _add(maker: Maker, record: WarcRecord, longest: int) -> None:
    place = record.stream_pos
    status = record.http_headers.status_code if record.is_http and record.http_headers else None
    if status not in {None, _OK}:
        maker.refuse(place, "http_status")
        return
    kind, charset = (record.http_content_type or "").lower(), record.http_charset or ""
    if record.record_type == WarcRecordType.conversion:
        kind = "text/plain"
    if kind and kind not in _HTML and kind != "text/plain":
        maker.refuse(place, "not_text")
        return
    data = record.reader.read(longest + 1)
    if len(data) > longest:
        maker.refuse(place, "too_long")
        return
    maker.add(place, {}, _page(record, kind, decoded(data, charset)))


def _page(record: WarcRecord, kind: str, text: str) -> Page:
    headers = (
        {key.lower(): value for key, value in record.http_headers.items()} if record.http_headers else {}
    )
    found = Page(text=text.strip()) if kind == "text/plain" else page_of(text, headers)
    return Page(
        text=found.text,
        url=record.headers.get("WARC-Target-URI") or found.url,
        fetched=(record.headers.get("WARC-Date") or "")[:10],
        opt_out=found.opt_out,
        licence=found.licence,
    )
