"""Compares the guard with its peers from PyPI in one run: F1 by type on three sets, alarms on statutes, CPU speed.

Set up once, outside the repository (each peer gets its own environment; nothing else is downloaded):

    for name in presidio-analyzer ko-pii maskingtape rust-pii-transformer; do
        uv venv $HANBOK_PEERS/$name && uv pip install --python $HANBOK_PEERS/$name/bin/python $name
    done

    python benchmarks/guard_peers.py $HANBOK_PEERS [/work/shared/data]

The guard's authors saw examples from the generator and from the open half, none from the blind half. "Own types"
counts only the types that an engine knows. Presidio's spaCy models are not on PyPI: it runs without NER.
"""

import json
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hanbok.guard.score import Gold, Prediction, Scores, Span, score
from hanbok.testing.corpus import generate

HERE = Path(__file__).parent
PEERS = {
    "presidio-analyzer": "presidio_peer",
    "ko-pii": "ko_pii_peer",
    "maskingtape": "maskingtape_peer",
    "rust-pii-transformer": "rust_pii_peer",
    "hanbok": "hanbok_guard",
    "hanbok, no names": "hanbok_structured",
}
KINDS = (
    *("RRN", "FRN", "DRIVER_LICENSE", "PASSPORT", "BRN", "CRN", "HEALTH_INS", "CARD", "ACCOUNT", "PHONE"),
    *("EMAIL", "IP", "VEHICLE", "ADDRESS", "POSTAL", "PERSON", "DOB", "PCCC", "CI_DI", "SECRET"),
)
SECONDS = 5.0
DOCUMENT_BYTES = 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one engine did in this run."""

    name: str
    known: frozenset[str]
    scores: dict[str, Scores]
    own: dict[str, Scores]
    statute_alarm: float
    rates: dict[str, float]
    """MB of UTF-8 a CPU second on documents of about 3 KB: dense (generated lines) and plain (statutes)."""


def main() -> None:
    folder = Path(sys.argv[1])
    data = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    build = runpy.run_path(str(HERE.parent / "tests" / "challenge" / "challenge.py"))["build"]
    sets: dict[str, Sequence[Gold]] = {
        "open": build(),
        "blind": build(rounds=5, blind=True),
        "generator": list(generate(3000, seed=31)),
    }
    law = statutes(data) if data else []
    documents = {
        "dense": list(documents_of(sets["generator"])),
        "plain": list(documents_of([*law, *(one for one in sets["generator"] if not one.spans)])),
    }
    results = []
    for name, module in PEERS.items():
        python = folder / name / "bin" / "python" if not name.startswith("hanbok") else Path(sys.executable)
        if not python.exists():
            print(f"{name}: no environment at {python}, left out")
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        results.append(run(name, python, module, sets, law, documents))
    report(results)


def statutes(data: Path) -> list[Gold]:
    """Return sentences of acts: none holds personal data."""
    path = data / "law" / "law_articles.jsonl"
    if not path.exists():
        print(f"{path} is absent: no figures for statutes")
        return []
    articles = (json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines())
    sentences = [one.strip() for text in articles for one in re.split(r"(?<=다\.)\s|\n", text)]
    kept = [one for one in sentences if len(one) > 5][::5]
    return [Gold(id=f"law{number}", text=text, spans=()) for number, text in enumerate(kept)]


def documents_of(rows: Sequence[Gold]) -> Iterator[str]:
    """Join lines to documents of about 3 KB."""
    page = ""
    for one in rows:
        page += f"{one.text}\n"
        if len(page.encode()) >= DOCUMENT_BYTES:
            yield page
            page = ""


def run(
    name: str,
    python: Path,
    module: str,
    sets: dict[str, Sequence[Gold]],
    law: Sequence[Gold],
    documents: dict[str, list[str]],
) -> Result:
    lines = [{"id": f"{key}/{row.id}", "text": row.text} for key, rows in sets.items() for row in rows]
    lines += [{"id": f"law/{row.id}", "text": row.text} for row in law]
    job = json.dumps({"lines": lines, "documents": documents, "seconds": SECONDS})
    command = [str(python), str(HERE / "peers" / "worker.py"), module]
    answer: dict[str, Any] = json.loads(
        subprocess.run(command, input=job, stdout=subprocess.PIPE, text=True, check=True).stdout
    )
    found = {row["id"]: read_spans(row["spans"]) for row in answer["predictions"]}
    scores, own = {}, {}
    known = known_kinds(HERE / "peers" / f"{module}.py")
    for key, rows in sets.items():
        predictions = [Prediction(id=row.id, spans=found[f"{key}/{row.id}"]) for row in rows]
        scores[key] = score(rows, predictions)
        only = [
            Gold(id=row.id, text=row.text, spans=tuple(one for one in row.spans if one.kind in known))
            for row in rows
        ]
        own[key] = score(only, predictions)
    flagged = sum(bool(found[f"law/{row.id}"]) for row in law)
    return Result(
        name=f"{name} {version_of(python, name)}",
        known=known,
        scores=scores,
        own=own,
        statute_alarm=flagged / len(law) if law else float("nan"),
        rates=answer["rates"],
    )


def read_spans(spans: Sequence[dict[str, Any]]) -> tuple[Span, ...]:
    return tuple(
        Span(start=one["start"], end=one["end"], kind=one["type"]) for one in spans if one["type"] in KINDS
    )


def known_kinds(source: Path) -> frozenset[str]:
    """Return the types that an adapter can yield, read from its text."""
    if source.stem.startswith("hanbok"):
        return frozenset(KINDS) - ({"PERSON", "ADDRESS"} if source.stem == "hanbok_structured" else set())
    return frozenset(re.findall(r'"([A-Z_]+)"', source.read_text(encoding="utf-8"))) & frozenset(KINDS)


def version_of(python: Path, name: str) -> str:
    if name.startswith("hanbok"):
        return version("hanbok")
    asked = f"from importlib.metadata import version; print(version({name!r}))"
    return subprocess.run(
        [str(python), "-c", asked], capture_output=True, text=True, check=True
    ).stdout.strip()


def report(results: Sequence[Result]) -> None:
    """Print tables in Markdown."""
    heads = ("micro overlap F1", "own types", "micro strict F1", "leak", "alarm", "statutes")
    print(f"| engine | types | MB/s plain | MB/s dense | set | {' | '.join(heads)} |")
    print("|---|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|")
    for one in results:
        for key, scores in one.scores.items():
            strict, overlap = scores.micro.strict.f1, scores.micro.overlap.f1
            figures = (
                overlap,
                one.own[key].micro.overlap.f1,
                strict,
                scores.leak,
                scores.alarm,
                one.statute_alarm,
            )
            rates = f"{one.rates['plain']:.2f} | {one.rates['dense']:.2f}"
            cells = " | ".join(f"{figure:.3f}" for figure in figures)
            print(f"| {one.name} | {len(one.known)} | {rates} | {key} | {cells} |")
    print("\nOverlap F1 by type, blind half of the challenge set:\n")
    print(f"| type | {' | '.join(one.name for one in results)} |")
    print(f"|---|{'--:|' * len(results)}")
    for kind in KINDS:
        row = (
            f"{one.scores['blind'].kinds[kind].overlap.f1:.3f}" if kind in one.known else "-"
            for one in results
        )
        print(f"| {kind} | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
