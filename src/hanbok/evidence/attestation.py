"""What only a person can say: entered as an act, so that the log proves who said it, when, and about which file."""

from hanbok.core.clock import stamp
from hanbok.core.values import Text
from hanbok.evidence.entry import Act
from hanbok.evidence.facts import proof_of
from hanbok.evidence.log import Record
from hanbok.evidence.report import Answer, Question, Status

ATTEST = "report.attest"
_LONGEST = 500


def attest(
    criterion: str, *, actor: str, by: str, text: str, organisation: str = "", file: str = "", until: str = ""
) -> Act:
    """Return the entry of an attestation. `criterion` is `REPORT/ID`, `file` the SHA-256 of a document, `until` the
    last Korean day on which it holds.
    """
    facts = {"by": by, "text": text[:_LONGEST]}
    facts |= {name: value for name, value in (("file", file), ("until", until)) if value}
    if organisation:
        facts["organisation"] = organisation
    return Act(at=stamp(), actor=actor, verb=ATTEST, object=criterion, facts=facts)


def standing(record: Record, question: Question) -> Answer:
    """Return what an attestation says of a period: one that has lapsed before the period's end counts no more."""
    entry = record.entry
    facts: dict[str, str] = getattr(entry, "facts", {})
    by, text, file, until = (facts.get(name, "") for name in ("by", "text", "file", "until"))
    proofs = (proof_of(record),)
    if until and until < question.until[:10]:
        return Answer(
            status=Status.MISSING,
            statement=Text(
                ko=f"{by}의 확인은 {until}에 끝났습니다.", en=f"the attestation by {by} lapsed on {until}."
            ),
            proofs=proofs,
        )
    document = f", SHA-256 {file}" if file else ""
    return Answer(
        status=Status.ATTESTED,
        statement=Text(ko=f"{by} 확인: {text}{document}", en=f"attested by {by}: {text}{document}"),
        proofs=proofs,
    )
