"""Writes own.jsonl beside this file out of own.toml, from a seed: `python recipes/hanbok-270m/own.py`.

The first part of an id names the fact behind a row, so that a recipe can hold whole facts out (`held_out.by`).
"""

import json
import random
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hanbok.hangul.josa import particle

FOLDER = Path(__file__).parent
SEED = 20261122
_EITHER = re.compile(r"(\S+?)('?)(을\(를\)|은\(는\)|이\(가\))")
_GOODS = [("사과", "개"), ("공책", "권"), ("연필", "자루"), ("우유", "병"), ("달걀", "개"), ("의자", "개")]
_PRICED = ["볼펜", "커피", "우산", "공책", "김밥", "물컵", "장갑", "수건", "양말", "모자", "지우개", "칫솔"]
_PLACES = ["서울", "부산", "대구", "인천", "광주", "대전", "울산", "세종", "제주", "수원"]
_DAYS = ["월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"]
_EVENTS = ["회의", "교육", "면접", "설명회", "점검", "발표회"]


def spoken(text: str) -> str:
    """Choose the particle that fits the word before it."""
    return _EITHER.sub(
        lambda one: one[1] + one[2] + particle(one[1].strip("'"), one[3][0] + "/" + one[3][2]), text
    )


def told(table: dict[str, dict[str, Any]], drawn: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield the fact, question and answer of every row of the table."""
    for section, one in table.items():
        for number, row in enumerate(one["rows"]):
            fact = f"{section}-{number:03}"
            answer = one.get("answer")
            if "who" in one:
                for who in one["who"]:
                    yield fact, row[0].format(who=who), row[1]
            elif "back" in one:
                there = [(fact, form.format(*row), row[1]) for form in one["forms"]]
                back = [(fact, form.format(*row), row[0]) for form in one["back"]]
                yield from drawn.sample(there, 2)
                yield from drawn.sample(back, 2)
            else:
                for form in one["forms"]:
                    yield fact, form.format(*row), answer.format(*row) if answer else row[1]


def sums(drawn: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield small calculations, as numbers and in words."""
    shapes = [
        ("{a} 더하기 {b}은(는) 얼마인가요?", "{a} 더하기 {b}은(는) {s}입니다.", "+"),
        ("{a}+{b}=?", "{a}+{b}={s}입니다.", "+"),
        ("{a} + {b} 계산해 줘", "{a} + {b} = {s}입니다.", "+"),
        ("{a} 빼기 {b}은(는) 얼마예요?", "{a} 빼기 {b}은(는) {s}입니다.", "-"),
        ("{a}-{b}은(는)?", "{a}-{b}={s}입니다.", "-"),
        ("{a} 곱하기 {b}은(는) 얼마인가요?", "{a} 곱하기 {b}은(는) {s}입니다.", "x"),
        ("{a}x{b}은(는) 몇이야?", "{a}x{b}={s}입니다.", "x"),
    ]
    for number in range(170):
        asked, answer, sign = shapes[number % len(shapes)]
        a, b = drawn.randint(1, 9 if sign == "x" else 20), drawn.randint(1, 9)
        a = a + b if sign == "-" else a
        result = {"+": a + b, "-": a - b, "x": a * b}[sign]
        yield f"sums-{number:03}", asked.format(a=a, b=b), answer.format(a=a, b=b, s=result)
    for number in range(40):
        (thing, unit), a, b = drawn.choice(_GOODS), drawn.randint(2, 9), drawn.randint(1, 8)
        if number % 2 or a <= b:
            asked, result = f"{thing} {a}{unit}에 {b}{unit}를 더하면 모두 몇 {unit}인가요?", a + b
        else:
            asked, result = f"{thing} {a}{unit}가 있는데 {b}{unit}를 썼습니다. 몇 {unit}가 남았나요?", a - b
        yield f"stories-{number:03}", asked, f"{result}{unit}입니다."


def structured(drawn: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield texts whose facts are wanted as JSON."""
    for number in range(70):
        if number % 2:
            thing, price = drawn.choice(_PRICED), drawn.randint(1, 30) * 500
            text, keys = f"{thing} 가격은 {price:,}원입니다.", "상품과 가격"
            made: dict[str, object] = {"상품": thing, "가격": price}
        else:
            place, day, event = drawn.choice(_PLACES), drawn.choice(_DAYS), drawn.choice(_EVENTS)
            text, keys = f"{day}에 {place}에서 {event}가 있습니다.", "요일과 장소와 행사"
            made = {"요일": day, "장소": place, "행사": event}
        asked = drawn.choice(
            [
                "다음 문장에서 {0}를 JSON으로 뽑아 주세요: {1}",
                "{0}를 JSON으로 정리해 줘.\n{1}",
                "문장: {1}\n{0}를 JSON으로만 답하세요.",
            ]
        )
        yield f"json-{number:03}", asked.format(keys, text), json.dumps(made, ensure_ascii=False)


def rows() -> list[dict[str, object]]:
    """Return all rows, mixed."""
    drawn = random.Random(SEED)
    table = tomllib.loads((FOLDER / "own.toml").read_text(encoding="utf-8"))
    made: list[dict[str, object]] = []
    seen: dict[str, int] = {}
    for fact, question, answer in [*told(table, drawn), *sums(drawn), *structured(drawn)]:
        seen[fact] = seen.get(fact, -1) + 1
        made.append({"id": f"{fact}-{seen[fact]}", "question": spoken(question), "answer": spoken(answer)})
    drawn.shuffle(made)
    return made


def main() -> int:
    """Write the rows, or with `--check` say whether the file is what would be written."""
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows())
    target = FOLDER / "own.jsonl"
    if "--check" in sys.argv:
        return int(not target.exists() or target.read_text(encoding="utf-8") != content)
    target.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
