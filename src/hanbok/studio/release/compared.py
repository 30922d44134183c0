"""What is told of releases: one in a line, or two side by side."""

from collections.abc import Mapping
from typing import Final

from hanbok.studio.artifacts import Artifact
from hanbok.studio.release.plan import SCORE_FILES
from hanbok.studio.release.registry import Registry
from hanbok.studio.scores import TaskScore, scores_of

_MIB: Final = 1 << 20


def told_release(registry: Registry, name: str, version: str) -> dict[str, object]:
    """Return one release as a row."""
    made, line = registry.artifact(name, version), registry.line(name)
    facts = made.manifest.facts
    state = "live" if version == line.live else f"canary {line.percent}%" if version == line.canary else ""
    return {
        "name": name,
        "version": version,
        "state": state
        or ("before" if version in line.before else "candidate" if version in line.candidates else ""),
        "form": facts.get("form"),
        "size": f"{sum(one.size for one in made.manifest.files.values()) / _MIB:.1f} MiB",
        "licence": facts.get("licence"),
        "made_at": made.manifest.made_at,
        "digest": made.digest,
    }


def compare_releases(first: Artifact, second: Artifact) -> list[dict[str, object]]:
    """Return rows of `what`, `first` and `second`: what they were made of, and each score."""
    pair = (first, second)
    rows: list[dict[str, object]] = []
    for what in ("form", "base", "licence", "data_licences"):
        told = [one.manifest.facts.get(what) for one in pair]
        rows.append({"what": what, "first": told[0], "second": told[1]})
    parity = [one.manifest.facts.get("parity", {}).get("agreement") for one in pair]
    rows.append({"what": "parity", "first": parity[0], "second": parity[1]})
    scores = [_scores(one) for one in pair]
    for name, protocol in sorted({key for one in scores for key in one}):
        found = [one.get((name, protocol)) for one in scores]
        rows.append(
            {"what": f"{name} [{protocol[:8]}]", "first": _figure(found[0]), "second": _figure(found[1])}
        )
    return rows


def _scores(made: Artifact) -> Mapping[tuple[str, str], TaskScore]:
    path = made.path / SCORE_FILES["scores"]
    if not path.is_file():
        return {}
    return {(one.name, one.protocol.digest): one for one in scores_of(path).tasks}


def _figure(one: TaskScore | None) -> str | None:
    return f"{one.score.value:.3f} ({one.score.low:.3f}-{one.score.high:.3f})" if one else None
