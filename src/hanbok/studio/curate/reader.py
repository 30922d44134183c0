"""The contract of a reader: which pieces a file falls into, and the rows of a piece.

Pieces depend on the file and on the wished size alone, never on how many workers there are, so that every runner
makes the same shards.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec
import polars as pl


class Source(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where texts come from, as the recipe says it, and by what right."""

    name: str
    path: str
    """A file, a folder or a glob; relative ones are below the recipe's folder."""
    kind: str = ""
    """The reader's key; empty: by the files' endings."""
    text: str = "text"
    """The column or key that holds the text (or `messages`)."""
    id: str = "id"
    """The column or key that holds the id; where there is none, file and position make one."""
    licence: str = ""
    fetched: str = ""
    opt_out: str = "none"


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
        ids that are unique in the source, text, provenance. Raises HanbokError.
        """
        ...
