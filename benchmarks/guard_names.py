"""Speed of names and addresses by kind of text, beside one pass of a regular expression over the same text.

Run: .venv/bin/python benchmarks/guard_names.py
"""

import json
import random
import re
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hanbok.guard.recognisers.address import Address
from hanbok.guard.recognisers.person import Person
from hanbok.testing.corpus import generate
from hanbok.testing.korean import Identities

DATA = Path(__file__).resolve().parents[2] / "shared/data"
WORD = re.compile("[가-힣]+")
LETTER = (
    "안녕하세요, 영업지원팀입니다. 지난주 회의에서 논의한 하반기 납품 일정과 관련하여 거래처에 "
    "보낼 안내문 초안을 작성해 주세요. 이번 분기부터 물류센터가 이전되어 배송 기간이 평균 이틀 "
    "정도 늘어날 수 있다는 점을 먼저 설명하고, 불편을 끼쳐 죄송하다는 말씀과 함께 대체 방안을 "
    "정중하게 제시해 주시기 바랍니다. 특히 냉장 제품은 기존과 동일하게 당일 출고가 가능하므로 그 "
    "부분을 강조해 주시고, 추가 비용은 당사가 전액 부담한다는 내용도 포함되어야 합니다. 문의 "
    "전화와 접수 방법은 마지막 문단에 정리해 주세요. 분량은 한 쪽을 넘지 않게 하고, 문체는 "
    "예의를 갖춘 표현으로 부탁드립니다.  "
)


def column(file: str, key: str, step: int) -> list[str]:
    """Every so many texts of a file of the shared data."""
    lines = (DATA / file).read_text(encoding="utf-8").splitlines()
    return [json.loads(line)[key] for line in lines[::step]]


def answers(size: int) -> str:
    """Real answers of language models, one long text."""
    rows = [json.loads(line) for line in (DATA / "recorded/logickor_answers.jsonl").open(encoding="utf-8")]
    whole = "\n".join(turn["assistant"] for row in rows for turn in row["turns"])
    return whole.encode()[:size].decode(errors="ignore")


def hostile() -> str:
    """A megabyte of words that each look like another name."""
    chance = random.Random(1)
    surnames, first, last = (
        "김이박최정강조윤장임한오서신권황안송전홍",
        "민서지도하준은영수현",
        "수연우진호희영준아민",
    )
    words = [chance.choice(surnames) + chance.choice(first) + chance.choice(last) for _ in range(100_000)]
    return " ".join(words)


def cpu(run: Callable[[str], Iterable[object]], texts: Sequence[str]) -> float:
    """Seconds of CPU."""
    start = time.process_time()
    for text in texts:
        for _ in run(text):
            pass
    return time.process_time() - start


def main() -> None:
    """Print microseconds of CPU a kilobyte of UTF-8: the first time, and the best of four more."""
    values = Identities(3)
    people = [
        f"담당자: {values.person()} 대리, 검토: {values.person()} 과장, 승인: {values.person()} 부장.\n"
        for _ in range(60)
    ]
    kinds = {
        "statutes": column("law/law_articles.jsonl", "text", 5),
        "KLUE news and reviews": column("ner/klue_ner.jsonl", "text", 1),
        "encyclopaedia": column("retrieval/ko.passages.jsonl", "text", 15),
        "generator's lines": [line.text for line in generate(1500, seed=99)],
        "a letter of 1 KB": [LETTER] * 40,
        "answers, 32 KB": [answers(32_000)],
        "lines full of names": people,
        "a megabyte of names": [hostile()],
    }
    for kind, texts in kinds.items():
        size = sum(len(text.encode()) for text in texts) / 1e9
        person, address = Person(), Address()
        first = cpu(person.find, texts)
        best = [min(cpu(run, texts) for _ in range(4)) for run in (person.find, address.find, WORD.findall)]
        print(f"{kind:22} names {first / size:7.1f} {best[0] / size:7.1f}", end="")
        print(f"   addresses {best[1] / size:5.1f}   words alone {best[2] / size:5.1f} us/KB")


if __name__ == "__main__":
    main()
