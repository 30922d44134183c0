"""A bank's records in each kind of database, and several who change them at once."""

import threading
from collections.abc import Callable, Iterator

import pytest

from hanbok.core.errors import HanbokError
from hanbok.policy.organisations import Register
from hanbok.store.database import Store
from store.conftest import postgres, url

__all__ = ["at_once", "postgres", "store", "url"]  # fixtures, but for the first


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store.open(url)
    Register(opened).create_organisation("bank", actor="t")
    yield opened
    opened.close()


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run all of them at once; return what each returned or raised."""
    ends: list[object] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            ends.append(act())
        except HanbokError as error:
            ends.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends
