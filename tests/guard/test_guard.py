"""The guard as its callers see it."""

from itertools import pairwise

import pytest

from hanbok.core.values import Grade
from hanbok.guard.custom import CustomType
from hanbok.guard.grade import explain_grade, grade
from hanbok.guard.guard import BOUNDARY, Guard
from hanbok.guard.kinds import kinds
from hanbok.guard.recogniser import Finding
from hanbok.testing.korean import Identities


@pytest.fixture(scope="module")
def guard():
    return Guard.load()


def found(guard, text):
    return [(one.kind, text[one.start : one.end]) for one in guard.find(text)]


def test_one_sentence_may_hold_many_kinds(guard):
    people = Identities(1)
    rrn, phone, card, email = people.rrn(), people.mobile(), people.card(), people.email()
    text = f"주민번호는 {rrn}이고, 휴대폰은 {phone}, 카드 {card}, 메일은 {email}로 보내 주세요."
    assert found(guard, text) == [("RRN", rrn), ("PHONE", phone), ("CARD", card), ("EMAIL", email)]


def test_nothing_is_found_in_nothing(guard):
    assert guard.find("") == []
    assert guard.find("오늘 회의는 3시에 시작합니다.") == []


def test_a_number_does_not_join_across_a_boundary(guard):
    assert found(guard, f"010-1234{BOUNDARY}5678") == []


def test_a_key_before_a_boundary_still_says_what_the_value_is(guard):
    account = "110-123-456789"
    assert found(guard, f"계좌번호{BOUNDARY}{account}{BOUNDARY}수량{BOUNDARY}3") == [("ACCOUNT", account)]
    assert found(guard, f"수량{BOUNDARY}{account}") == []


def test_findings_do_not_overlap_and_are_sorted(guard):
    people = Identities(2)
    text = " ".join(
        people.phone("mobile") + ", " + people.account("국민은행") + " 국민은행" for _ in range(20)
    )
    spans = [(one.start, one.end) for one in guard.find(text)]
    assert spans == sorted(spans)
    assert all(first[1] <= second[0] for first, second in pairwise(spans))


def test_half_a_surrogate_pair_does_not_stop_the_guard(guard):
    assert found(guard, "\ud800 010-2345-6789 \udfff") == [("PHONE", "010-2345-6789")]


def test_offsets_are_code_points_of_the_original(guard):
    text = "😀한글 ０１０－２３４５－６７８９ 입니다"
    assert found(guard, text) == [("PHONE", "０１０－２３４５－６７８９")]


def test_a_guard_can_be_built_for_some_kinds_only():
    guard = Guard.load(kinds=frozenset({"EMAIL"}))
    assert found(guard, "010-2345-6789 hong@example.com") == [("EMAIL", "hong@example.com")]


def test_a_customer_adds_a_type():
    badge = CustomType(
        kind="BADGE", pattern=r"E-(?P<value>\d{6})", context=("사번",), like="PHONE", label="사번"
    )
    guard = Guard.load(kinds=frozenset({"EMAIL"}), custom=[badge])
    assert found(guard, "사번은 E-１２３４５６ 입니다") == [("BADGE", "１２３４５６")]
    assert found(guard, "부품 E-123456") == []
    assert guard.kinds["BADGE"].mask == "[사번]"


def test_every_kind_has_a_label_a_grade_and_a_mask():
    assert {"RRN", "PERSON", "SECRET", "INJECTION"} <= kinds().keys()
    assert all(one.label.ko and one.label.en and one.mask for one in kinds().values())
    assert kinds()["RRN"].article == "개인정보 보호법 제24조의2"


def test_the_highest_part_decides_the_grade():
    crn = Finding(kind="CRN", start=0, end=1, score=1)
    phone = Finding(kind="PHONE", start=2, end=3, score=1)
    assert grade([]) is Grade.OPEN
    assert grade([crn]) is Grade.OPEN
    assert explain_grade([crn, phone]).grade is Grade.SENSITIVE
    assert explain_grade([crn, phone]).reasons == ("PHONE",)
