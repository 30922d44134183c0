"""The labelled sentences that the tagger learns from: KLUE-NER, the same with other names, templates, plain text."""
# ruff: noqa: INP001, PLR2004 - a script's modules; shares and sizes are read best where they act

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from people import People

from hanbok.guard.names.words import SURNAMES

_HERE = Path(__file__).parent
_SLOT = re.compile(r"\{(\S+?)\}")
_FORMS = {
    "은": "은는",
    "는": "은는",
    "이": "이가",
    "가": "이가",
    "을": "을를",
    "를": "을를",
    "과": "과와",
    "와": "과와",
    "아": "아야",
}
_PART = re.compile("[가-힣]+")
_EVERYDAY = tuple((_HERE / "everyday.txt").read_text(encoding="utf-8").splitlines())
"""Lines without names, about things whose names may sound foreign."""


@dataclass(frozen=True, slots=True)
class Sentence:
    text: str
    names: tuple[tuple[int, int], ...]
    hidden: frozenset[str] = frozenset()
    """Words that the word list shall not know here, so that the tagger learns to do without."""
    silver: bool = False
    """Nobody checked that there is no name."""

    def parts(self) -> dict[int, tuple[int, int]]:
        """Return, by its start, the end of each hangul part of a name and the start of the whole name."""
        return {
            start + word.start(): (start + word.end(), start)
            for start, end in self.names
            for word in _PART.finditer(self.text[start:end])
        }


def _rows(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def klue(path: Path) -> list[Sentence]:
    """Return KLUE-NER with its PS spans; labels such as A in `A씨` are nobody's name and are left out."""
    return [
        Sentence(
            row["text"],
            tuple(
                (e["start"], e["end"])
                for e in row["entities"]
                if e["label"] == "PS" and re.search("[가-힣]", e["text"])
            ),
        )
        for row in _rows(path)
    ]


def renamed(sentence: Sentence, people: People) -> Sentence:
    """Return the sentence with other people in it."""
    parts, names, hidden, at, size = [], [], set(), 0, 0
    for start, end in sentence.names:
        old = sentence.text[start:end]
        new = _like(old, people)
        parts += [sentence.text[at:start], new]
        size += start - at
        names.append((size, size + len(new)))
        size += len(new)
        at = end
        after = re.match("[가-힣]+", sentence.text[end:])
        if after and new != old:
            for pair in _FORMS.values():
                if after[0] in pair:
                    right = pair[0] if _has_final(new) else pair[1]
                    parts.append(right)
                    size += 1
                    at += 1
                    break
        if people.chance.random() < 0.3:
            hidden |= set(new.split()) | {new, new[1:]}
    parts.append(sentence.text[at:])
    return Sentence("".join(parts), tuple(names), frozenset(hidden))


def _has_final(word: str) -> bool:
    return "가" <= word[-1] <= "힣" and (ord(word[-1]) - 0xAC00) % 28 != 0


def _like(old: str, people: People) -> str:
    """Return another name of the same kind, or now and then the same."""
    draw = people.chance.random()
    if len(old) == 1:
        return people.surname() if draw < 0.5 else old
    if " " in old:
        return people.stranger() if draw < 0.7 else old
    if len(old) == 3 and old[0] in SURNAMES and old[1:] in people.known:
        return people.korean() if draw < 0.8 else old
    if old in people.known:
        return people.given() if draw < 0.5 else old
    return people.part() if draw < 0.5 else old


def templates(people: People, count: int, titles: list[str]) -> Iterator[Sentence]:
    """Yield filled templates, now and then two or three in a row."""
    lines = [
        line for line in (_HERE / "templates.txt").read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    plain = [
        line for line in (_HERE / "negatives.txt").read_text(encoding="utf-8").splitlines() if line.strip()
    ]
    for _ in range(count):
        text, names, hidden = "", [], set()
        for number in range(people.chance.choice((1, 1, 1, 2, 3))):
            if number:
                text += people.chance.choice(("\n", " ", " ", " / ", "\t"))
            line = people.chance.choice(lines if people.chance.random() < 0.8 else plain)
            text, found = _fill(text, line, people, titles)
            names += found
        if people.chance.random() < 0.3:
            hidden = {
                word
                for start, end in names
                for word in (text[start:end], text[start + 1 : end], *text[start:end].split())
            }
        yield Sentence(text, tuple(names), frozenset(hidden))


def _fill(text: str, line: str, people: People, titles: list[str]) -> tuple[str, list[tuple[int, int]]]:
    names, at = [], 0
    for slot in _SLOT.finditer(line):
        text += line[at : slot.start()]
        at = slot.end()
        what = slot[1]
        if what in "NGSF":
            value = {
                "N": lambda: people.korean() if people.chance.random() < 0.9 else people.stranger(),
                "G": people.given,
                "S": people.surname,
                "F": people.stranger,
            }[what]()
            names.append((len(text), len(text) + len(value)))
            text += value
        elif what == "T":
            text += people.chance.choice(titles)
        elif what == "H":
            text += "".join(
                people.chance.choice("金李朴崔鄭姜趙尹張林敏秀榮哲智勳成浩俊宇賢珍瑞姸恩珠惠京尙東")
                for _ in range(3)
            )
        elif what == "입니다":
            text += people.chance.choice(("입니다", "이에요", "예요", "인데요"))
        elif what == "으로":
            text += "으로" if _has_final(text) else "로"
        elif what in _FORMS:
            text += _FORMS[what][0 if _has_final(text) else 1]
        else:
            text += what
    return text + line[at:], names


def _elsewhere(words: list[str], chance: random.Random) -> str:
    """Return an address, a firm or a shop: words that look like names and are none."""
    word, other = chance.choice(words)[:3], chance.choice(words)[:2]
    town = chance.choice(
        (
            "서울 강남구",
            "대전광역시 유성구",
            "부산 남구",
            "경기도 화성시",
            "전남 순천시",
            "천안시 서북구",
            "제주시 애월읍",
        )
    )
    return chance.choice(
        (
            f"{town} {word}로 12, 103동 1502호 ({other}동)",
            f"{town} {other}동 123-4",
            f"({other}동)",
            f"{word}로 {chance.randrange(1, 400)}",
            f"{word}길 17",
            f"{other}대로 231",
            f"주식회사 {word}",
            f"(주){word}",
            f"{word}(주)",
            f"{other}상사",
            f"{other}물산",
            f"{other}테크",
            f"{word}건설",
            f"{other}빌딩 3층",
            f"{other}아파트",
            f"{other}초등학교",
            f"{other}중학교 2학년",
            f"{other}병원",
            f"{other}의원",
            f"{other}약국",
            f"{other}역 2번 출구",
            f"{other}은행 지점",
            f"{other}카드",
            f"{other}보험",
            f"{other}시장",
            f"{other}식당",
            f"{other}교회",
            f"{other}읍 {word[:1]}리",
            f"{other}면",
            f"{other}군청",
        )
    )


def wordy(words: list[str], count: int, chance: random.Random) -> Iterator[Sentence]:
    """Yield lines without names, full of words that are not: half of them unknown to the word list."""
    lines = (
        "{}: {}",
        "{} {} 안내",
        "담당자: {}",
        "{} 확인",
        "{}{을} 조회해 주세요.",
        "{}{은} 어제 끝났다.",
        "{}{이} 늦어집니다.",
        "{}의 {}",
        "{}{과} {}",
        "이름: {}",
        "{}, {}, {}",
        "{}({})",
        "({})",
        "{}에서 만나요",
        "{}에 대한 {}",
        "{} 12-3",
        "{} 010-1234-5678",
        "{}로 12",
        "{}|{}|{}",
        "{}도 좋고 {}도 좋다",
        "{} 신청서",
        "{}명: {}",
        "{}일: 2024-01-01",
        "{} 번호 12345",
        "{}은행 계좌",
        "{} 카드 한도",
        "{}팀에 문의",
        "{}부 {}과",
        "{}에게 전달",
        "{}이라는 {}",
        "{}입니다.",
        "{}동 12호",
        "서울 강남구 {}동 123",
        "(우) 12345 {}",
        "{}님",
        "고객님 {} 문의드립니다",
        "{} 좀 알려줘",
        "{} 만드는 법",
        "{} {}{을} 샀다",
        "{} {} {}",
        "저는 {}{을} 좋아해요",
        *_EVERYDAY,
    )
    for _ in range(count):
        text, hidden = "", set()
        if chance.random() < 0.2:
            yield Sentence(_elsewhere(words, chance), ())
            continue
        for piece in re.split(r"(\{.?\})", chance.choice(lines)):
            if piece == "{}":
                word = chance.choice(words)
                text += word
                if chance.random() < 0.4:
                    hidden.add(word)
            elif piece and piece[0] == "{":
                text += _FORMS[piece[1]][0 if _has_final(text) else 1]
            else:
                text += piece
        yield Sentence(text, (), frozenset(hidden))


def plain(data: Path, limit: int, chance: random.Random) -> Iterator[Sentence]:
    """Yield sentences of everyday and legal text that nobody labelled; names are rare in them."""
    for name, keys in (
        ("curation/raw_ko.jsonl", ("text",)),
        ("law/law_history.jsonl", ("text",)),
        ("cls/assistant_commands.jsonl", ("text",)),
        ("cls/speech_act.jsonl", ("text",)),
        ("safety/square_kosbi.jsonl", ("text",)),
        ("instruct/ko_instruct.jsonl", ("instruction", "output")),
    ):
        pieces = [
            piece.strip()
            for row in _rows(data / name)
            if row.get("source") != "nsmc"
            for key in keys
            for piece in re.split(r"\n+|(?<=[.?!]) ", row[key])
        ]
        pieces = sorted({piece for piece in pieces if 4 < len(piece) < 400})
        chance.shuffle(pieces)
        for piece in pieces[:limit]:
            yield Sentence(piece, (), silver=True)
