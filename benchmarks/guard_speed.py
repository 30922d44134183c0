"""Speed of the guard: structured types on Korean documents, a chat prompt with all types, hostile megabytes.

CPU time, the best of several rounds; about four minutes. Beside the seconds stands what a fixed piece of Python took in
the same minute: 2.3 ms where nothing else runs, so that figures of a busy machine can be read.

Run: .venv/bin/python benchmarks/guard_speed.py
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hanbok.guard.guard import Guard
from hanbok.guard.kinds import kinds
from hostile_texts import hostile

DATA = Path(__file__).resolve().parents[2] / "shared/data"
STRUCTURED = frozenset(kinds()) - {"PERSON", "ADDRESS"}
MEGABYTE = 1_000_000
PROMPT = (
    "안녕하세요, 고객 문의에 답할 초안을 써 주세요. 고객은 지난주에 가입했고 연락처는 010-2345-6789, "
    "메일은 minsu@example.com 입니다. 환불 계좌는 신한은행 110-123-456789 라고 합니다. "
)
PROMPT += "요금제는 매월 5만 5천 원이며 약정은 24개월이고, 해지하면 위약금이 있는지 물었습니다. " * 7
BAR = 1.2
"""Seconds of CPU above which a hostile megabyte is listed; the issue allows 2."""


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


def yardstick() -> float:
    """Milliseconds of CPU that a fixed piece of Python takes."""

    def piece() -> None:
        counts: dict[int, int] = {}
        for number in range(20_000):
            counts[number % 997] = len(str(number))

    return cpu(piece, 7) * 1e3


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
    hostile_texts(whole)


def hostile_texts(guard: Guard) -> None:
    """Print the slowest megabytes, and whether two take more than twice as long as one."""
    before, took = yardstick(), {}
    for name, text in hostile(MEGABYTE):
        took[name] = cpu(lambda text=text: guard.find(text), 1)
        if took[name] > BAR:
            took[name] = min(took[name], cpu(lambda text=text: guard.find(text), 2))
    slowest = sorted(took, key=took.__getitem__, reverse=True)
    print(
        f"{len(took)} hostile megabytes, all types: {sum(took.values()) / len(took):.2f} s of CPU on average"
    )
    print(f"yardstick {before:.2f} ms before, {yardstick():.2f} after")
    for name in slowest:
        if took[name] > BAR or name in slowest[:10]:
            print(f"1 MB of {name}: {took[name]:.2f} s")
    half = {
        name: cpu(lambda text=text: guard.find(text), 2)
        for name, text in hostile(MEGABYTE // 2)
        if took[name] > BAR / 2
    }
    growth = {name: took[name] / half[name] for name in half}
    worst = max(growth, key=growth.__getitem__)
    print(f"1 MB takes at most {growth[worst]:.1f} times as long as half of it ({worst})")


if __name__ == "__main__":
    main()
