"""The policy that the documentation shows for hidden instructions does what it says."""

import re
from datetime import date

import pytest

from architecture.tree import ROOT
from hanbok.core.values import Destination, Form, Grade, Principal, Zone
from hanbok.policy.cedar import load_judge
from hanbok.policy.ruling import Question

PLACES = {
    zone: Destination(endpoint="e", country="US" if zone is Zone.FOREIGN else "KR", zone=zone, operator="o")
    for zone in Zone
}


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize(
    ("zone", "kinds", "allowed"),
    [
        (Zone.FOREIGN, {"INJECTION"}, False),
        (Zone.DOMESTIC, {"INJECTION"}, False),
        (Zone.HOME, {"INJECTION"}, True),
        (Zone.FOREIGN, set(), True),
    ],
)
def test_a_text_with_hidden_instructions_stays_at_home(language, zone, kinds, allowed):
    page = (ROOT / "docs" / language / "how-to" / "injection.md").read_text("utf-8")
    [policy] = re.findall(r"<<'END'\n(@id.*?)\nEND", page, re.DOTALL)
    judge = load_judge((), {"injection.cedar": policy}, date(2026, 11, 22))
    question = Question(
        principal=Principal(organisation="o", key="k"),
        destination=PLACES[zone],
        model="m",
        grade=Grade.OPEN,
        kinds=frozenset(kinds),
        form=Form.MASKED,
    )
    ruling = judge.rule(question)
    assert ruling.allowed is allowed
    if not allowed:
        assert [one.id for one in ruling.clauses] == ["own.injection"]
