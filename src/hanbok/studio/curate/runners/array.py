"""One member of an array of like jobs (Slurm `--array`, Kubernetes indexed Job) that share the folder alone."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hanbok.studio.curate.errors import OthersMissing
from hanbok.studio.curate.runner import Labour


@dataclass(frozen=True, slots=True, kw_only=True)
class Array:
    """Does each `members`-th task and waits for the others to do theirs."""

    member: int
    members: int
    patience: float = 24 * 3600.0
    """Seconds without any progress of the others until it gives up."""
    pause: float = 0.5

    def run(self, labour: Labour, tasks: Sequence[int], heard: Callable[[int], None]) -> None:
        for task in tasks:
            if task % self.members == self.member:
                labour(task)
                heard(task)
        waiting = [task for task in tasks if task % self.members != self.member]
        since = time.monotonic()
        while waiting:
            done = [task for task in waiting if labour.done(task)]
            for task in done:
                heard(task)
            waiting = [task for task in waiting if task not in set(done)]
            if done:
                since = time.monotonic()
            elif time.monotonic() - since > self.patience:
                raise OthersMissing(seconds=round(self.patience))
            elif waiting:
                time.sleep(self.pause)

    def close(self) -> None:
        """Keep nothing."""
