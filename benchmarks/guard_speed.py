"""Speed of the guard: structured types on Korean documents, a chat prompt with all types, hostile megabytes.

Run: .venv/bin/python benchmarks/guard_speed.py
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hanbok.guard.guard import Guard
from hanbok.guard.kinds import kinds

DATA = Path(__file__).resolve().parents[2] / "shared/data"
STRUCTURED = frozenset(kinds()) - {"PERSON", "ADDRESS"}
MEGABYTE = 1_000_000
PROMPT = (
    "안녕하세요, 고객 문의에 답할 초안을 써 주세요. 고객은 지난주에 가입했고 연락처는 010-2345-6789, "
    "메일은 minsu@example.com 입니다. 환불 계좌는 신한은행 110-123-456789 라고 합니다. "
)
PROMPT += "요금제는 매월 5만 5천 원이며 약정은 24개월이고, 해지하면 위약금이 있는지 물었습니다. " * 7
HOSTILE = {
    "digits": "1",
    "phones": "010-2345-6789 ",
    "resident numbers": "900101-1234567,",
    "at signs": "a@",
    "addresses of mail": "a@a.co ",
    "spaced digits": "0 ",
    "full-width digits": "０",
    "invisible": "0\u200b",
    "read aloud": "일이삼사",
    "entities": "&#48;",
    "base64": "A",
    "tokens": "eyJaaaaaaaa.",
    "labels": "password=",
    "addresses in rows": "1.1.",
    "births": "생년월일 1990-01-01 ",
    "table": "가,010-2345-6789,06234\n",
    "headings": "생년월일,생년월일\n",
    "plates": "12가3456 ",
    "number rows": "123456\n",
    "private keys": "-----BEGIN PRIVATE KEY-----",
}


def documents() -> Iterator[str]:
    """Korean encyclopaedia text in pieces of two to four kilobytes."""
    piece = ""
    for line in (DATA / "retrieval/ko.passages.jsonl").open(encoding="utf-8"):
        piece += json.loads(line)["text"] + "\n"
        if len(piece.encode()) > 2000:
            yield piece.encode()[:4000].decode(errors="ignore")
            piece = ""


def cpu(run: Callable[[], object], rounds: int = 5) -> float:
    """Seconds of CPU of the best round."""
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    start = time.process_time()
    guard = Guard.load(kinds=STRUCTURED)
    print(f"start-up without names: {time.process_time() - start:.2f} s of CPU")
    if DATA.exists():
        texts = list(documents())
        size = sum(len(text.encode()) for text in texts)
        took = cpu(lambda: [guard.find(text) for text in texts])
        print(
            f"structured types, {len(texts)} documents of {size // len(texts)} bytes: {size / took / 1e6:.0f} MB/s"
        )
    else:
        print(f"documents: skipped, {DATA} is absent")
    whole = Guard.load()
    whole.find(PROMPT)
    for name, one in (("structured", guard), ("all", whole)):
        took = cpu(lambda one=one: [one.find(PROMPT) for _ in range(100)]) / 100
        print(f"chat prompt of {len(PROMPT)} characters, {name} types: {took * 1e3:.3f} ms")
    for name, seed in HOSTILE.items():
        text = seed * (MEGABYTE // len(seed.encode()))
        start = time.process_time()
        found = len(guard.find(text))
        print(f"1 MB of {name}: {time.process_time() - start:.2f} s, {found} findings")


if __name__ == "__main__":
    main()
