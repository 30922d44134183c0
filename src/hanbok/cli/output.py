"""How verbs print: a table for people, JSON for programs."""

import sys
from collections.abc import Mapping, Sequence

import msgspec
from rich.console import Console
from rich.table import Table


def print_json(value: object) -> None:
    """Write one JSON document and a line end."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_table(rows: Sequence[Mapping[str, object]], columns: Mapping[str, str], empty: str) -> None:
    """Print rows under the titles of `columns` (name of the value to its title); `empty` where there are none."""
    console = Console()
    if not rows:
        console.print(empty, markup=False)
        return
    table = Table(*columns.values(), box=None, header_style="bold", pad_edge=False)
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in columns))
    console.print(table, markup=False)


def print_rows(
    rows: Sequence[Mapping[str, object]], columns: Mapping[str, str], *, json: bool, empty: str
) -> None:
    """Print rows as JSON or as a table."""
    if json:
        print_json(rows)
    else:
        print_table(rows, columns, empty)


def plain(text: str) -> str:
    """Return others' words as they may stand on a terminal: controls and marks of direction, which could rewrite what
    a person decides by, show as U+FFFD.
    """
    return "".join(
        one if one.isprintable() or one in "\n\t" else " " if one.isspace() else "\ufffd" for one in text
    )


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple | frozenset):
        return plain(", ".join(str(one) for one in value)) or "-"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return plain(str(value))
