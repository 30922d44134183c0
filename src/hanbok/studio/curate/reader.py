"""The contract of a reader: which pieces a file falls into, and the rows of a piece.

Pieces depend on the file and on the wished size alone, never on how many workers there are, so that every runner
makes the same shards.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol

import msgspec
import polars as pl

from hanbok.core.errors import HanbokError
from hanbok.core.plugin import load
from hanbok.core.values import Text

_READERS: Final = "hanbok.studio.curate.readers"
_ENDINGS: Final = {
    "jsonl": "jsonl", "ndjson": "jsonl", "json": "jsonl", "parquet": "parquet", "warc": "warc", "html": "html",
    "htm": "html", "txt": "plain", "md": "plain", "pdf": "documents", "docx": "documents", "docm": "documents",
    "pptx": "documents", "xlsx": "documents", "xlsm": "documents", "hwp": "documents", "hwpx": "documents",
}  # fmt: skip
"""A file's last ending but `gz` and the key of its reader."""


class SourceUnreadable(HanbokError):
    code = "source_unreadable"
    message = Text(
        ko="자료 {source!r}의 파일 {path}을(를) 읽을 수 없습니다: {why}",
        en="the source {source!r} cannot read {path}: {why}",
    )
    hint = Text(
        ko="파일이 있는지, 읽을 권한이 있는지, 형식(`kind`)이 맞는지 확인하십시오",
        en="Check that the file is there, that you may read it, and that its format (`kind`) is right",
    )


class SourceMisread(HanbokError):
    code = "source_misread"
    message = Text(
        ko="자료 {source!r}의 {path}에 {field!r}이(가) 없습니다. 있는 이름: {known}",
        en="the source {source!r} finds no {field!r} in {path}; there are: {known}",
    )
    hint = Text(
        ko="레시피에서 `text`, `id`나 `messages`의 이름을 고치십시오",
        en="Mend the names in `text`, `id` or `messages` of the recipe",
    )


class Turn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One message of a dialogue that is made of a row."""

    role: str
    content: str
    """A template: `{instruction}` is the value of that key. A turn whose values are all empty is left out."""


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where texts come from, as the recipe says it, and by what right."""

    name: str
    path: str
    """A file, a folder or a glob; relative ones are below the recipe's folder."""
    kind: str = ""
    """The reader's key; empty: by the files' endings."""
    text: str = "text"
    """The column or key that holds the text, or a template such as `{title}\n\n{body}`."""
    html: bool = False
    """The text is HTML: its main text is taken out."""
    messages: str | tuple[Turn, ...] = ()
    """Makes dialogues instead of documents: the key that holds OpenAI's list, or the turns to make of a row."""
    chosen: str = ""
    """Makes preferences: the template of the better answer; `messages` is what comes before it."""
    rejected: str = ""
    """The template of the worse answer."""
    id: str = "id"
    """The column or key that holds the id; where there is none, file and position make one."""
    origin: str = ""
    """The column or key that holds the URL; where there is none, the file is the origin."""
    licence: str = ""
    """SPDX id, KOGL-0..4, or LicenseRef-*."""
    licence_key: str = ""
    """The column or key that holds each row's own licence; where it is empty, `licence` holds."""
    basis: str = ""
    """By what right it is used where the licence does not say: a contract, own works, an article of law."""
    fetched: str = ""
    opt_out: str = "none"
    """What the rights holder said of training: none, robots, tdm..."""
    robots: str = ""
    """A copy of the site's robots.txt: pages that it closes to crawlers for training count as opted out."""
    longest_mib: float = 4.0
    """A row above this is dropped as `read:too_long`: no text is so long, but a broken file is."""


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a file: bytes `begin` to `end` of lines, row groups of Parquet, records of a WARC.

    A line belongs to the piece in which it begins.
    """

    path: Path
    begin: int
    end: int


class Reader(Protocol):
    """Knows one format."""

    def split(self, path: Path, size: int) -> Iterator[Piece]:
        """Yield the pieces of a file in order, each of about `size` bytes; a format that cannot be split is one."""
        ...

    def read(self, piece: Piece, source: Source) -> Iterator[pl.DataFrame]:
        """Yield the rows of a piece, in order and in batches of bounded memory, as `hanbok.studio.rows` has them:
        ids that are unique in the source, text, provenance, and `dropped`. A row that cannot be read is there with an
        empty text and `read:reason` in `dropped`. Raises HanbokError where the file as a whole cannot be read.
        """
        ...


def reader_of(path: Path, source: Source) -> Reader:
    """Return a file's reader, by the source's kind or the file's ending. Raises SourceUnreadable, UnknownPlugin."""
    endings = [one.lower() for one in path.name.split(".")[1:] if one.lower() != "gz"]
    key = source.kind or _ENDINGS.get(endings[-1] if endings else "", "")
    if not key:
        raise SourceUnreadable(source=source.name, path=path, why="unknown format")
    reader: Reader = load(_READERS, key)()
    return reader


def schema_of(source: Source) -> Mapping[str, pl.DataType]:
    """Return the columns of what a reader yields for this source."""
    own: tuple[str, ...] = ("messages",) if source.messages else ("text",)
    if source.chosen:
        own = ("messages", "chosen", "rejected")
    names = ("id", *own, "source", "origin", "licence", "fetched", "opt_out", "dropped")
    return {name: pl.String() for name in names}
