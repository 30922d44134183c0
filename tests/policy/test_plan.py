"""A plan tries forms from least to most altered, target by target."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from hanbok.core.values import Destination, Form, Grade, Principal, Text, Zone
from hanbok.policy.errors import PolicyBroken, Refused
from hanbok.policy.plan import plan
from hanbok.policy.ruling import Clause, Question, Ruling

CALLER = Principal(organisation="bank", key="k")
YES = Clause(id="yes", article="", reason=Text(ko="예", en="yes"))
NO = Clause(id="no", article="개인정보 보호법 제28조의8", reason=Text(ko="안 됩니다.", en="No."))


def place(name: str) -> Destination:
    return Destination(endpoint=name, country="KR", zone=Zone.DOMESTIC, operator="o")


TARGETS = [(place("a"), "m1"), (place("b"), "m2")]


@dataclass
class Scripted:
    allows: Callable[[Question], bool]
    asked: list[tuple[str, Form]] = field(default_factory=list)
    version: str = "1"

    def rule(self, question: Question) -> Ruling:
        self.asked.append((question.destination.endpoint, question.form))
        allowed = self.allows(question)
        no = Clause(id=f"no.{question.form}", article=NO.article, reason=NO.reason)
        return Ruling(allowed=allowed, clauses=(YES if allowed else no,))


def test_each_target_is_planned_in_its_least_altered_form() -> None:
    judge = Scripted(lambda q: q.destination.endpoint == "b" or q.form is Form.MASKED)
    made = plan(judge, CALLER, TARGETS, Grade.SENSITIVE, frozenset({"PHONE"}))
    assert [(one.index, one.form, [c.id for c in one.because]) for one in made.choices] == [
        (0, Form.MASKED, ["no.pseudonymised"]),
        (1, Form.AS_IS, []),
    ]
    assert all(one.clauses == (YES,) for one in made.choices)
    assert made.refusal is None
    assert judge.asked == [
        ("a", Form.AS_IS),
        ("a", Form.PSEUDONYMISED),
        ("a", Form.MASKED),
        ("b", Form.AS_IS),
    ]


def test_the_refusal_is_what_stands_even_in_the_way_of_the_most_altered_form() -> None:
    judge = Scripted(lambda q: q.destination.endpoint == "b")
    made = plan(judge, CALLER, TARGETS, Grade.SENSITIVE, frozenset({"RRN"}))
    assert [one.index for one in made.choices] == [1]
    assert made.refusal is not None
    assert [clause.id for clause in made.refusal.clauses] == ["no.masked"]


def test_where_nothing_was_found_only_the_text_as_it_is_comes_into_question() -> None:
    judge = Scripted(lambda _: False)
    made = plan(judge, CALLER, TARGETS, Grade.CLASSIFIED, frozenset())
    assert made.choices == ()
    assert judge.asked == [("a", Form.AS_IS), ("b", Form.AS_IS)]


def test_no_targets_no_plan() -> None:
    made = plan(Scripted(lambda _: True), CALLER, [], Grade.OPEN, frozenset())
    assert (made.choices, made.refusal) == ((), None)


def test_a_broken_policy_ends_the_planning() -> None:
    def fail(_: Question) -> bool:
        raise PolicyBroken(policies="x")

    with pytest.raises(PolicyBroken):
        plan(Scripted(fail), CALLER, TARGETS, Grade.OPEN, frozenset())


def test_a_refusal_cites_the_articles_in_both_languages() -> None:
    error = Refused.by(Ruling(allowed=False, clauses=(NO, NO, YES)))
    assert str(error) == "No. No. yes (개인정보 보호법 제28조의8)"
    assert error.facts["articles"] == "개인정보 보호법 제28조의8"
    assert error.facts["policies"] == "no, no, yes"


def test_a_refusal_by_the_house_names_the_policy_and_one_by_default_says_so() -> None:
    house = Refused.by(Ruling(allowed=False, clauses=(YES,)))
    assert str(house) == "yes (yes)"
    assert house.facts["articles"] == ""
    assert "No policy permits" in str(Refused.by(Ruling(allowed=False, clauses=())))
