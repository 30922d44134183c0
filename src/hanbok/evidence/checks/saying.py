"""Short ways to make an answer."""

from collections.abc import Iterable

from hanbok.core.values import Text
from hanbok.evidence.facts import Tally, merge, proof_of
from hanbok.evidence.log import Record
from hanbok.evidence.report import Answer, Proof, Status


def proven(tally: Tally, ko: str, en: str) -> Answer:
    """Answer from the entries of a tally."""
    return Answer(status=Status.PROVEN, statement=Text(ko=ko, en=en), proofs=tally.proofs)


def contradicted(tally: Tally, ko: str, en: str) -> Answer:
    """Answer with the entries that show the opposite."""
    return Answer(status=Status.CONTRADICTED, statement=Text(ko=ko, en=en), proofs=tally.proofs)


def configured(ko: str, en: str, proofs: tuple[Proof, ...] = ()) -> Answer:
    """Answer from settings or registers."""
    return Answer(status=Status.CONFIGURED, statement=Text(ko=ko, en=en), proofs=proofs)


def missing(ko: str, en: str) -> Answer:
    """Say that there is no evidence."""
    return Answer(status=Status.MISSING, statement=Text(ko=f"증거가 없습니다: {ko}", en=f"no evidence: {en}"))


def no_calls() -> Answer:
    """Say that nothing happened in the period, so that nothing can be shown."""
    return missing("이 기간에 기록된 호출이 없습니다.", "no call is on record in this period.")


def together(tallies: Iterable[Tally]) -> Tally:
    """Return several tallies as one."""
    whole = Tally()
    for tally in tallies:
        merge(whole, tally)
    return whole


def proofs_of(records: Iterable[Record], most: int = 4) -> tuple[Proof, ...]:
    """Return the links to the last few of these entries."""
    return tuple(proof_of(record) for record in list(records)[-most:])
