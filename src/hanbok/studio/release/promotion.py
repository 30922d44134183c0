"""What is asked before another version answers for a name, and what the log keeps of it.

Swapping the model of a designated financial service is graded by how its answers to risky questions change; a major
change is not one person's to make alone (`hanbok.gateway.probes`).
"""

import hashlib
from dataclasses import dataclass
from typing import Final

from hanbok.core.clock import stamp
from hanbok.evidence.entry import ModelRelease
from hanbok.gateway.llama.releases import Line
from hanbok.gateway.probes.differing import Change, Difference, RunsDiffer, compare
from hanbok.gateway.probes.running import Run
from hanbok.studio.release.errors import ChangeTooGreat, ProbesMissing
from hanbok.studio.release.registry import Registry

KIND: Final = "model_promote"
"""Of the approval that a major change needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """Runs of the risky probes on the version that answers, and on the one that shall."""

    before: Run
    after: Run
    digest: str
    """Over both files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """One version that shall answer for its name, for all calls or for so many in a hundred."""

    name: str
    version: str
    percent: int = 100
    probed: Probed | None = None

    @property
    def key(self) -> str:
        return f"{self.name}@{self.version}"

    def grade(self, live: str) -> Difference | None:
        """Return how much the answers change; None where nothing is swapped. Raises ProbesMissing, RunsDiffer."""
        if not live or live == self.version:
            return None
        if self.probed is None:
            raise ProbesMissing(name=self.name, version=self.version)
        before, after = self.probed.before, self.probed.after
        if before.model not in (self.name, f"{self.name}@{live}") or after.model != self.key:
            raise RunsDiffer(why=f"{before.model} -> {after.model}, not {self.name}@{live} -> {self.key}")
        return compare(before, after)

    def arguments(self, live: str) -> dict[str, object]:
        """Return what a second person allows, exactly."""
        probes = self.probed.digest if self.probed else ""
        return {"release": self.key, "live": live, "percent": self.percent, "probes": probes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """On what a change of what answers was made."""

    found: Difference | None = None
    probes: str = ""
    approvers: tuple[str, ...] = ()
    forced: str = ""
    """Why it was done without probes or leave; as people's words it is kept by its digest."""


NO_GROUNDS: Final = Grounds()


def refuse_major(promotion: Promotion, found: Difference | None) -> None:
    """Raise ChangeTooGreat for a major change."""
    if found is not None and found.grade is Change.MAJOR:
        raise ChangeTooGreat(name=promotion.name, version=promotion.version, why="; ".join(found.reasons))


def entry_of(
    registry: Registry,
    line: Line,
    *,
    verb: str,
    name: str,
    before: str,
    actor: str,
    grounds: Grounds = NO_GROUNDS,
) -> ModelRelease:
    """Return the entry of a change in what answers for a name."""
    version = line.canary or line.live
    facts = {
        "live": line.live,
        "canary": f"{line.canary} {line.percent}%" if line.canary else "",
        "forced_sha256": hashlib.sha256(grounds.forced.encode()).hexdigest() if grounds.forced else "",
    }
    return ModelRelease(
        at=stamp(),
        actor=actor,
        verb=verb,
        object=f"{name}@{version}" if version else name,
        before=_told(registry, name, before),
        after=_told(registry, name, version),
        grade=grounds.found.grade.value if grounds.found else "",
        probes=grounds.probes,
        approvers=grounds.approvers,
        facts={key: fact for key, fact in facts.items() if fact},
    )


def _told(registry: Registry, name: str, version: str) -> str:
    return f"{version} {registry.artifact(name, version).digest}" if version else ""
