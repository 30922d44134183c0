import json
import time
from pathlib import Path

import pytest

from hanbok.guard.names.lexicon import FREQUENT, GIVEN, Lexicon, table
from hanbok.guard.names.run import WORD, Places
from hanbok.guard.normalise import normalise
from hanbok.guard.recognisers.person import Person
from hanbok.testing.corpus import generate
from hanbok.testing.korean import Identities

KLUE = Path(__file__).resolve().parents[3] / "shared/data/ner/klue_ner.jsonl"
LAW = Path(__file__).resolve().parents[3] / "shared/data/law/law_articles.jsonl"
COUNT = 400
PROSE = (
    "지난주 회의에서 논의한 하반기 납품 일정과 관련하여 거래처에 보낼 안내문 초안을 작성해 주세요. 물류센터가 이전되어 "
    "배송 기간이 평균 이틀 정도 늘어날 수 있다는 점을 먼저 설명하고, 불편을 끼쳐 죄송하다는 말씀과 함께 대체 방안을 "
    "정중하게 제시해 주시기 바랍니다. 특히 냉장 제품은 기존과 동일하게 당일 출고가 가능하므로 그 부분을 강조해 주시고, "
    "추가 비용은 당사가 전액 부담한다는 내용도 포함되어야 합니다. 문의 전화와 접수 방법은 마지막 문단에 정리해 주세요."
)


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

    for unit in ("김민수 박서연 ", "김 ", "김 민 수 ", "가.나.다.", "도널드 트럼프 ", "Kim Min ", "洪吉童 "):
        short, long = seconds(unit * 1500), seconds(unit * 6000)
        assert long < 12 * short + 0.2, unit


def test_most_words_of_ordinary_prose_are_never_looked_up(person, monkeypatch):
    asked = []
    look_up = Lexicon.kinds
    monkeypatch.setattr(Lexicon, "kinds", lambda self, word: asked.append(word) or look_up(self, word))
    assert found(Person(), PROSE) == []
    asked.clear()
    fresh = Person()
    asked.clear()
    list(fresh.find(PROSE))
    assert len(asked) < 1.5 * len(WORD.findall(PROSE))
    asked.clear()
    list(fresh.find(PROSE))
    assert len(asked) < 0.3 * len(WORD.findall(PROSE))


def test_what_looks_like_a_name_is_not_remembered_beyond_its_text():
    person = Person()
    known = set(person._tagger._plain)
    values = Identities(5)
    names = {values.person() for _ in range(COUNT)}
    for name in names:
        list(person.find(f"오늘 {name} 확인 {name}에게 {name}은 접수"))
    learnt = person._tagger._plain - known
    assert not {word for word in learnt if any(word.startswith(name) for name in names if len(name) > 2)}


def test_what_is_remembered_stays_bounded(person):
    for number in range(60_000):
        list(person.find("가" + chr(0xAC00 + number % 11172) + chr(0xAC00 + number // 6) + "다"))
    assert len(person._tagger._plain) < 40_000


@pytest.mark.parametrize("text", ["나 나나 나", "이 이이 이 이가 이", "가나 가 나가 가나", "김\n김 김김,김"])
def test_a_word_is_found_where_it_stands_whole(text):
    words = WORD.findall(text)
    starts = [match.start() for match in WORD.finditer(text)]
    for step in (1, 2, 3):
        places = Places(text, words)
        asked = range(step - 1, len(words), step)
        assert [places.start(index) for index in asked] == [starts[index] for index in asked]


@pytest.mark.parametrize("notation", ["name_spaced", "name_dotted", "name_hanja", "nfd", "zero_width"])
def test_names_written_in_another_way_are_found(person, notation):
    hit = gold = 0
    for line in generate(6000, seed=31):
        if line.notation != notation:
            continue
        aligned = normalise(line.text)
        mine = [aligned.restore(one) for one in person.find(aligned.text)]
        spans = [one for one in line.spans if one.kind == "PERSON"]
        hit += sum(any(a.start < b.end and b.start < a.end for a in mine) for b in spans)
        gold += len(spans)
    assert gold > 15
    assert hit / gold >= 0.85


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("박 전 상무는 이날 출석했다.", ["박"]),
        ("김민수 전 총리가 말했다.", ["김민수"]),
        ("우리 반 반장은 누구야?", []),
        ("위 원고는 다음과 같이 청구한다.", []),
        ("담당자 홍 길 동입니다", ["홍 길 동"]),
        ("남 궁 민 수 씨", ["남 궁 민 수"]),
        ("김-민수 대리", ["김-민수"]),
        ("신청인 丁若鏞 (서명)", ["丁若鏞"]),
        ("도널드 트럼프 대통령", ["도널드 트럼프"]),
        ("배우 로버트드니로의 연기가 좋았다.", ["로버트드니로"]),
        ("안토니오반데라스가 주연을 맡았다.", ["안토니오반데라스"]),
        ("라이프치히와 도르트문트가 비겼다.", []),
        ("정무위는 한수원을 감사한다.", []),
        ("Kim Min-su and Minsu Kim", ["Kim Min-su", "Minsu Kim"]),
    ],
)
def test_edges_of_names_in_unusual_places(person, text, names):
    assert found(person, text) == names


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
