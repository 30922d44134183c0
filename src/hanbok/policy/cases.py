"""Cases of a policy file: who asks what of which place on which day, and what must come of it.

The cases of `ours.cedar` stand beside it in `ours.cases.toml`. A case names every policy that must forbid; without
`deny` it must be allowed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Final

import msgspec

from hanbok.core.values import DataUse, Destination, Form, Grade, Principal, Zone
from hanbok.policy.cedar import CedarJudge, load_judge
from hanbok.policy.circumstances import Circumstances, Use
from hanbok.policy.errors import PolicyInvalid
from hanbok.policy.pack import packs as known_packs
from hanbok.policy.ruling import Question

SUFFIX: Final = ".cases.toml"
_FOLDER = files("hanbok.policy") / "packs"
_DAY = timedelta(days=1)
_PLAIN: Final = Circumstances()


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Place(_Part, frozen=True, kw_only=True):
    """Facts of an endpoint."""

    zone: Zone
    country: str = "KR"
    operator: str = "operator"
    trains: bool = False
    retention_days: int | None = None
    basis: str = ""
    certificates: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()

    def destination(self, name: str) -> Destination:
        """Return it under this name."""
        use = DataUse(trains=self.trains, retention_days=self.retention_days, basis=self.basis)
        return Destination(
            endpoint=name,
            country=self.country,
            zone=self.zone,
            operator=self.operator,
            data_use=use,
            certificates=self.certificates,
            lapsed=self.lapsed,
        )


class Who(_Part, frozen=True, kw_only=True):
    organisation: str = "org"
    key: str = "key"
    team: str = ""
    person: str = ""
    application: str = ""


class Case(_Part, frozen=True, kw_only=True):
    says: str
    to: str
    """Name of a place of the file."""
    on: date | None = None
    """None: the file's day."""
    found: tuple[str, ...] = ()
    grade: Grade | None = None
    """None: S where something was found, O otherwise."""
    form: Form = Form.AS_IS
    unread: bool = False
    model: str = "model"
    who: Who = Who()
    deny: Mapping[str, str] = {}
    """Id of each policy that must forbid, with the article that it must cite."""
    starts: bool = False
    """The day is the first one of those policies: the day before, none of them may forbid."""


class Cases(_Part, frozen=True, kw_only=True):
    """A file of cases."""

    on: date
    packs: tuple[str, ...] = ()
    """Law packs that are in force beside the file's own policies and `house`."""
    places: dict[str, Place]
    uses: dict[str, dict[str, bool]] = {}
    csap: dict[Grade, int] | None = None
    case: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a case."""

    file: str
    says: str
    expected: Mapping[str, str]
    found: Mapping[str, str]
    """The policies that forbade, with their articles; of the day before, where `eve`."""
    allowed: bool
    eve: bool = False

    @property
    def good(self) -> bool:
        """Whether it came as it must."""
        if self.eve:
            return not self.expected.keys() & self.found.keys()
        return self.expected == self.found and self.allowed is not bool(self.expected)


def read_cases(file: str, text: str) -> Cases:
    """Read a file of cases. Raises PolicyInvalid."""
    try:
        cases = msgspec.toml.decode(text, type=Cases)
    except (msgspec.MsgspecError, ValueError) as error:
        raise PolicyInvalid(file=file, line=_line(str(error)), why=str(error)) from None
    for case in cases.case:
        if case.to not in cases.places:
            raise PolicyInvalid(file=file, line=_at(text, case.says), why=f"there is no place {case.to!r}")
    return cases


def pack_cases(name: str) -> Cases:
    """Return the cases of a law pack. Raises PolicyInvalid."""
    file = _FOLDER / f"{name}{SUFFIX}"
    return read_cases(file.name, file.read_text(encoding="utf-8"))


def try_pack(name: str) -> Iterator[Tried]:
    """Try the cases of a law pack, which is in force alone but for the door's own rules."""
    return try_cases(f"{name}{SUFFIX}", pack_cases(name), {}, (name,))


def try_cases(
    file: str,
    cases: Cases,
    texts: Mapping[str, str],
    packs: tuple[str, ...] = (),
    circumstances: Circumstances = _PLAIN,
) -> Iterator[Tried]:
    """Try cases against policy texts (by file name) and packs, in these circumstances where the file tells none of
    its own. Raises PolicyInvalid, PolicyBroken.
    """
    if unknown := sorted({*packs, *cases.packs} - set(known_packs())):
        raise PolicyInvalid(file=file, line=1, why=f"there is no pack {unknown[0]!r}")
    circumstances = Circumstances(
        uses={name: _use(file, name, facts) for name, facts in cases.uses.items()} or circumstances.uses,
        csap=cases.csap or circumstances.csap,
    )
    judges: dict[date, CedarJudge] = {}

    def judge_of(day: date) -> CedarJudge:
        if day not in judges:
            judges[day] = load_judge((*packs, *cases.packs), texts, day, circumstances=circumstances)
        return judges[day]

    for case in cases.case:
        question, day = _question(case, cases), case.on or cases.on
        yield _tried(file, case, judge_of(day), question, eve=False)
        if case.starts:
            yield _tried(file, case, judge_of(day - _DAY), question, eve=True)


def _tried(file: str, case: Case, judge: CedarJudge, question: Question, *, eve: bool) -> Tried:
    ruling = judge.rule(question)
    found = {} if ruling.allowed else {clause.id: clause.article for clause in ruling.clauses}
    return Tried(
        file=file, says=case.says, expected=dict(case.deny), found=found, allowed=ruling.allowed, eve=eve
    )


def _question(case: Case, cases: Cases) -> Question:
    who, found = case.who, frozenset(case.found)
    return Question(
        principal=Principal(
            organisation=who.organisation,
            key=who.key,
            team=who.team,
            person=who.person,
            application=who.application,
        ),
        destination=cases.places[case.to].destination(case.to),
        model=case.model,
        grade=case.grade or (Grade.SENSITIVE if found else Grade.OPEN),
        kinds=found,
        form=case.form,
        unread=case.unread,
    )


def _use(file: str, name: str, facts: Mapping[str, bool]) -> Use:
    try:
        return Use(**facts)
    except TypeError:
        raise PolicyInvalid(file=file, line=1, why=f"the use {name!r} has an unknown fact") from None


def _line(problem: str) -> int:
    """Return the line that a problem of TOML names."""
    words = problem.replace(",", " ").split()
    return int(words[words.index("line") + 1]) if "line" in words[:-1] else 1


def _at(text: str, words: str) -> int:
    return text.count("\n", 0, max(text.find(words), 0)) + 1
