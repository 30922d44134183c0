"""Processes on this machine. One worker needs no second process."""

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from hanbok.studio.curate.errors import WorkerDied
from hanbok.studio.curate.runner import Labour, attempt, cores


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """`workers` 0: one for each core."""

    workers: int = 0
    address: str = ""

    def run(self, labour: Labour, tasks: Sequence[int], heard: Callable[[int], None]) -> None:
        workers = min(self.workers or cores(), len(tasks))
        if workers <= 1:
            for task in tasks:
                labour(task)
                heard(task)
            return
        # Forking a process whose libraries run threads may lock it up.
        pool = ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_one_thread
        )
        try:
            self._have_done(pool, labour, tasks, heard)
        except BrokenProcessPool as broken:
            raise WorkerDied from broken
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    @staticmethod
    def _have_done(
        pool: ProcessPoolExecutor, labour: Labour, tasks: Sequence[int], heard: Callable[[int], None]
    ) -> None:
        given = {pool.submit(attempt, labour, task): task for task in tasks}
        for done in as_completed(given):
            if failure := done.result():
                raise failure.again()
            heard(given[done])


def _one_thread() -> None:
    """Workers are as many as cores, so each needs one thread; told to the libraries before they are loaded."""
    for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS"):
        os.putenv(name, "1")
