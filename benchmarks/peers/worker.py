"""Runs one peer in its own environment: `python worker.py NAME < lines > predictions`; standard library only.

NAME is a file beside this one with `find(text)`, which yields (start, end, type). The first line of the input is
`{"lines": [{"id", "text"}], "documents": {name: [text]}, "seconds": of each}`.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterable


def main() -> None:
    started = time.perf_counter()
    find = importlib.import_module(sys.argv[1]).find
    loaded = time.perf_counter() - started
    job = json.load(sys.stdin)
    for row in job["lines"][:20]:
        list(find(row["text"]))
    started = time.process_time()
    predictions = [
        {"id": row["id"], "spans": [{"start": a, "end": b, "type": kind} for a, b, kind in find(row["text"])]}
        for row in job["lines"]
    ]
    short = time.process_time() - started
    rates = {name: rate(find, pages, job["seconds"]) for name, pages in job["documents"].items()}
    json.dump({"predictions": predictions, "load": loaded, "short": short, "rates": rates}, sys.stdout)


def rate(find: Callable[[str], Iterable[object]], pages: list[str], seconds: float) -> float:
    """Return MB of UTF-8 a CPU second, measured for about so many seconds."""
    done = 0
    if not pages:
        return float("nan")
    started = time.process_time()
    while time.process_time() - started < seconds:
        for text in pages:
            list(find(text))
            done += len(text.encode())
            if time.process_time() - started > seconds:
                break
    return done / (time.process_time() - started) / 1e6


main()
