"""What verbs that change organisations and keys share: the register, opened, and the acts sent on their way."""

import asyncio
import os
import pwd
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from hanbok.core.values import MicroWon
from hanbok.evidence.outbox import deliver
from hanbok.policy.organisations import Register
from hanbok.policy.people import People
from hanbok.settings.reading import load
from hanbok.settings.settings import Settings
from hanbok.store.database import Store

_MICRO = 1_000_000


@contextmanager
def opened(config: Path | None, *, changes: bool = False) -> Generator[tuple[Store, Settings]]:
    """Open the records. After `changes`, their acts go to the log: by us, or by the server that is running."""
    settings = load(config).settings
    store = Store.open(settings.store_url)
    try:
        yield store, settings
        if changes:
            asyncio.run(deliver(store, settings.evidence_directory, settings.evidence.options()))
    finally:
        store.close()


@contextmanager
def people(config: Path | None, *, changes: bool = False) -> Generator[People]:
    """Open the records of people and roles, as `opened` does."""
    with opened(config, changes=changes) as (store, _):
        yield People(store)


@contextmanager
def register(config: Path | None, *, changes: bool = False) -> Generator[Register]:
    """Open the register, as `opened` does."""
    with opened(config, changes=changes) as (store, _):
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
