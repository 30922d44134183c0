"""The gate between scores and a release: what was tuned must be better than what one started from, beyond chance."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, ClassVar, Final

import msgspec
from msgspec import Meta

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind
from hanbok.studio.comparing import Difference, compare
from hanbok.studio.errors import NoGain
from hanbok.studio.stage import Estimate, Progress

COMPARISON: Final = "comparison.json"
_VERSION: Final = 1


class GainPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be better."""

    tasks: Annotated[
        tuple[str, ...],
        Meta(description="Tasks of which each must be better; none: one at least, and none of them worse."),
    ] = ()
    waive: Annotated[
        str, Meta(description="Why a model is released that is no better; it stays in the manifest.")
    ] = ""


class Gain:
    """Makes a COMPARISON of `scores_base` and `scores`: task by task, on the same rows."""

    name = "gain"
    makes: ClassVar[Kind] = Kind.COMPARISON

    def __init__(self, plan: GainPlan) -> None:
        self.plan = plan

    @property
    def spec(self) -> Mapping[str, object]:
        return {"version": _VERSION} | msgspec.to_builtins(self.plan)

    def estimate(self, _: Mapping[str, Artifact]) -> Estimate:
        return Estimate(cpu_seconds=2, memory_mib=100, disk_mib=1)

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Raise NoGain, ProtocolsDiffer, NothingInCommon."""
        progress.begin(Text(ko="점수 견주기", en="Comparing scores"), None, "task")
        found = compare(inputs["scores_base"], inputs["scores"])
        progress.advance(len(found))
        (folder / COMPARISON).write_bytes(msgspec.json.format(msgspec.json.encode(found)))
        failed = self._failed(found)
        absent = sorted(set(self.plan.tasks) - {one.task for one in found})
        if (failed or absent) and not self.plan.waive:
            raise NoGain(tasks=", ".join([*absent, *(f"{one.task} {_moved(one)}" for one in failed)]))
        return {
            "tasks": {
                one.task: {
                    "metric": one.metric,
                    "before": one.before.value,
                    "after": one.after.value,
                    "gain": one.gain.value,
                    "p": one.p,
                    "test": one.test,
                    "rows": one.n,
                }
                for one in found
            },
            "waived": self.plan.waive if failed or absent else "",
        }

    def _failed(self, found: list[Difference]) -> list[Difference]:
        """Return what is not as it must be."""
        if self.plan.tasks:
            wanted = [one for one in found if one.task in self.plan.tasks]
            return [one for one in wanted if not _better(one)]
        worse = [one for one in found if one.significant and one.gain.value < 0]
        return worse or ([] if any(map(_better, found)) else found)


def _better(one: Difference) -> bool:
    return one.significant and one.gain.value > 0


def _moved(one: Difference) -> str:
    return f"{one.before.value:.3f} -> {one.after.value:.3f} (n={one.n}, p={one.p:.3f})"
