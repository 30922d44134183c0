"""What verbs share that read or change records: settings and store, opened, and acts sent on their way."""

import asyncio
import os
import pwd
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hanbok.core.values import MicroWon
from hanbok.evidence.entry import Act
from hanbok.evidence.outbox import deliver, put
from hanbok.policy.organisations import Register
from hanbok.policy.people import People
from hanbok.settings.reading import Loaded, load
from hanbok.store.database import Store

_MICRO = 1_000_000


@contextmanager
def opened(config: Path | None, *, changes: bool = False) -> Generator[tuple[Loaded, Store]]:
    """Open the settings and the records. After `changes`, their acts go to the log."""
    loaded = load(config)
    store = Store.open(loaded.settings.store_url)
    try:
        yield loaded, store
        if changes:
            send(loaded, store)
    finally:
        store.close()


def send(loaded: Loaded, store: Store, acts: Sequence[Act] = ()) -> None:
    """Bring these acts, and those that wait, to the log: we write them, or the server that is running does."""
    if acts:
        with store.write() as connection:
            for act in acts:
                put(connection, act)
    settings = loaded.settings
    asyncio.run(deliver(store, settings.evidence_directory, settings.evidence.options()))


@contextmanager
def people(config: Path | None, *, changes: bool = False) -> Generator[People]:
    """Open the records of people and roles, as `opened` does."""
    with opened(config, changes=changes) as (_, store):
        yield People(store)


@contextmanager
def register(config: Path | None, *, changes: bool = False) -> Generator[Register]:
    """Open the register, as `opened` does."""
    with opened(config, changes=changes) as (_, store):
        yield Register(store)


def actor() -> str:
    """Return who runs the command, as the system knows them."""
    user = os.getuid()
    try:
        return f"cli:{pwd.getpwuid(user).pw_name}"
    except KeyError:
        return f"cli:{user}"


def micro(won: int | None) -> MicroWon | None:
    """Turn won into micro-won."""
    return None if won is None else won * _MICRO


def won(amount: MicroWon | None, *, json: bool) -> MicroWon | str | None:
    """Write money: for people in won, for programs in micro-won as in the log, so that sums are exact."""
    return amount if json or amount is None else f"{amount / _MICRO:,.0f}"
