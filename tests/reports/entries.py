"""Entries of one call, for tests of what reports make of a log."""

from collections.abc import Iterable

from hanbok.evidence.entry import AnyEntry, Hop, Intent, Outcome
from hanbok.evidence.gather import gather
from hanbok.evidence.log import Record
from hanbok.evidence.report import KindFacts, LogState, Question, Setup
from hanbok.guard.kinds import kinds

QUESTION = Question(since="2026-10-01T00:00:00.000000+00:00", until="2026-11-01T00:00:00.000000+00:00")
SETUP = Setup(
    organisation="가온은행",
    made="2026-11-02T00:00:00.000000+00:00",
    version="0",
    log=LogState(ok=True, entries=1, head="0" * 64),
    kinds={
        key: KindFacts(label=one.label, category=one.category, article=one.article)
        for key, one in kinds().items()
    },
)


def at(day: int = 5, hour: int = 0, month: int = 10) -> str:
    return f"2026-{month:02d}-{day:02d}T{hour:02d}:00:00.000000+00:00"


def hop(endpoint: str = "abroad", zone: str = "foreign", form: str = "as_is", country: str = "US") -> Hop:
    return Hop(endpoint=endpoint, model="m", country=country, zone=zone, operator="x", form=form)


def intent(call: str, when: str = at(), **facts: object) -> Intent:
    given = {
        "organisation": "bank",
        "key": "k1",
        "person": "p1",
        "origin": "10.0.0.1",
        "route": "/v1/chat/completions",
        "model": "m",
        "grade": "O",
        "digest": "0" * 64,
        "plan": (hop(),),
        "policy": "v1",
    }
    return Intent(at=when, call=call, **(given | facts))


def outcome(call: str, when: str = at(), **facts: object) -> Outcome:
    given = {
        "status": "completed",
        "organisation": "bank",
        "key": "k1",
        "endpoint": "abroad",
        "received": "1" * 64,
        "steps": {"inspect": "ran", "inspect_reply": "ran", "mark": "header"},
    }
    return Outcome(at=when, call=call, **(given | facts))


def records(entries: Iterable[AnyEntry]) -> list[Record]:
    return [Record(index=index, digest=f"{index:064x}", entry=one) for index, one in enumerate(entries)]


def facts_of(*entries: AnyEntry, question: Question = QUESTION):
    return gather(iter(records(entries)), question)
