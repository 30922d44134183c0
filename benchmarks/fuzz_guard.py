"""Coverage-guided fuzzing of the guard with atheris.

    uv pip install atheris
    python benchmarks/fuzz_guard.py CORPUS FAILURES -max_total_time=3600 -max_len=4096 -timeout=5 -rss_limit_mb=2048

Each input is a text, in part spliced from pieces of personal data. It fails on an exception, on a finding that is
empty, overlaps another or lies outside the text, when the two scanners disagree, and when a text takes too long. The
first text of each failure is written to the directory FAILURES and the run goes on. CORPUS is seeded from the labelled
generator when it is empty.
"""

import runpy
import sys
import time
import traceback
from collections import Counter
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["hanbok.guard", "hanbok.hangul"]):
    from hanbok.guard.guard import Guard, sought
    from hanbok.guard.scanners.fallback import Fallback

    guard = Guard.load()

from hanbok.testing.corpus import generate

PIECES = runpy.run_path(str(Path(__file__).parent.parent / "tests" / "challenge" / "test_fuzz.py"))["PIECES"]
SECONDS_A_KILOBYTE = 0.05
"""Slack for instrumented code on a busy machine; the bar is 0.002."""

fallback = Guard(guard.shapes, Fallback(sought(guard.shapes)), guard.others, guard.customs)
failures: Counter[str] = Counter()
done = 0
began = time.monotonic()


def read(data: bytes) -> str:
    """Return the text of an input: its first byte says whether bytes stand for pieces or for UTF-8."""
    if data[:1] < b"\x80":
        return data[1:].decode(errors="ignore")
    source = atheris.FuzzedDataProvider(data[1:])
    parts: list[str] = []
    while source.remaining_bytes():
        choice = source.ConsumeIntInRange(0, len(PIECES) + 8)
        parts.append(PIECES[choice] if choice < len(PIECES) else source.ConsumeUnicodeNoSurrogates(6))
    return "".join(parts)


def check(text: str) -> str:
    """Return what is wrong with the findings, or nothing."""
    started = time.process_time()
    try:
        found = guard.find(text)
        spent = time.process_time() - started
        other = fallback.find(text)
    except Exception as error:  # noqa: BLE001 -- any exception is what a fuzzer looks for
        place = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"
    if spent > SECONDS_A_KILOBYTE * (1 + len(text.encode()) / 1000):
        return "too long"
    last = 0
    for one in found:
        if not last <= one.start < one.end <= len(text):
            return f"offsets of {one.kind}"
        last = one.end
    odd = {one.kind for one in set(found) ^ set(other)}
    return f"the scanners disagree on {', '.join(sorted(odd))}" if odd else ""


def judge(data: bytes) -> None:
    global done  # noqa: PLW0603 -- atheris calls a plain function
    done += 1
    text = read(data)
    if problem := check(text):
        if problem not in failures:
            print(f"FAILURE {problem}: {text!r}", flush=True)
            (folder / f"{len(failures):03d}.txt").write_text(f"{problem}\n{text!r}\n", encoding="utf-8")
        failures[problem] += 1
    if done % 500 == 0:
        # libFuzzer leaves without running exit handlers, so the tally is kept up to date.
        tally = f"{done} inputs in {time.monotonic() - began:.0f} s, failures: {dict(failures)}\n"
        (folder / "tally.txt").write_text(tally, encoding="utf-8")


def seed(corpus: Path) -> None:
    corpus.mkdir(parents=True, exist_ok=True)
    if not any(corpus.iterdir()):
        for line in generate(2000, seed=41):
            (corpus / line.id).write_bytes(b"\x00" + line.text.encode())


if __name__ == "__main__":
    folder = Path(sys.argv.pop(2))
    folder.mkdir(parents=True, exist_ok=True)
    seed(Path(sys.argv[1]))
    atheris.Setup(sys.argv, judge)
    atheris.Fuzz()
