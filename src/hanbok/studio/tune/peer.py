"""One of several processes that tune together: `torchrun -m hanbok.studio.tune.peer JOB`.

JOB is a JSON file that every machine can read: `plan`, the folders of the artifacts `base` and `corpus` (and
`held_out`), and `store`, where the first process puts what was made.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from hanbok.core.values import Text
from hanbok.studio.artifacts import find, make
from hanbok.studio.tune.plan import TunePlan
from hanbok.studio.tune.together import Together
from hanbok.studio.tune.tuning import Tune


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    plan: TunePlan
    base: Path
    corpus: Path
    store: Path
    held_out: Path | None = None


class _Plain:
    """Progress as lines of text."""

    def __init__(self) -> None:
        self._total: int | None = None
        self._done = self._told = 0

    def begin(self, what: Text, total: int | None, unit: str) -> None:
        self._total, self._done, self._told = total, 0, 0
        sys.stderr.write(f"{what.en}: {total or '?'} {unit}s\n")

    def advance(self, done: int) -> None:
        self._done += done
        if self._total and self._done * 20 // self._total > self._told:
            self._told = self._done * 20 // self._total
            sys.stderr.write(f"  {self._told * 5}%\n")


def main() -> None:
    """Do this process' part, and say what was made."""
    if made := take_part(Path(sys.argv[1])):
        sys.stdout.write(f"{made}\n")


def take_part(path: Path) -> Path | None:
    """Do this process' part of the job in a file; the first process returns the folder of what was made."""
    job = msgspec.json.decode(path.read_bytes(), type=Job, dec_hook=_decode)
    inputs = {"base": find(job.base), "corpus": find(job.corpus)}
    if job.held_out:
        inputs["held_out"] = find(job.held_out)
    stage = Tune(job.plan)
    if Together().first:
        made = make(
            job.store,
            stage.makes,
            stage.name,
            stage.spec,
            inputs,
            lambda half: stage.run(inputs, half, _Plain()),
        )
        return made.path
    with tempfile.TemporaryDirectory() as nowhere:
        stage.run(inputs, Path(nowhere), _Plain())
    return None


def _decode(kind: type, value: object) -> Any:  # noqa: ANN401 - as msgspec calls it
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise TypeError(kind)


if __name__ == "__main__":
    main()
