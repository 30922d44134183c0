"""Processes on this machine. One worker needs no second process."""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess

from hanbok.studio.curate.errors import WorkerDied
from hanbok.studio.curate.runner import Labour, attempt, cores


class Processes:
    """`workers` 0: one for each core. They stay until `close`, since each takes a second to begin."""

    def __init__(self, *, workers: int = 0, address: str = "") -> None:
        self.workers, self.address = workers or cores(), address
        self._pool: ProcessPoolExecutor | None = None

    def run(self, labour: Labour, tasks: Sequence[int], heard: Callable[[int], None]) -> None:
        if min(self.workers, len(tasks)) <= 1:
            for task in tasks:
                labour(task)
                heard(task)
            return
        # Forking a process whose libraries run threads may lock it up.
        self._pool = self._pool or ProcessPoolExecutor(
            self.workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin
        )
        try:
            given = {self._pool.submit(attempt, labour, task): task for task in tasks}
            for done in as_completed(given):
                if failure := done.result():
                    raise failure.again()
                heard(given[done])
        except BrokenProcessPool as broken:
            raise WorkerDied from broken

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None


def _begin() -> None:
    """Give a worker one thread, since there is one for each core: told to the libraries before they are loaded.

    And have it end with the process that started it, however that ends.
    """
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS"):
        os.putenv(name, "1")


def _end_with(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)
