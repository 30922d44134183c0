"""Processes on this machine. One worker needs no second process.

Workers are forked from one server that has loaded what is dear and starts no thread (`ready`), so what a worker costs
to begin is paid once. This process itself is never forked: its libraries run threads, and a fork would lose them.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import BaseContext
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
        self._pool = self._pool or ProcessPoolExecutor(
            self.workers, mp_context=_context(), initializer=_begin
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


def _context() -> BaseContext:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["hanbok.studio.curate.ready"])
    return context


def _begin() -> None:
    """Have a worker use one thread, and end with the process that started it, however that ends."""
    threading.Thread(target=_end_with, args=(multiprocessing.parent_process(),), daemon=True).start()
    one_thread()


def one_thread() -> None:
    """Tell libraries that are not loaded yet to use one thread: there is a worker for each core."""
    for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "ARROW_IO_THREADS"):
        os.putenv(name, "1")


def _end_with(parent: BaseProcess | None) -> None:
    if parent is not None:
        parent.join()
        os._exit(1)
