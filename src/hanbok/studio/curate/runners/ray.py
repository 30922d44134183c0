"""Ray tasks: on the cluster of an address, on the one that this machine belongs to, or on one started here."""

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, Final

from hanbok.studio.curate.errors import RunnerUnfit, WorkerDied
from hanbok.studio.curate.runner import Failure, Labour, attempt

RETRIES: Final = 5
"""How often Ray starts a task again whose worker or node died."""


class Ray:
    """Every node must see the job's folder and the sources under the same paths. `workers` limits tasks in flight.

    `ray` alone is the cluster of this machine, or a new one; `ray://host:10001` another's by its client server;
    `ray:host:6379` the same without that detour, from a machine of the cluster.
    """

    def __init__(self, *, workers: int = 0, address: str = "ray") -> None:
        self.workers, self.address = workers, address
        self._ray: Any = import_module("ray")  # not at the top: it tries out a socket

    def run(self, labour: Labour, tasks: Sequence[int], heard: Callable[[int], None]) -> None:
        self._join()
        died = self._ray.exceptions
        held = self._ray.put(labour)
        try:
            for task, failure in self._done(held, tasks):
                if failure:
                    raise failure.again()
                heard(task)
        except (died.WorkerCrashedError, died.NodeDiedError, died.OutOfMemoryError) as error:
            raise WorkerDied from error

    def close(self) -> None:
        """Leave the cluster as it is: it may be another's."""

    def _join(self) -> None:
        if self._ray.is_initialized():
            return
        given = None if self.address == "ray" else self.address
        if given is not None and not given.startswith("ray://"):
            given = given.removeprefix("ray:")
        usage = import_module("ray._common.usage.usage_lib")
        usage.set_usage_stats_enabled_via_env_var(enabled=False)  # hanbok sends nothing anywhere
        dashboard = {"include_dashboard": False} if given is None else {}
        try:
            self._ray.init(address=given, log_to_driver=False, **dashboard)
        except (ImportError, ConnectionError, RuntimeError, ValueError) as error:
            raise RunnerUnfit(runner=self.address, why=type(error).__name__) from error

    def _done(self, labour: object, tasks: Sequence[int]) -> Iterator[tuple[int, Failure | None]]:
        """Yield tasks as they end. Only so many wait in Ray's queue that a long job does not fill the driver."""
        work = self._ray.remote(num_cpus=1, max_retries=RETRIES)(attempt)
        limit = self.workers or 4 * max(1, int(self._ray.cluster_resources().get("CPU", 1)))
        left = list(reversed(tasks))
        flying: dict[Any, int] = {}
        while left or flying:
            while left and len(flying) < limit:
                task = left.pop()
                flying[work.remote(labour, task)] = task
            done, _ = self._ray.wait(list(flying), num_returns=1)
            for one in done:
                yield flying.pop(one), self._ray.get(one)
