"""Closes a job: adds up the lines of its manifest, keeps what a reader of the corpus may ask, clears the rest away."""

import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.errors import NothingLeft
from hanbok.studio.curate.job import WORK, lines
from hanbok.studio.curate.pipeline import Pipeline, chosen
from hanbok.studio.curate.shards import json_in, placing, put_json

LINES: Final = "lines.jsonl"
"""The manifest of shards: what each was made of, how many rows went in and out, and why the others did not."""
DROPPED: Final = "dropped.jsonl"
"""A few dropped texts for each reason, personal data masked."""
_CLOSED: Final = ".closed.json"
_GONE: Final = ".gone"


def closed(folder: Path) -> Facts | None:
    """Return the facts of a job that was closed, if it was."""
    held = folder / _CLOSED
    return json_in(held) if held.exists() else None


def close(folder: Path, pipeline: Pipeline) -> Facts:
    """Add up a finished job, write `lines.jsonl` and `dropped.jsonl`, and remove its working files.

    Raises NothingLeft, ShardBroken.
    """
    told = list(lines(folder))
    shards = [one for one in told if "out" in one]
    facts = summed(shards)
    for line in told:
        if "facts" in line:
            number = int(line["phase"].partition("-")[0])
            sweep = pipeline.segments[number - 1].sweep
            facts[sweep.name if sweep else ""] = line["facts"]
    if not facts["out"]["rows"]:
        drops = facts["drops"]
        raise NothingLeft(rows=facts["read"], reason=max(drops, key=drops.__getitem__, default="-"))
    samples = _samples(pipeline.seed, (one for line in shards for one in line["samples"]))
    _put_lines(folder / DROPPED, samples)
    _put_lines(folder / LINES, [{key: one[key] for key in one if key != "samples"} for one in shards])
    put_json(folder / _CLOSED, facts)
    # Renamed first: other members of an array see either all marks or none.
    (folder / WORK).rename(folder / _GONE)
    shutil.rmtree(folder / _GONE, ignore_errors=True)
    return facts


def summed(shards: list[Facts]) -> Facts:
    """Return the figures of all shards: rows read, steps in their order, drops by reason, and what came out."""
    steps: dict[str, list[int]] = {}
    drops: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    sources: defaultdict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    last = max((one["phase"] for one in shards), key=lambda name: int(name.partition("-")[0]), default="")
    for line in shards:
        for step in line["steps"]:
            held = steps.setdefault(step["step"], [0, 0])
            held[0] += step["in"]
            held[1] += step["out"]
        drops.update(line["drops"])
        if line["phase"] == last:
            counts.update(line["out"]["counts"])
            total.update({key: line["out"][key] for key in ("rows", "chars", "bytes")})
            for name, figures in line["sources"].items():
                sources[name].update(figures)
    return {
        "read": sum(one["rows_in"] for one in shards if one["phase"] == "0-read"),
        "steps": [{"step": name, "in": held[0], "out": held[1]} for name, held in steps.items()],
        "drops": dict(sorted(drops.items())),
        "items": _items(one for line in shards for one in line["items"]),
        "out": {
            "rows": total["rows"],
            "chars": total["chars"],
            "bytes": total["bytes"],
            "counts": dict(counts),
        },
        "sources": {name: dict(one) for name, one in sorted(sources.items())},
    }


def _samples(seed: int, samples: Iterable[Facts]) -> list[Facts]:
    """Return the samples that all shards together would have chosen."""
    reasons: defaultdict[str, list[Facts]] = defaultdict(list)
    for one in samples:
        reasons[one["reason"]].append(one)
    return [one for reason in sorted(reasons) for one in chosen(seed, reasons[reason])]


def _items(items: Iterable[str]) -> dict[str, int]:
    """Return how many things of each kind dropped rows gave away: of `kobest#12` the kind is `kobest`."""
    return dict(sorted(Counter(one.rpartition("#")[0] for one in set(items)).items()))


def _put_lines(path: Path, facts: list[Facts]) -> None:
    with placing(path) as file:
        file.writelines(msgspec.json.encode(one) + b"\n" for one in facts)
