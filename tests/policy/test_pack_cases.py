"""Every law pack has a file of cases; the cases leave no policy and no first day of force untried."""

from datetime import date

import pytest

from hanbok.policy.cases import Tried, pack_cases, read_cases, try_cases, try_pack
from hanbok.policy.cedar import load_judge
from hanbok.policy.errors import PolicyInvalid
from hanbok.policy.pack import packs, read_pack, schema_for

DAY = date(2026, 11, 22)
SCHEMA = schema_for(load_judge((), {}, DAY).kinds)
TRIED = [pytest.param(tried, id=f"{pack}: {tried.says}") for pack in packs() for tried in try_pack(pack)]


@pytest.mark.parametrize("tried", TRIED)
def test_a_case_comes_as_the_pack_says(tried: Tried) -> None:
    assert tried.good, (tried.expected, tried.found)


@pytest.mark.parametrize("pack", packs())
def test_each_policy_fires_on_its_first_day_and_not_the_day_before(pack: str) -> None:
    started = {
        (name, case.on) for case in pack_cases(pack).case if case.starts for name in case.deny if case.on
    }
    forbids = {
        (policy.clause.id, policy.since) for policy in read_pack(pack) if policy.rule["effect"] == "forbid"
    }
    assert forbids == started


@pytest.mark.parametrize("pack", packs())
def test_each_pack_has_a_case_that_must_not_fire(pack: str) -> None:
    assert [case.says for case in pack_cases(pack).case if not case.deny]


@pytest.mark.parametrize("pack", packs())
def test_a_policy_that_ends_is_tried_on_both_sides_of_its_end(pack: str) -> None:
    cases = pack_cases(pack).case
    for policy in read_pack(pack):
        if policy.until is not None:
            days = {(case.on, policy.clause.id in case.deny) for case in cases}
            assert (policy.until, False) in days
            assert any(
                fires and day and day.toordinal() == policy.until.toordinal() - 1 for day, fires in days
            )


FILE = """on = 2026-11-22
[places]
abroad = { zone = "foreign", country = "US" }
[[case]]
says = "it"
to = "abroad"
"""
OURS = {
    "ours.cedar": """@id("ours") @in_force("2026-11-22") @reason_ko("가") @reason_en("e")
    forbid (principal, action, resource) when { resource.country == "US" };"""
}


def outcome(text: str) -> list[bool]:
    return [tried.good for tried in try_cases("f", read_cases("f", text), OURS)]


@pytest.mark.parametrize(
    ("line", "good"),
    [
        ("", [False]),  # forbidden, though the case says that it is allowed
        ('deny = { "ours" = "" }', [True]),
        ('deny = { "ours" = "제1조" }', [False]),  # the wrong article
        ('deny = { "others" = "" }', [False]),
        ('deny = { "ours" = "", "others" = "" }', [False]),
        ('deny = { "ours" = "" }\nstarts = true', [True, True]),
        ("on = 2026-11-21", [True]),
        (
            'on = 2026-11-23\ndeny = { "ours" = "" }\nstarts = true',
            [True, False],
        ),  # it fired the day before, too
    ],
)
def test_a_case_that_does_not_come_is_told(line: str, good: list[bool]) -> None:
    assert outcome(FILE + line) == good


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("on = 2026-11-22\nplaces = x\n", 2, "line 2"),
        (FILE.replace('to = "abroad"', 'to = "aboard"'), 5, "there is no place 'aboard'"),
        (FILE + "colour = 1", 1, "colour"),
        (FILE.replace('zone = "foreign"', 'zone = "foriegn"'), 1, "foriegn"),
    ],
)
def test_a_file_of_cases_that_cannot_be_read_is_refused_with_its_place(
    text: str, line: int, why: str
) -> None:
    with pytest.raises(PolicyInvalid) as caught:
        read_cases("f", text)
    assert caught.value.facts["line"] == line
    assert why in str(caught.value.facts["why"])
