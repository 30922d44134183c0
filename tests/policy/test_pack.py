"""Reading policy texts: no text whatever gets past the checks or out of them."""

import contextlib
from datetime import date

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.policy.cedar import load_judge
from hanbok.policy.errors import PolicyInvalid
from hanbok.policy.pack import Policy, merge, packs, read, read_pack, schema_for, text_of

DAY = date(2026, 11, 22)
KINDS = load_judge((), {}, DAY).kinds
SCHEMA = schema_for(KINDS)

GOOD = """@id("a; // \\" b") @in_force("2026-01-01")
@reason_ko("가; // 나") @reason_en("x /* y */")
// a comment; with "quotes
forbid (principal, action, resource) when { context.model == "a;b" };"""

PIECES = st.sampled_from(
    [
        *('"', "'", ";", "//", "/", "\\", "\n", " ", "@", "{", "}", "(", ")", "가", "\0"),
        *('@id("x")', '@in_force("2026-01-01")', '@reason_ko("가")', '@reason_en("e")', '@until("")'),
        *("permit", "forbid", "(principal, action, resource)", "when { true }", "unless { false };"),
        GOOD,
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_a_text_is_read_whole_or_refused(text: str) -> None:
    policies: list[Policy] = []
    with contextlib.suppress(PolicyInvalid):
        policies = list(read("f.cedar", text, SCHEMA))
        # What was accepted piece by piece is what Cedar reads in the whole: nothing was lost between the pieces.
        assert len(cedarpy.PolicySet.from_str(text)) == len(policies)
    for policy in policies:
        assert policy.text in text
        assert text.splitlines()[policy.line - 1].strip() or text.startswith(policy.text)


def test_semicolons_and_comment_signs_in_strings_do_not_end_a_policy() -> None:
    first, second = read("f.cedar", f"// one; two\n{GOOD}\n\n{GOOD} // end", SCHEMA)
    assert (first.line, second.line) == (2, 7)
    assert first.clause.id == 'a; // " b'
    assert first.clause.reason.ko == "가; // 나"
    assert first.text == GOOD


def test_an_unterminated_string_of_a_megabyte_is_refused_at_once() -> None:
    with contextlib.suppress(PolicyInvalid):
        list(read("f.cedar", '"' + '\\"/' * 300_000, SCHEMA))
        raise AssertionError("it was accepted")


def test_every_pack_can_be_in_force_together_with_every_other() -> None:
    judge = load_judge(packs(), {}, DAY)
    together = {policy.clause.id for policy in judge.policies}
    assert together == {
        policy.clause.id for name in packs() for policy in read_pack(name) if policy.in_force(DAY)
    }


def test_two_packs_do_not_share_an_id() -> None:
    pack = read_pack("pipa")
    with pytest.raises(PolicyInvalid, match="is taken by"):
        merge([], [*pack, pack[0]])


def test_an_empty_text_holds_no_policies() -> None:
    assert list(read("f.cedar", "", SCHEMA)) == []
    assert list(read("f.cedar", " \n // nothing; here\n", SCHEMA)) == []


@pytest.mark.parametrize("name", packs())
def test_every_pack_fits_the_schema(name: str) -> None:
    assert list(read(f"{name}.cedar", text_of(name), SCHEMA)) == read_pack(name)
