"""The export of costs as Parquet, with FOCUS's types: decimals, moments in UTC, nulls. Needs the extra `parquet`."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from hanbok.gateway.focus import COLUMNS, DECIMALS, MOMENTS

# Neither has types.
pa: Any = import_module("pyarrow")
pq: Any = import_module("pyarrow.parquet")

_AMOUNT: Final = pa.decimal128(38, 6)
_MOMENT: Final = pa.timestamp("ms", tz="UTC")
_SCHEMA: Final = pa.schema(
    [(name, _AMOUNT if name in DECIMALS else _MOMENT if name in MOMENTS else pa.string()) for name in COLUMNS]
)
_ROWS: Final = 100_000
"""Rows of one group: what is held in memory at once."""


def write_parquet(rows: Iterable[Mapping[str, str]], file: Path) -> int:
    """Write the rows of the export; return how many there are."""
    written, group = 0, list[dict[str, Any]]()
    with pq.ParquetWriter(file, _SCHEMA, compression="zstd") as writer:
        for row in rows:
            group.append({name: _value(name, text) for name, text in row.items()})
            if len(group) == _ROWS:
                written += _flush(writer, group)
        written += _flush(writer, group)
    return written


def _flush(writer: Any, group: list[dict[str, Any]]) -> int:  # noqa: ANN401 - as above
    writer.write_table(pa.Table.from_pylist(group, schema=_SCHEMA))
    count = len(group)
    group.clear()
    return count


def _value(name: str, text: str) -> object:
    if not text:
        return None
    if name in DECIMALS:
        return Decimal(text)
    return datetime.fromisoformat(text) if name in MOMENTS else text
