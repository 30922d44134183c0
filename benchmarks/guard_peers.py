"""Compares the guard with its peers from PyPI in one run: F1 by type on three sets, alarms on statutes, CPU speed.

    python benchmarks/guard_peers.py [PEERS [DATA]]

PEERS is a directory outside the repository for one environment a peer (default $HANBOK_PEERS, else one below the
temporary directory); a missing one is made and the peer installed from PyPI, nothing else is fetched. DATA is the
folder of the shared development data (default ../shared/data beside the repository); without it the statutes are left
out.

The guard's authors saw examples from the generator and from the open half, none from the blind half. "Own types"
counts only the types that an engine knows. Presidio's spaCy models are not on PyPI: it runs without NER.
"""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hanbok.guard.score import Gold, Prediction, Scores, Span, score
from hanbok.testing.corpus import generate

HERE = Path(__file__).parent
PEERS = {
    "presidio-analyzer==2.2.366": "presidio_peer",
    "ko-pii==1.22.15": "ko_pii_peer",
    "maskingtape==0.4.0": "maskingtape_peer",
    "rust-pii-transformer==0.1.0": "rust_pii_peer",
    "hanbok": "hanbok_guard",
    "hanbok, no names": "hanbok_structured",
}
KINDS = (
    *("RRN", "FRN", "DRIVER_LICENSE", "PASSPORT", "BRN", "CRN", "HEALTH_INS", "CARD", "ACCOUNT", "PHONE"),
    *("EMAIL", "IP", "VEHICLE", "ADDRESS", "POSTAL", "PERSON", "DOB", "PCCC", "CI_DI", "SECRET"),
)
DEFAULT_PEERS = Path(tempfile.gettempdir()) / "hanbok-peers"
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
    """MB of UTF-8 a CPU second on documents of about 3 KB: statutes, generated lines without and with personal data."""


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("HANBOK_PEERS", DEFAULT_PEERS))
    data = Path(sys.argv[2]) if len(sys.argv) > 2 else HERE.parent.parent / "shared" / "data"
    build = runpy.run_path(str(HERE.parent / "tests" / "challenge" / "challenge.py"))["build"]
    sets: dict[str, Sequence[Gold]] = {
        "open": build(),
        "blind": build(rounds=5, blind=True),
        "generator": list(generate(3000, seed=31)),
    }
    law = statutes(data)
    documents = {
        "statutes": list(documents_of(law)),
        "clean": list(documents_of([one for one in generate(9000, seed=32) if not one.spans])),
        "dense": list(documents_of(sets["generator"])),
    }
    results = []
    for name, module in PEERS.items():
        python = Path(sys.executable) if name.startswith("hanbok") else environment(folder, name)
        if python is None:
            print(f"{name}: could not be installed, left out")
            continue
        print(f"{name} ...", file=sys.stderr, flush=True)
        results.append(run(name, python, module, sets, law, documents))
    report(results)


def environment(folder: Path, requirement: str) -> Path | None:
    """Return the interpreter of this peer's own environment, made when it is not there; None when that fails."""
    home = folder / requirement.partition("==")[0]
    python = home / "bin" / "python"
    if not python.exists():
        print(f"{requirement}: installing into {home}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        command = [str(python), "-m", "pip", "install", "--quiet", requirement]
        if subprocess.run(command, check=False).returncode:
            shutil.rmtree(home)
            return None
    return python


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
        name=name.replace("==", " "),
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


def report(results: Sequence[Result]) -> None:
    """Print tables in Markdown."""
    heads = ("micro overlap F1", "own types", "micro strict F1", "leak", "alarm", "statutes")
    speeds = ("MB/s statutes", "MB/s clean", "MB/s dense")
    print(f"| engine | types | {' | '.join(speeds)} | set | {' | '.join(heads)} |")
    print("|---|--:|--:|--:|--:|---|--:|--:|--:|--:|--:|--:|")
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
            rates = " | ".join(f"{rate:.2f}" for rate in one.rates.values())
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
