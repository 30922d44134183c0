import pytest

from hanbok.guard.guard import Guard
from hanbok.guard.law import classify
from hanbok.guard.recogniser import Finding

GUARD = Guard.load(kinds=frozenset({"PHONE", "RRN", "CRN"}))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("010-2345-6789 고객은 우울증으로 정신과 진료 중", {"SENSITIVE"}),
        ("010-2345-6789 고객의 대출 3,000만 원이 두 달째 연체되었습니다.", {"CREDIT_INFO"}),
        ("노조 가입 여부: 예 (연락처 010-2345-6789)", {"SENSITIVE"}),
        ("우울증은 흔한 병이며 대출 연체와도 관련이 있다.", set()),
        ("법인등록번호 110111-1234567 회사의 부채 비율", set()),
        ("010-2345-6789로 전화 주세요. 내일 회의는 세 시입니다.", set()),
    ],
)
def test_a_topic_counts_near_what_identifies_a_person(text, kinds):
    assert {one.kind for one in classify(text, GUARD.find(text))} == kinds


def test_a_topic_far_from_the_person_does_not_count():
    text = "010-2345-6789" + " " * 200 + "우울증"
    assert classify(text, GUARD.find(text)) == []


def test_offsets_are_those_of_the_text():
    text = "A씨(010-2345-6789) HIV 확진"
    found = classify(text, GUARD.find(text))
    assert [text[one.start : one.end] for one in found] == ["HIV", "확진"]


def test_without_findings_there_is_no_class():
    assert classify("우울증", []) == []
    assert classify("우울증", [Finding(kind="CUSTOM", start=0, end=1, score=1)]) == []
