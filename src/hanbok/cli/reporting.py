"""What the verbs on evidence share: the log read and checked, the registers, and acts sent on their way."""

import asyncio
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from hanbok.building import judge_of, today
from hanbok.evidence.documents import Documents
from hanbok.evidence.entry import Act
from hanbok.evidence.log import Record
from hanbok.evidence.outbox import deliver, put
from hanbok.evidence.report import LogState, Setup
from hanbok.evidence.segments import lines, open_record
from hanbok.evidence.usecases import UseCases
from hanbok.evidence.verify import verify
from hanbok.guard.custom import CustomType, as_kind
from hanbok.guard.kinds import Kind, kinds
from hanbok.policy.organisations import Register
from hanbok.settings.reading import Loaded, load
from hanbok.settings.report_setup import report_setup
from hanbok.settings.settings import Settings
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


def uses_of(loaded: Loaded, store: Store) -> UseCases:
    """Return the register of uses of AI."""
    return UseCases(store, Documents(documents_folder(loaded.settings)))


def documents_folder(settings: Settings) -> Path:
    """Return where documents are kept."""
    return settings.reports.documents or settings.state / "documents"


def send(loaded: Loaded, store: Store, acts: Iterable[Act] = ()) -> None:
    """Put acts on their way to the log: we write them, or the server that is running does."""
    with store.write() as connection:
        for act in acts:
            put(connection, act)
    asyncio.run(deliver(store, loaded.settings.evidence_directory))


def records(folder: Path) -> Iterator[Record]:
    """Yield every entry of a log from its files."""
    return map(open_record, lines(folder))


def checked(folder: Path) -> LogState:
    """Verify the log and say what came of it."""
    found = verify(folder)
    fault = found.fault
    told = f"{fault.file}:{fault.line} {fault.flaw} ({fault.index})" if fault else ""
    return LogState(ok=found.ok, entries=found.entries, head=found.root, fault=told)


def setup_of(
    loaded: Loaded, store: Store, log: LogState, organisation: str, day: date | None = None
) -> Setup:
    """Return what settings and registers say now."""
    settings = loaded.settings
    judge = judge_of(loaded, day or today())
    uses = uses_of(loaded, store).all(organisation)
    digests = [document.digest for one in uses for document in one.documents]
    return report_setup(
        settings,
        log=log,
        policies=judge.policies,
        policy=judge.version,
        kinds=kinds_of(settings),
        keys=[card.key for card in Register(store).cards(organisation or None)],
        usecases=uses,
        documents=Documents(documents_folder(settings)).check(digests),
    )


def kinds_of(settings: Settings) -> dict[str, Kind]:
    """Return every kind of data, the organisation's own among them."""
    own = {
        one.name: as_kind(
            CustomType(
                kind=one.name,
                pattern=one.pattern,
                check=one.check,
                context=one.context,
                like=one.like,
                label=one.label,
            )
        )
        for one in settings.guard.custom
    }
    return {**kinds(), **own}
