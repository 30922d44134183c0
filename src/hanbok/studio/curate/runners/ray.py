"""Ray tasks: on the cluster of an address, on the one that this machine belongs to, or on one started here."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import ray

from hanbok.studio.curate.errors import RunnerUnfit, WorkerDied
from hanbok.studio.curate.runner import Failure, Labour, attempt

RETRIES: Final = 5
"""How often Ray starts a task again whose worker or node died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ray:
    """Every node must see the job's folder and the sources under the same paths. `workers` limits tasks in flight."""

    workers: int = 0
    address: str = "ray"

    def run(self, labour: Labour, tasks: Sequence[int], heard: Callable[[int], None]) -> None:
        self._join()
        work = ray.remote(num_cpus=1, max_retries=RETRIES)(attempt)
        held = ray.put(labour)
        try:
            for task, failure in self._done(work, held, tasks):
                if failure:
                    raise failure.again()
                heard(task)
        except (
            ray.exceptions.WorkerCrashedError,
            ray.exceptions.NodeDiedError,
            ray.exceptions.OutOfMemoryError,
        ) as died:
            raise WorkerDied from died

    def close(self) -> None:
        """Leave the cluster as it is: it may be another's."""

    def _join(self) -> None:
        if ray.is_initialized():
            return
        # Not at the top: what it imports tries out a socket.
        from ray._common.usage.usage_lib import set_usage_stats_enabled_via_env_var  # noqa: PLC0415

        # `ray` alone: the cluster of this machine, or a new one; `ray:host:port`: without the client's detour.
        given = None if self.address == "ray" else self.address
        if given is not None and not given.startswith("ray://"):
            given = given.removeprefix("ray:")
        set_usage_stats_enabled_via_env_var(False)  # hanbok sends nothing anywhere
        try:
            ray.init(address=given, log_to_driver=False, include_dashboard=False if given is None else None)
        except (ImportError, ConnectionError, RuntimeError, ValueError) as error:
            raise RunnerUnfit(runner=self.address, why=type(error).__name__) from error

    def _done(self, work: Any, held: Any, tasks: Sequence[int]) -> Iterator[tuple[int, Failure | None]]:  # noqa: ANN401 - Ray's own
        """Yield tasks as they end. Only so many wait in Ray's queue that a long job does not fill the driver."""
        limit = self.workers or 4 * max(1, int(ray.cluster_resources().get("CPU", 1)))
        left = list(reversed(tasks))
        flying: dict[Any, int] = {}
        while left or flying:
            while left and len(flying) < limit:
                task = left.pop()
                flying[work.remote(held, task)] = task
            done, _ = ray.wait(list(flying), num_returns=1)
            for one in done:
                yield flying.pop(one), ray.get(one)
