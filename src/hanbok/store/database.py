"""One door to the database: SQLite by default, PostgreSQL by URL. Never awaited on the path of a request.

Importing this module loads SQLAlchemy (about 17 MiB): only modules that really use the database import it.
"""

import sqlite3
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Connection, Engine, Table, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hanbok.store.errors import StoreBusy, StoreFull, StoreUnavailable
from hanbok.store.schema import bring_up_to_date

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

_WAIT = 5.0
"""Seconds to wait for another process's transaction."""
_BUSY = {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_BUSY_SNAPSHOT", "55P03", "40P01", "40001"}
_FULL = {"SQLITE_FULL", "53100"}


def unless_there(connection: Connection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """Return an insertion that passes over rows whose key is there already, whoever put them."""
    # Loaded by its name: the other one's dialect would cost every server 2 MiB.
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    insert = cast("sqlite.Insert | postgresql.Insert", dialect.insert(table))
    return insert.on_conflict_do_nothing().execution_options(preserve_rowcount=True)


class Store:
    """Transactions. All methods block: call them in a thread."""

    def __init__(self, engine: Engine) -> None:
        """Use `open`."""
        self._engine = engine
        self._writing = engine.execution_options(hanbok_writes=True)
        self._looking: sqlite3.Connection | None = None
        """Reads nothing but `changes`."""
        self._looks = 0
        """How many connections have looked: each counts from its own beginning."""

    @classmethod
    def open(cls, url: str, schema: Callable[[Engine], None] = bring_up_to_date) -> "Store":
        """Connect and bring the schema up to date. Raises StoreUnavailable and its kin.

        `schema` is for a database of its own kind, such as the vault's: it creates or changes the tables.
        """
        store = cls(_engine(url))
        try:
            with _translated():
                schema(store._writing)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def shared(self) -> bool:
        """Whether other machines may use it too."""
        return self._engine.dialect.name != "sqlite"

    def switch(self, url: str) -> None:
        """Go on with another database: transactions from now on are there. Raises StoreUnavailable and its kin, and
        then nothing has changed.
        """
        engine = Store.open(url)._engine  # noqa: SLF001 - of this very class
        before, self._engine = self._engine, engine
        self._writing = engine.execution_options(hanbok_writes=True)
        self._look_away()
        before.dispose()

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Open a connection that sees one state of the database."""
        with _translated(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[Connection]:
        """Open a transaction: everything in it or nothing. On SQLite it takes the writer's lock at once."""
        with _translated(), self._writing.begin() as connection:
            yield connection

    def changes(self) -> int | None:
        """Return a number that is another one after every commit to the database, whoever made it; None where nobody
        can tell without asking the database. Takes microseconds: no thread is needed.
        """
        path = self._engine.url.database
        if self.shared or not path:
            return None
        try:
            if self._looking is None:
                self._looking = sqlite3.connect(path, timeout=0, check_same_thread=False)
                self._looks += 1
            ((version,),) = self._looking.execute("PRAGMA data_version").fetchall()
        except sqlite3.Error:
            self._look_away()
            return None
        return self._looks << 64 | int(version)

    def _look_away(self) -> None:
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.close()

    def close(self) -> None:
        """Give all connections back."""
        self._look_away()
        self._engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgres", "postgresql"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, pool_pre_ping=True, pool_size=3)
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": _WAIT})
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StoreUnavailable(why=f"{type(error).__name__} (sqlite:///PATH, postgresql://...)") from error
    except OSError as error:
        raise StoreUnavailable(why=error.strerror or "") from error
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    # sqlite3's own transactions begin late and leave DDL out: we say BEGIN ourselves.
    connection.isolation_level = None
    # What is deleted is overwritten: a destroyed data key must not stay in a free page.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("hanbok_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _translated() -> Generator[None]:
    """Turn what drivers raise into our errors. Breaches of a constraint and wrong SQL stay what they are."""
    try:
        yield
    except (IntegrityError, ProgrammingError):
        raise
    except DBAPIError as error:
        raise _error(error.orig) from error
    except sqlite3.Error as error:
        raise _error(error) from error
    except PoolTimeout as error:
        raise StoreBusy(why="QueuePool") from error


def _error(cause: Any) -> StoreUnavailable:  # noqa: ANN401 -- each driver has its own
    name = str(
        getattr(cause, "sqlite_errorname", "") or getattr(cause, "sqlstate", "") or type(cause).__name__
    )
    if name in _BUSY:
        return StoreBusy(why=name)
    return StoreFull(why=name) if name in _FULL else StoreUnavailable(why=name)
