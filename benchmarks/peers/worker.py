"""Runs one peer in its own environment: `python worker.py NAME < lines > predictions`; standard library only.

NAME is a file beside this one with `find(text)`, which yields (start, end, type). The first line of the input is
`{"lines": [{"id", "text"}], "documents": [text], "seconds": most}`.
"""

import importlib
import json
import sys
import time


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
    done = 0
    started = time.process_time()
    for text in job["documents"]:
        list(find(text))
        done += len(text.encode())
        if time.process_time() - started > job["seconds"]:
            break
    seconds = time.process_time() - started
    json.dump(
        {"predictions": predictions, "load": loaded, "short": short, "bytes": done, "seconds": seconds},
        sys.stdout,
    )


main()
