"""One pass over the log, from its first entry to its last: what was granted before the period still holds in it, and a
call of the period may end after it.
"""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Final, TypeVar

from hanbok.core.values import Form
from hanbok.evidence.entry import Deed, Gone, Hop, Intent, Outcome, Refusal
from hanbok.evidence.facts import Account, Facts, Flow, Tally, Where, Who
from hanbok.evidence.log import Record
from hanbok.evidence.persons import PersonsOf, nobody
from hanbok.evidence.report import Question

_Key = TypeVar("_Key")
_ORIGINS = 12
NOTHING_SENT: Final = frozenset(
    {
        "egress_forbidden", "endpoint_unavailable", "local_extra_missing", "model_died", "model_starting",
        "release_base_differs", "release_not_served", "release_unusable", "unsupported_request",
        "upstream_unreachable", "weights_not_kept", "weights_unusable",
    }
)  # fmt: skip
"""Codes of attempts after which the place has seen nothing."""
_JUDGED = "judged "


def gather(records: Iterable[Record], question: Question, persons_of: PersonsOf = nobody) -> Facts:
    """Return the facts of a period. Holds the open calls and the counts, never the entries."""
    reading = _Reading(Facts(question=question), persons_of)
    for record in records:
        reading.note(record)
    reading.end()
    return reading.facts


class _Reading:
    def __init__(self, facts: Facts, persons_of: PersonsOf) -> None:
        self.facts = facts
        self._persons_of = persons_of
        self._open: dict[str, Record] = {}
        """Calls of ours that began in the period."""
        self._others: set[str] = set()
        """Open calls that are not: their outcomes are no orphans."""

    def note(self, record: Record) -> None:
        """Take up one entry."""
        facts, entry = self.facts, record.entry
        facts.read.note(record)
        asked = facts.question
        within = asked.since <= entry.at < asked.until
        if isinstance(entry, Gone):
            facts.gone.note(record)
        elif isinstance(entry, Outcome):
            self._end_of(record, entry, within=within)
        elif isinstance(entry, Deed):
            self._act(record, entry, within=within)
        elif not within or not self._ours(entry.organisation):
            if isinstance(entry, Intent):
                self._others.add(entry.call)
        elif isinstance(entry, Intent):
            self._open[entry.call] = record
            self._intent(record, entry)
        else:
            self._refusal(record, entry)

    def _end_of(self, record: Record, entry: Outcome, *, within: bool) -> None:
        began = self._open.pop(entry.call, None)
        if began is not None and isinstance(began.entry, Intent):
            self._outcome(record, entry, began, began.entry)
        elif entry.call in self._others:
            self._others.discard(entry.call)
        elif within and self._ours(entry.organisation):
            self.facts.orphans.note(record)

    def _act(self, record: Record, entry: Deed, *, within: bool) -> None:
        if entry.at < self.facts.question.until and self._concerns(entry):
            self.facts.standing[entry.verb, entry.object] = record
            if within:
                _count(self.facts.acts, entry.verb, record)

    def end(self) -> None:
        """Count what was never closed; of those calls, only the plan tells where they may have gone."""
        for record in self._open.values():
            self.facts.unclosed.note(record)
            if isinstance(record.entry, Intent):
                self._reached(record.entry.plan, record, record.entry, unsure=True)

    def _ours(self, organisation: str) -> bool:
        return self.facts.question.organisation in {"", organisation}

    def _concerns(self, act: Deed) -> bool:
        """Another organisation's acts are none of ours; those on the whole server are everybody's."""
        asked = self.facts.question.organisation
        named = act.organisation or act.facts.get("organisation", "")
        return not asked or not named or named == asked

    def _intent(self, record: Record, entry: Intent) -> None:
        facts = self.facts
        facts.intents.note(record)
        _count(facts.policies, entry.policy, record)
        account = self._account(_sender(entry), entry.origin)
        account.calls.note(record)
        for kind in entry.findings:
            _count(facts.kinds, kind, record)
            _count(account.kinds, kind, record)
        self._five(record, who=entry.key, origin=entry.origin, what=entry.route)

    def _refusal(self, record: Record, entry: Refusal) -> None:
        facts = self.facts
        facts.refusals.note(record)
        _count(facts.refused_by, entry.code, record)
        for policy in entry.policies:
            _count(facts.forbidden_by, policy, record)
        for kind in entry.findings:
            _count(facts.kinds, kind, record)
        if entry.key:
            account = self._account(Who(entry.organisation, entry.key), entry.origin)
            account.refused.note(record)
        self._five(record, who=entry.key or entry.code, origin=entry.origin, what=entry.route)

    def _five(self, record: Record, *, who: str, origin: str, what: str) -> None:
        told = {"account": who, "time": record.entry.at, "origin": origin, "action": what}
        for item, value in told.items():
            if not value:
                _count(self.facts.incomplete, item, record)

    def _account(self, who: Who, origin: str) -> Account:
        account = self.facts.accounts.setdefault(who, Account())
        if origin and len(account.origins) < _ORIGINS:
            account.origins.add(origin)
        return account

    def _outcome(self, record: Record, entry: Outcome, began: Record, intent: Intent) -> None:
        facts = self.facts
        _count(facts.outcomes, entry.status, record)
        if entry.status == "completed" and not entry.received:
            facts.unsealed.note(record)
        for kind in entry.reply_findings:
            _count(facts.reply_kinds, kind, record)
        for step, did in entry.steps.items():
            _count(facts.steps, (step, _word(step, did)), record)
        if entry.status == "crashed":
            self._reached(intent.plan, began, intent, unsure=True)
            return
        sent, answered, tried = _ends(entry)
        self._reached([hop for hop in intent.plan if hop.endpoint in sent], record, intent, answered)
        for where in {_where(hop) for hop in intent.plan if hop.endpoint in tried - sent}:
            _count(facts.missed, where, record)

    def _reached(
        self,
        hops: Iterable[Hop],
        record: Record,
        intent: Intent,
        answered: AbstractSet[str] = frozenset(),
        *,
        unsure: bool = False,
    ) -> None:
        facts = self.facts
        sender = _sender(intent)
        for hop in {_where(hop): hop for hop in hops}.values():
            flow = facts.flows.setdefault(_where(hop), Flow())
            flow.calls.note(record)
            flow.unsure += unsure
            flow.answered += hop.endpoint in answered
            _count(flow.senders, sender, record)
            for kind in intent.findings:
                _count(flow.kinds, kind, record)
            _count(facts.grades, (intent.grade, hop.zone, hop.form), record)
            if facts.question.endpoint == hop.endpoint:
                for person in self._persons_of(intent.organisation, intent.call):
                    _count(facts.subjects, person, record)
                    if hop.form == Form.AS_IS:
                        facts.exposed.add(person)


def _ends(entry: Outcome) -> tuple[set[str], set[str], set[str]]:
    """Return the endpoints that were sent the request, those of them that answered, and all that were tried."""
    attempts = [one.partition(":") for one in entry.attempts]
    tried = {entry.endpoint, *(endpoint for endpoint, _, _ in attempts)}
    sent = {endpoint for endpoint, _, code in attempts if code not in NOTHING_SENT}
    # What was used may have answered, and the code be that of a judge behind it.
    if entry.code not in NOTHING_SENT or entry.input or entry.output:
        sent.add(entry.endpoint)
    answered = {endpoint for endpoint, _, code in attempts if code.startswith(_JUDGED)}
    if entry.status in {"completed", "cut"}:
        answered.add(entry.endpoint)
    return sent, answered, tried


def _sender(intent: Intent) -> Who:
    return Who(intent.organisation, intent.key, intent.team, intent.person, intent.application)


def _where(hop: Hop) -> Where:
    return Where(hop.endpoint, hop.country, hop.zone, hop.operator, hop.form)


def _word(step: str, did: str) -> str:
    if did.startswith("not run"):
        return "not run"
    if step == "inspect" and "not read" in did:
        return "part"
    return did.partition(" ")[0].rstrip(";,")


def _count(counts: dict[_Key, Tally], key: _Key, record: Record) -> None:
    counts.setdefault(key, Tally()).note(record)
