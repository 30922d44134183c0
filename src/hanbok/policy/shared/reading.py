"""What is read of the log and the table before a machine joins. All but `read` blocks."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from hanbok.core.values import MicroWon
from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.journal import Journal
from hanbok.policy.books import Place
from hanbok.policy.errors import LimitsUnavailable

P = ParamSpec("P")
T = TypeVar("T")


async def read(what: Callable[P, T], *of: P.args, **more: P.kwargs) -> T:
    """Read files or tables in a thread. Raises LimitsUnavailable where neither the log nor the store has a name for
    what went wrong.
    """
    try:
        return await asyncio.to_thread(what, *of, **more)
    except (OSError, SQLAlchemyError) as error:
        raise LimitsUnavailable(why=type(error).__name__, retry_after=1) from error


def place_of(text: bytes) -> Place:
    """Return a place as Redis keeps it; empty: none of the log is in the table."""
    return Place(*map(int, text.split())) if text else Place()


def first_of(log: Journal) -> str:
    """Return the name of a log in the table; empty: it has no entry."""
    first = next(iter(log.read(0)), None)
    return first.digest if first else ""


def endings(log: Journal, since: int) -> dict[str, MicroWon | None]:
    """Return what calls cost of which the log has an outcome since then, and None for those with an intent alone."""
    found: dict[str, MicroWon | None] = {}
    for record in log.read(since):
        entry = record.entry
        if isinstance(entry, Outcome):
            found[entry.call] = entry.cost
        elif isinstance(entry, Intent):
            found.setdefault(entry.call)
    return found
