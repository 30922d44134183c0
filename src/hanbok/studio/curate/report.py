"""A corpus in one HTML page that needs nothing else: the way in, what was dropped and why, rights, personal data."""

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined

from hanbok.core.values import Language
from hanbok.guard.kinds import kinds
from hanbok.studio.artifacts import Artifact, Facts
from hanbok.studio.curate.reasons import reason_in_words, step_in_words
from hanbok.studio.curate.said import texts_in
from hanbok.studio.licences import licence_of
from hanbok.studio.rows import shards_of

DROPPED: Final = "dropped.jsonl"
_EDGES: Final = (0, 50, 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600)
"""Characters between which the bars of the plot of lengths stand."""


def page(corpus: Artifact, language: Language = Language.KO) -> str:
    """Return the page. Raises ArtifactBroken where the corpus does not hold what its manifest says."""
    environment = Environment(
        loader=PackageLoader("hanbok.studio.curate"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        told_of(corpus, language), ko=language is Language.KO
    )


def told_of(corpus: Artifact, language: Language) -> dict[str, Any]:
    """Return what the page says, as values."""
    facts = corpus.manifest.facts
    steps = [
        {"name": step_in_words(one["step"]).of(language), "in": one["in"], "out": one["out"]}
        for one in facts["steps"]
    ]
    drops = sorted(facts["drops"].items(), key=lambda one: (-one[1], one[0]))
    return {
        "corpus": corpus,
        "facts": facts,
        "steps": steps,
        "drops": [
            {
                "reason": key,
                "why": reason_in_words(key).of(language),
                "rows": rows,
                "share": rows / max(facts["read"], 1),
            }
            for key, rows in drops
        ],
        "samples": _samples(corpus.path / DROPPED, language),
        "lengths": _lengths(corpus),
        "rights": _rights(corpus, language),
        "personal": _personal(facts, language),
    }


def _samples(path: Path, language: Language) -> list[dict[str, Any]]:
    """Return the dropped texts that were kept to show, by reason."""
    if not path.is_file():
        return []
    groups: dict[str, list[Facts]] = {}
    for line in path.read_bytes().splitlines():
        one = msgspec.json.decode(line, type=dict)
        groups.setdefault(one["reason"], []).append(one)
    return [
        {"reason": key, "why": reason_in_words(key).of(language), "texts": texts}
        for key, texts in groups.items()
    ]


def _lengths(corpus: Artifact) -> list[dict[str, Any]]:
    """Return how many rows are how long."""
    counts = [0] * len(_EDGES)
    for shard in shards_of(corpus):
        sizes = texts_in(shard).str.len_chars()
        for at, edge in enumerate(_EDGES):
            upper = _EDGES[at + 1] if at + 1 < len(_EDGES) else None
            inside = (sizes >= edge) & (
                (sizes < upper) if upper else pl.Series([True]).new_from_index(0, len(sizes))
            )
            counts[at] += int(inside.sum())
    names = [f"{low:,}–{high:,}" for low, high in pairwise(_EDGES)] + [f"{_EDGES[-1]:,}–"]
    return [{"name": name, "rows": rows} for name, rows in zip(names, counts, strict=True)]


def _rights(corpus: Artifact, language: Language) -> list[dict[str, Any]]:
    """Return for each source and licence how many rows came out, what it asks, and by what right it is used."""
    declared = {one["source"]: one for one in corpus.manifest.facts.get("licences", [])}
    rows = rights_of(corpus)
    return [_right(one, declared.get(one["source"], {}), language) for one in rows]


def rights_of(corpus: Artifact) -> list[dict[str, Any]]:
    """Return source, licence, opt-out and rows of what is in a corpus."""
    keys = ["source", "licence", "opt_out"]
    parts = [pl.read_parquet(shard, columns=keys).group_by(keys).len("rows") for shard in shards_of(corpus)]
    whole = pl.concat(parts).group_by(keys).agg(pl.col("rows").sum()).sort(keys)
    return whole.to_dicts()


def _right(one: Facts, declared: Facts, language: Language) -> dict[str, Any]:
    known = licence_of(one["licence"] or "")
    duties = (
        [] if known is None else [name for name in ("attribution", "share_alike") if getattr(known, name)]
    )
    name = known.title.of(language) if known else one["licence"] or "?"
    return {
        **one,
        "name": name,
        "duties": duties,
        "basis": declared.get("basis", ""),
        "fetched": declared.get("fetched", ""),
    }


def _personal(facts: Facts, language: Language) -> dict[str, Any]:
    told = facts.get("personal", {"checked": False})
    named = {key: kind.label.of(language) for key, kind in kinds().items()}

    def rows(part: str) -> list[dict[str, Any]]:
        return [
            {"name": named.get(kind, kind), "count": count}
            for kind, count in sorted(told.get(part, {}).items())
        ]

    return {**told, "treated": rows("treated"), "left": rows("left"), "topics": rows("topics")}
