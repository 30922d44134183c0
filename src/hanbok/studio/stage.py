"""The contract of a stage: what it makes, out of what, and what that would cost.

Inputs have roles, which are the same in every room:

- `corpus`: rows to learn from; `held_out`: DIALOGUE rows that no training sees, whose last assistant message is the
  expected answer (a build splits one clean corpus in two, so that no near-duplicate stands on both sides);
- `base`: the MODEL that one starts from; `tuned`: the ADAPTER or MODEL made of it; `merged`: both as one MODEL;
- `export`: the GGUF to be served; `export_base`: the GGUF that it is served with or compared to;
- `scores_base`, `scores`: SCORES before and after; `gain`: both compared; `parity`: SCORES of the gate.

A stage is constructed from its plan, whose paths are absolute by then: fields of type `Path` in a plan are read
relative to the recipe's file. A file outside the store counts by its SHA-256, which belongs into `spec`; its path
does not, so that the same recipe has the same keys in another folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hanbok.core.values import MicroWon, Text
from hanbok.studio.artifacts import Artifact, Facts, Kind


class Progress(Protocol):
    """Hears how far a stage is; the command line shows it as a bar."""

    def begin(self, what: Text, total: int | None, unit: str) -> None:
        """Begin a part of the work: `total` units of it, None if nobody knows."""
        ...

    def advance(self, done: int) -> None:
        """Tell that so many more units are done."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a run would take, worked out without running. Seconds are those of one core of this machine."""

    cpu_seconds: float
    memory_mib: float
    disk_mib: float
    cost: MicroWon = 0


class Stage(Protocol):
    """One step from sources to a release. What it makes depends on its `spec` and its inputs alone."""

    @property
    def name(self) -> str: ...

    @property
    def makes(self) -> Kind: ...

    @property
    def spec(self) -> Mapping[str, object]:
        """All that decides what comes out, as JSON values: its settings, and the version of its method."""
        ...

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        """Say what `run` would take. A dry run has only the inputs that are there already: any may be missing."""
        ...

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Work in `folder`, which keeps what an earlier, broken-off run with the same key left there; return
        what the manifest shall say. Raises HanbokError, and then nothing is released.
        """
        ...
