import json
import time
from pathlib import Path

import pytest

from hanbok.guard.names.lexicon import FREQUENT, GIVEN, table
from hanbok.guard.recognisers.person import Person
from hanbok.testing.korean import Identities

KLUE = Path(__file__).resolve().parents[3] / "shared/data/ner/klue_ner.jsonl"
LAW = Path(__file__).resolve().parents[3] / "shared/data/law/law_articles.jsonl"
COUNT = 400


@pytest.fixture(scope="module")
def person() -> Person:
    return Person()


def found(person: Person, text: str) -> list[str]:
    return [text[one.start : one.end] for one in sorted(person.find(text), key=lambda one: one.start)]


@pytest.mark.parametrize(
    "sentence",
    [
        "담당자: {} 대리 (010-0000-0000)",
        "{} 고객님의 계좌 잔액을 확인했습니다.",
        "예금주: {}, 국민은행",
        "수신: {} 귀하",
        "원고 {}",
        "{} 드림",
        "접수자 {} / 처리 완료",
        "안녕하세요, 기획팀 {}입니다.",
    ],
)
def test_most_names_of_every_generation_are_found_with_exact_edges(person, sentence):
    values = Identities(41)
    right = 0
    for _ in range(COUNT):
        name = values.person()
        right += found(person, sentence.format(name)) == [name]
    assert right / COUNT > 0.9


def test_a_name_ends_before_its_title_and_particle(person):
    for tail in ("", "은", "이", "의", "에게", "씨", " 씨가", "님께서", " 과장님은", " 교수", " 고객님"):
        assert found(person, f"어제 박서연{tail} 연락했다.") == ["박서연"], tail


def test_a_cell_boundary_is_never_crossed(person):
    for one in person.find("성명\x1e김\x1e민수\x1e이\x1e영\x1e희"):
        assert "\x1e" not in "성명\x1e김\x1e민수\x1e이\x1e영\x1e희"[one.start : one.end]


def test_names_at_different_places_are_judged_the_same_when_asked_again(person):
    text = "정다은과 최지훈이 만났다. 응우옌 반 남 씨도 왔다."
    first = list(person.find(text))
    assert list(person.find(text)) == first
    assert list(Person().find(text)) == first


def test_scores_say_less_for_a_surname_alone(person):
    alone = next(iter(person.find("김 과장님께 보고드렸습니다.")))
    full = next(iter(person.find("김민수 과장님께 보고드렸습니다.")))
    assert alone.score < full.score < 0.95


def test_a_megabyte_of_what_looks_like_names_takes_no_quadratic_time(person):
    def seconds(text: str) -> float:
        start = time.process_time()
        assert sum(1 for _ in person.find(text)) >= 0
        return time.process_time() - start

    for unit in ("김민수 박서연 ", "김 민 수 ", "가.나.다.", "도널드 트럼프 ", "Kim Min ", "洪吉童 "):
        short, long = seconds(unit * 1500), seconds(unit * 6000)
        assert long < 12 * short + 0.2, unit


def test_the_word_table_holds_what_was_put_in():
    slots = table({"이용": FREQUENT, "민수": GIVEN})
    assert sum(1 for one in slots if one) == 2


@pytest.mark.skipif(not LAW.exists(), reason="the shared data is not on this machine")
def test_statutes_stay_nearly_silent(person):
    lines = [
        line
        for row in LAW.read_text(encoding="utf-8").splitlines()[::6]
        for line in json.loads(row)["text"].splitlines()
        if line.strip()
    ]
    flagged = sum(1 for line in lines if any(True for _ in person.find(line)))
    assert len(lines) > 500
    assert flagged / len(lines) <= 0.01


@pytest.mark.skipif(not KLUE.exists(), reason="the shared data is not on this machine")
def test_names_of_unseen_news_and_reviews_are_found(person):
    hit = right = gold_hit = gold = 0
    for line in KLUE.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        spans = [(one["start"], one["end"]) for one in row["entities"] if one["label"] == "PS"]
        mine = [(one.start, one.end) for one in person.find(row["text"])]
        hit += sum(any(a < d and c < b for c, d in spans) for a, b in mine)
        right += len(mine)
        gold_hit += sum(any(a < d and c < b for a, b in mine) for c, d in spans)
        gold += len(spans)
    precision, recall = hit / right, gold_hit / gold
    assert 2 * precision * recall / (precision + recall) > 0.75
