"""The folder in which builds work: the store of artifacts, the records of builds, and one lock for all of it."""

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hanbok.studio.errors import WorkspaceLocked

ARTIFACTS: Final = "artifacts"


class Workspace:
    """`artifacts/` holds what stages made, by key; `builds/NAME` the newest signed record of each recipe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.artifacts = folder / ARTIFACTS

    def record(self, name: str) -> Path:
        """Return the folder with the record of a recipe's last whole build."""
        return self.folder / "builds" / name

    @contextmanager
    def locked(self) -> Generator[int]:
        """Keep other builds out; yield the lock's descriptor. Raises WorkspaceLocked.

        Whoever holds a copy of the descriptor holds the lock: a stage's process does, so that a build which is
        killed leaves the workspace locked until its stage is gone as well.
        """
        self.artifacts.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                raise WorkspaceLocked(folder=self.folder, process=file.read().strip() or "?") from None
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield file.fileno()
