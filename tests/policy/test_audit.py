"""What auditors find in a long log: all of their own, once, page by page, without reading it from the start."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from hanbok.evidence.entry import GONE, Act, AnyEntry, Intent, Outcome, Refusal
from hanbok.evidence.log import Record
from hanbok.policy import audit
from hanbok.policy.audit import Question, find_acts, find_calls, first_at

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def at(minutes: float) -> str:
    return (BEGIN + timedelta(minutes=minutes)).isoformat(timespec="microseconds")


class Kept:
    """A log in memory that counts what is read of it."""

    def __init__(self, entries: Sequence[AnyEntry]) -> None:
        self.entries = entries
        self.read_count = 0

    @property
    def size(self) -> int:
        return len(self.entries)

    def read(self, start: int = 0) -> Iterator[Record]:
        for index in range(start, len(self.entries)):
            self.read_count += 1
            yield Record(index=index, digest="", entry=self.entries[index])


def intent(number: int, organisation: str = "bank", **other: object) -> Intent:
    fields: dict[str, object] = {
        "at": at(number),
        "call": f"call-{number}",
        "organisation": organisation,
        "key": "key_1",
        "route": "/v1/chat/completions",
        "model": "m",
        "grade": "O",
        "digest": "",
        "plan": (),
        "policy": "",
    }
    return Intent(**fields | other)


def outcome(number: int, organisation: str = "bank", status: str = "completed") -> Outcome:
    return Outcome(
        at=at(number + 0.5), call=f"call-{number}", status=status, organisation=organisation, key="key_1"
    )


def month() -> list[AnyEntry]:
    """A call a minute, alternately of two organisations, each ended half a minute later, and an act each hour."""
    entries: list[AnyEntry] = []
    for number in range(600):
        whose = "bank" if number % 2 else "broker"
        kinds = {"PHONE": 1} if number % 10 == 1 else {}
        person = "kim" if number % 4 == 1 else "lee"
        entries += [
            intent(number, whose, findings=kinds, person=person),
            outcome(number, whose),
        ]
        if not number % 60:
            act = Act(at=at(number), actor="t", verb="key.create", object="k", organisation=whose)
            entries.append(act)
    return entries


def every_call(log: Kept, question: Question, limit: int) -> list[str]:
    found: list[str] = []
    start: int | None = None
    while True:
        page = find_calls(log, question, start, limit)
        assert len(page.calls) <= limit
        assert all(call.outcome is not None for call in page.calls if isinstance(call.began, Intent))
        found += [call.began.call for call in page.calls]
        if page.next is None:
            return found
        assert start is None or page.next > start
        start = page.next


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize("scanned", [50, 50_000])
def test_pages_together_hold_each_call_once(
    monkeypatch: pytest.MonkeyPatch, limit: int, scanned: int
) -> None:
    monkeypatch.setattr(audit, "SCANNED", scanned)
    found = every_call(Kept(month()), Question(organisation="bank"), limit)
    assert found == [f"call-{number}" for number in range(600) if number % 2]


@pytest.mark.parametrize(
    ("question", "fits"),
    [
        ({"person": "kim"}, lambda n: n % 4 == 1),
        ({"kind": "PHONE"}, lambda n: n % 10 == 1),
        ({"kind": "PHONE", "person": "kim"}, lambda n: n % 10 == 1 and n % 4 == 1),
        ({"key": "key_2"}, lambda n: n < 0),
        ({"since": BEGIN + timedelta(minutes=301)}, lambda n: n >= 301),
        ({"until": BEGIN + timedelta(minutes=301)}, lambda n: n < 301),
        (
            {"since": BEGIN + timedelta(minutes=100), "until": BEGIN + timedelta(minutes=110)},
            lambda n: 100 <= n < 110,
        ),
    ],
)
def test_what_is_asked_for_is_found_and_nothing_else(question: dict[str, object], fits: object) -> None:
    found = every_call(Kept(month()), Question(organisation="bank", **question), 50)
    assert found == [f"call-{n}" for n in range(600) if n % 2 and fits(n)]


def test_acts_are_found_by_organisation_and_by_how_their_verb_begins() -> None:
    log = Kept(month())
    assert len(find_acts(log, Question(organisation="broker"), None, 200).acts) == 10
    assert find_acts(log, Question(organisation="bank"), None, 200).acts == []
    assert find_acts(log, Question(organisation="broker", verb="role."), None, 200).acts == []
    page = find_acts(log, Question(organisation="broker", verb="key."), None, 4)
    rest = find_acts(log, Question(organisation="broker", verb="key."), page.next, 200)
    assert (len(page.acts), len(rest.acts)) == (4, 6)


def test_a_time_is_found_without_reading_the_log_from_its_start() -> None:
    log = Kept(month())
    since = BEGIN + timedelta(minutes=500)
    begin = first_at(log, since, log.size)
    assert log.read_count < 40
    first = next(index for index, entry in enumerate(log.entries) if entry.at >= at(500))
    assert begin <= first
    assert first - begin < 20


@pytest.mark.parametrize("gone", [range(300), range(0, 1200, 2), range(400, 900)])
def test_a_time_is_found_among_entries_whose_own_is_over(gone: range) -> None:
    entries: list[AnyEntry] = [GONE if index in gone else entry for index, entry in enumerate(month())]
    since = BEGIN + timedelta(minutes=350)
    begin = first_at(Kept(entries), since, len(entries))
    there = [index for index, entry in enumerate(entries) if entry.at >= at(350)]
    assert begin <= there[0]
    question = Question(organisation="bank", since=since)
    found = find_calls(Kept(entries), question, None, 10_000).calls
    assert [call.index for call in found] == [
        index
        for index in there
        if isinstance(entries[index], Intent) and getattr(entries[index], "organisation", "") == "bank"
    ]


def test_a_refusal_is_a_call_and_one_under_way_has_no_end() -> None:
    refusal = Refusal(at=at(1), call="call-r", organisation="bank", route="/", code="policy_refused")
    page = find_calls(Kept([refusal, intent(2)]), Question(organisation="bank"), None, 10)
    assert [(one.began.call, one.outcome) for one in page.calls] == [("call-r", None), ("call-2", None)]


def test_an_end_of_another_call_of_the_same_name_is_not_taken() -> None:
    """The names of calls are the server's own; an outcome belongs to the intent before it."""
    log = Kept([outcome(1), intent(1), outcome(1, status="failed")])
    (call,) = find_calls(log, Question(organisation="bank"), None, 10).calls
    assert call.outcome is not None
    assert call.outcome.status == "failed"
