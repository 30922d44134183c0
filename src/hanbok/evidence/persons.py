"""Whose data a call held: by the keyed index that the vault keeps beside contents, so a number without a name."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeAlias

from sqlalchemy import select

from hanbok.store.database import Store
from hanbok.vault.tables import contents_metadata, schema_of, subjects

PersonsOf: TypeAlias = Callable[[str, str], tuple[str, ...]]
"""Returns the keyed index of each identifier in a call: (organisation, call)."""


def nobody(_organisation: str, _call: str) -> tuple[str, ...]:
    """Where no index is kept."""
    return ()


@contextmanager
def index_of_persons(url: str) -> Generator[PersonsOf]:
    """Open the index in the contents' database; an empty URL: there is none."""
    if not url:
        yield nobody
        return
    store = Store.open(url, schema_of(contents_metadata))
    try:
        with store.read() as connection:

            def persons_of(organisation: str, call: str) -> tuple[str, ...]:
                here = (subjects.c.organisation == organisation) & (subjects.c.call == call)
                return tuple(connection.execute(select(subjects.c.tag).where(here).distinct()).scalars())

            yield persons_of
    finally:
        store.close()
