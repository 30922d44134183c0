"""What docs/design/policy.md says of policy is what the packs do."""

import re
from datetime import date
from pathlib import Path

import pytest

from hanbok.core.values import DataUse, Destination, Form, Grade, Principal, Zone
from hanbok.policy.cedar import load_judge
from hanbok.policy.pack import packs
from hanbok.policy.plan import plan

TEXT = (Path(__file__).parents[2] / "docs/design/policy.md").read_text(encoding="utf-8")
DAY = date(2026, 11, 22)
JUDGE = load_judge(("pipa", "credit_information", "efsr", "n2sf", "network"), {}, DAY)
CALLER = Principal(organisation="bank", key="k", team="loans")
PLACES = [
    Destination(endpoint=zone, country=country, zone=zone, operator="o", data_use=DataUse(trains=False))
    for zone, country in [(Zone.HOME, "KR"), (Zone.DOMESTIC, "KR"), (Zone.FOREIGN, "US")]
]


def table(title: str) -> list[list[str]]:
    section = TEXT.split(f"## {title}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def grade_and_kinds(found: str) -> list[tuple[Grade, frozenset[str]]]:
    if match := re.search(r"grade ([OSC])", found):
        return [(Grade(match[1]), frozenset())]
    return [(Grade.SENSITIVE, frozenset({kind})) for kind in re.findall(r"[A-Z_]{2,}", found)]


CASES = [
    pytest.param(grade, kinds, place, cell, id=f"{' '.join(kinds) or grade}-{place.zone}")
    for found, *cells in table("What the default packs say")
    for grade, kinds in grade_and_kinds(found)
    for place, cell in zip(PLACES, cells, strict=True)
]


@pytest.mark.parametrize(("grade", "kinds", "place", "cell"), CASES)
def test_the_table_of_the_default_packs_is_true(
    grade: Grade, kinds: frozenset[str], place: Destination, cell: str
) -> None:
    outcome, _, article = cell.partition(", ")
    made = plan(JUDGE, CALLER, [(place, "m")], grade, kinds)
    if outcome == "refused":
        assert made.refusal is not None
        cited = made.refusal.clauses
    else:
        (choice,) = made.choices
        assert choice.form is (Form.AS_IS if outcome == "as is" else Form.PSEUDONYMISED)
        cited = choice.because
    assert not article or any(article in clause.article for clause in cited)


def test_the_table_of_packs_lists_them_all() -> None:
    assert sorted(row[0].strip("`") for row in table("Packs")) == packs()


@pytest.mark.parametrize("row", table("A basis on record"), ids=lambda row: row[0])
def test_the_bases_lift_the_rules_that_they_are_said_to_lift(row: list[str]) -> None:
    names = row[0].strip("`").rstrip("*")
    rules = [policy for policy in JUDGE.policies if policy.clause.id.startswith(names)]
    patterns = {pattern for rule in rules for pattern in re.findall(r'basis like "([^"]+)"', rule.text)}
    assert patterns
    for basis in re.findall("`([^`]+)`", row[1]):
        whole = basis if "법" in basis else f"개인정보 보호법 {basis}"
        assert any(re.fullmatch(pattern.replace("*", ".*"), whole) for pattern in patterns), whole


@pytest.mark.parametrize("block", re.findall(r"```cedar\n(.*?)```", TEXT, re.DOTALL))
def test_the_examples_can_be_put_in_force(block: str) -> None:
    judge = load_judge(("pipa",), {"example.cedar": block}, date(2026, 6, 1))
    (name,) = re.findall(r'@id\("([^"]+)"\)', block)
    assert [policy.file for policy in judge.policies if policy.clause.id == name] == ["example.cedar"]


def test_the_example_lets_masked_texts_go_as_far_as_a_cloud_in_korea() -> None:
    _, block = re.findall(r"```cedar\n(.*?)```", TEXT, re.DOTALL)
    judge = load_judge(("pipa",), {"example.cedar": block}, DAY)
    made = plan(judge, CALLER, [(place, "m") for place in PLACES], Grade.SENSITIVE, frozenset({"RRN"}))
    assert [(one.index, one.form) for one in made.choices] == [(0, Form.PSEUDONYMISED), (1, Form.MASKED)]
