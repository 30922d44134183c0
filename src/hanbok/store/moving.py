"""Moving all records from one database to another, such as from SQLite to PostgreSQL, while servers run.

Keys stay in force in the memory of running servers, and spending is in the evidence log: they need the database only
for changes. So the old database is closed by the very transaction that reads its last state (its tables get other
names: whoever still asks it is refused, and nothing can be written there and lost), and servers go on with the new
one once their settings name it.

A move that is broken off at any point can be run again: the new database counts as unfinished until the old one is
closed.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine, Table, delete, func, insert, inspect, select, text, update

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.store.database import Store
from hanbok.store.errors import StoreMoved
from hanbok.store.schema import MOVED, UNFINISHED, VERSION, create, version, version_of
from hanbok.store.tables import marks, metadata

_BATCH: Final = 500
_PREFIX: Final = "moved_"


class TargetNotEmpty(HanbokError):
    code = "store_target_not_empty"
    message = Text(
        ko="옮겨 갈 데이터베이스에 이미 hanbok의 기록이 있습니다 (스키마 {found})",
        en="the database to move to holds records of hanbok already (schema {found})",
    )
    hint = Text(
        ko="빈 데이터베이스를 쓰십시오. 있는 기록에 섞어 넣지 않습니다.",
        en="Use an empty database. Nothing is mixed into records that are there.",
    )


class MoveDiffers(HanbokError):
    code = "store_move_differs"
    message = Text(
        ko="옮긴 표 {table}의 행이 {copied}개로, 원본의 {expected}개와 다릅니다",
        en="the table {table} has {copied} rows after the move, the original {expected}",
    )
    hint = Text(
        ko="원본은 그대로입니다. 새 데이터베이스에 쓰는 다른 프로그램이 없는지 확인하고 다시 하십시오.",
        en="The original is as it was. See that nothing else writes to the new database, and try again.",
    )


class Moved(NamedTuple):
    """How many rows of how many tables were moved."""

    tables: int
    rows: int


def as_it_is(engine: Engine) -> None:
    """Leave the schema alone: for opening the two stores of a move."""
    engine.connect().close()


def move(
    source: Store, target: Store, watch: Callable[[str, int], object] = lambda _table, _rows: None
) -> Moved:
    """Copy every table and close the source. Both stores must have been opened with `as_it_is`. `watch` is told of
    each table when it is done. Raises TargetNotEmpty, StoreMoved, MoveDiffers, StoreUnavailable; the source is closed
    last.
    """
    with source.write() as old:
        closed = version_of(old) == MOVED
        with target.write() as new:
            found = version_of(new)
            if closed and found != UNFINISHED:
                raise StoreMoved
            if found not in ("", UNFINISHED):
                raise TargetNotEmpty(found=found)
            if not closed:
                if found:
                    _empty(new)
                _copy(old, new, watch)
                new.execute(update(version).values(version_num=UNFINISHED))
        if not closed:
            _close(old)
    with target.write() as new:
        new.execute(update(version).values(version_num=VERSION))
        return Moved(len(metadata.tables), sum(_count(new, table) for table in metadata.sorted_tables))


def _copy(old: Connection, new: Connection, watch: Callable[[str, int], object]) -> None:
    create(new)
    new.execute(delete(marks))  # the one table that is not empty when it is new
    for table in metadata.sorted_tables:
        for rows in _batches(old, table):
            new.execute(insert(table), rows)
        expected, copied = _count(old, table), _count(new, table)
        if expected != copied:
            raise MoveDiffers(table=table.name, copied=copied, expected=expected)
        _count_on(new, table)
        watch(table.name, copied)


def _batches(connection: Connection, table: Table) -> Iterator[list[dict[str, object]]]:
    result = connection.execution_options(yield_per=_BATCH).execute(select(table))
    for rows in result.mappings().partitions(_BATCH):
        yield [dict(row) for row in rows]


def _count(connection: Connection, table: Table) -> int:
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number the next row after those that were copied with their numbers."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    highest = connection.execute(select(func.max(column))).scalar()
    sequence = connection.execute(
        text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": table.name, "column": column.name}
    ).scalar()
    if sequence and highest:
        connection.execute(
            text("SELECT setval(:sequence, :highest)"), {"sequence": sequence, "highest": highest}
        )


def _empty(connection: Connection) -> None:
    """Take away what a move that was broken off left behind."""
    metadata.drop_all(connection)
    version.drop(connection)


def _close(connection: Connection) -> None:
    """Give the tables other names, so that no server can use them any more."""
    for name in inspect(connection).get_table_names():
        if name in metadata.tables:
            connection.execute(text(f'ALTER TABLE "{name}" RENAME TO "{_PREFIX}{name}"'))
    connection.execute(update(version).values(version_num=MOVED))
