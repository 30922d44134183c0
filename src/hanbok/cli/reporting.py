"""What the verbs on evidence share: settings and store, opened, and acts sent on their way."""

import asyncio
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

from hanbok.building import judge_of, rules_of
from hanbok.core.clock import today
from hanbok.evidence.entry import Act
from hanbok.evidence.outbox import deliver, put
from hanbok.policy.cedar import CedarJudge
from hanbok.policy.changes import Changes
from hanbok.policy.governing import govern
from hanbok.settings.reading import Loaded, load
from hanbok.store.database import Store


@contextmanager
def opened(config: Path | None) -> Generator[tuple[Loaded, Store]]:
    """Open the settings and the store."""
    loaded = load(config)
    store = Store.open(loaded.settings.store_url)
    try:
        yield loaded, store
    finally:
        store.close()


def send(loaded: Loaded, store: Store, acts: Iterable[Act] = ()) -> None:
    """Put acts on their way to the log: we write them, or the server that is running does."""
    with store.write() as connection:
        for act in acts:
            put(connection, act)
    settings = loaded.settings
    asyncio.run(deliver(store, settings.evidence_directory, settings.evidence.options()))


def judge_in_force(loaded: Loaded, store: Store) -> CedarJudge:
    """Return the judge of the policies that govern today."""
    return judge_of(loaded, today(), govern(Changes(store), rules_of(loaded)))
