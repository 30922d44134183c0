"""Runs a stage in a process of its own: its memory is given back, and a kill of it is an error that says so.

The process holds a copy of the workspace's lock, and ends when the build that started it ends, however that ends.
"""

import contextlib
import errno
import os
import signal
import threading
import time
from collections.abc import Mapping
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.reduction import DupFd
from pathlib import Path
from typing import Any, Final, NamedTuple

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts
from hanbok.studio.errors import DiskFull, OutOfMemory, StageCrashed, StageUnreadable
from hanbok.studio.stage import Progress, Stage

_EVERY: Final = 0.1
"""Seconds between two words about progress."""
_PATIENCE: Final = 10
"""Seconds that a stage's process may tidy up after its last word."""
_FULL: Final = {errno.ENOSPC, errno.EDQUOT}


class _Begun(NamedTuple):
    what: Text
    total: int | None
    unit: str


class _Advanced(NamedTuple):
    done: int


class _Failed(NamedTuple):
    error: type[HanbokError]
    facts: dict[str, object]


class _Made(NamedTuple):
    facts: Facts


def run_apart(
    stage: Stage, inputs: Mapping[str, Artifact], folder: Path, progress: Progress, lock: int
) -> Facts:
    """Run a stage in a process of its own and return its facts. Raises HanbokError, whatever goes wrong."""
    context = get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_work, args=(there, _Lock(lock), stage, dict(inputs), folder))
    child.start()
    there.close()
    try:
        return _listen(here, progress, stage.name)
    except EOFError:
        child.join()
        raise _ended(stage.name, child.exitcode or 0) from None
    except KeyboardInterrupt:
        here.close()
        raise
    finally:
        child.join(_PATIENCE)
        here.close()  # a process that is still there hears it and ends
        child.join()


class _Lock:
    """The lock's descriptor on its way into the process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[Any, ...]:
        return _hold, (DupFd(self._descriptor),)


def _hold(sent: Any) -> int:  # noqa: ANN401 - multiprocessing does not name its type
    """Take the lock's copy over, for as long as this process lives."""
    held: int = sent.detach()
    return held


def _listen(connection: Connection, progress: Progress, name: str) -> Facts:
    while True:
        said = connection.recv()
        if isinstance(said, _Begun):
            progress.begin(*said)
        elif isinstance(said, _Advanced):
            progress.advance(said.done)
        elif isinstance(said, _Failed):
            raise said.error(**said.facts)
        elif isinstance(said, _Made):
            return said.facts
        else:
            raise StageCrashed(stage=name, how=type(said).__name__)


def _ended(name: str, code: int) -> HanbokError:
    if code == -signal.SIGKILL:
        how = Text(ko="운영체제가 프로세스를 강제로 끝냈습니다", en="the system killed its process")
        return OutOfMemory(stage=name, how=how)
    how = Text(ko=f"종료 코드 {code}", en=f"exit code {code}")
    if code < 0:
        how = Text(ko=f"신호 {signal.Signals(-code).name}", en=f"signal {signal.Signals(-code).name}")
    return StageCrashed(stage=name, how=how)


def _work(connection: Connection, _: _Lock, stage: Stage, inputs: dict[str, Artifact], folder: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the build hears it, and closes the connection
    threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
    progress = _Telling(connection)
    try:
        facts = stage.run(inputs, folder, progress)
    except HanbokError as error:
        connection.send(_Failed(type(error), error.facts))
    except OSError as error:
        told = of_system(stage.name, folder, error)
        connection.send(_Failed(type(told), told.facts))
    except (MemoryError, BrokenProcessPool) as error:
        connection.send(_Failed(OutOfMemory, {"stage": stage.name, "how": type(error).__name__}))
    except RuntimeError as error:
        if "allocate memory" not in str(error):  # torch has no class of its own for it
            raise
        connection.send(_Failed(OutOfMemory, {"stage": stage.name, "how": type(error).__name__}))
    else:
        progress.flush()
        connection.send(_Made(facts))


def of_system(stage: str, folder: Path, error: OSError) -> HanbokError:
    """Return what the system's word means for a stage that works in `folder`."""
    if error.errno in _FULL:
        return DiskFull(stage=stage, folder=folder)
    if error.errno == errno.ENOMEM:
        return OutOfMemory(stage=stage, how=type(error).__name__)
    path, why = error.filename or folder, error.strerror or type(error).__name__
    return StageUnreadable(stage=stage, path=str(path), why=why)


def _end_with(connection: Connection) -> None:
    """End this process when the other side is gone: nobody would take what it makes."""
    with contextlib.suppress(EOFError, OSError):
        connection.recv()
    os._exit(1)


class _Telling:
    """Tells the build how far the stage is, a few times a second."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._done = 0
        self._told = 0.0

    def begin(self, what: Text, total: int | None, unit: str) -> None:
        self.flush()
        self._send(_Begun(what, total, unit))

    def advance(self, done: int) -> None:
        with self._lock:
            self._done += done
            due = time.monotonic() - self._told >= _EVERY
        if due:
            self.flush()

    def flush(self) -> None:
        with self._lock:
            done, self._done, self._told = self._done, 0, time.monotonic()
        if done:
            self._send(_Advanced(done))

    def _send(self, said: _Begun | _Advanced) -> None:
        with self._lock:
            self._connection.send(said)
