"""The contract of a runner: has the tasks of one phase done, wherever.

The folder of the job, which all workers share, is the only coordination: a task writes its files there, then its
mark. So a task may run twice, and a runner needs neither order nor memory.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from hanbok.core.errors import HanbokError
from hanbok.core.plugin import load, names
from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.errors import RunnerUnfit

RUNNERS: Final = "hanbok.studio.curate.runners"


class Labour(Protocol):
    """The tasks of one phase. It can be pickled."""

    def __call__(self, task: int) -> None: ...

    def done(self, task: int) -> bool:
        """Whether a task has its mark."""
        ...


class Runner(Protocol):
    def run(self, labour: Labour, tasks: Sequence[int], heard: Callable[[int], None]) -> None:
        """Do these tasks and tell `heard` of each. Returns when all of the phase are done; raises HanbokError."""
        ...

    def close(self) -> None:
        """Let workers go that were kept for the next phase."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error on its way from a worker's process to ours."""

    error: type[HanbokError]
    facts: Facts

    def again(self) -> HanbokError:
        return self.error(**self.facts)


def attempt(labour: Labour, task: int) -> Failure | None:
    """Do a task in a worker; what HanbokError it raises is returned, since facts by name do not survive pickling."""
    try:
        labour(task)
    except HanbokError as error:
        return Failure(error=type(error), facts=error.facts)
    return None


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def runner_of(how: str = "processes", workers: int = 0, shard: str = "") -> Runner:
    """Return the runner that a command line names: a key, or an address such as `ray://host:10001`.

    `workers` 0 takes every core; `shard` is `i/n`, counted from 0, for a member of an array.
    """
    name = "array" if shard else how.partition(":")[0]
    if name not in names(RUNNERS):
        raise RunnerUnfit(runner=how, why="unknown")
    if name == "array":
        told = re.fullmatch(r"(\d+)/(\d+)", shard)
        if told is None or int(told[1]) >= int(told[2]):
            raise RunnerUnfit(runner=how, why=f"--shard {shard or '?'}")
        member: Runner = load(RUNNERS, name)(member=int(told[1]), members=int(told[2]))
        return member
    runner: Runner = load(RUNNERS, name)(workers=workers, address=how)
    return runner
