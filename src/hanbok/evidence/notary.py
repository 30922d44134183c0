"""What follows from durable entries and can wait a moment: tiles, and the checkpoint that the log signs.

A thread of its own takes up the leaf hashes that the writer made durable, once in a while for all of them, so that
the path of a call carries none of it. A checkpoint never covers an entry that is not durable. When a file cannot be
written it tries again the next time: the entries are safe, and everything here can be made from them again.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Lock, Thread

from hanbok.core.errors import HanbokError
from hanbok.evidence.checkpoint import Checkpoint, sign
from hanbok.evidence.files import replace_durably
from hanbok.evidence.keychain import CHECKPOINT
from hanbok.evidence.signer import Signer
from hanbok.evidence.tile import Edge, Tile

_log = logging.getLogger("hanbok.evidence")


class Notary:
    """Keeps tiles and checkpoint of one folder in step with its entries."""

    def __init__(
        self, directory: Path, signer: Signer, edge: Edge, last: Checkpoint | None, *, every: float
    ) -> None:
        """`edge`: the tree over the entries of `last`, the checkpoint that was signed last."""
        self.directory = directory
        self.checkpoint = last
        self.signer = signer
        self._edge = edge
        self._every = every
        self._fresh: list[bytes] = []
        self._taking = Lock()
        self._working = Lock()
        self._unwritten: list[tuple[Tile, bytes]] = []
        self._partial: set[Path] = set()
        self._stop = Event()
        self._thread = Thread(target=self._run, name="hanbok-notary", daemon=True)

    def start(self) -> None:
        """Begin to work beside the writer."""
        self._thread.start()

    def take(self, leaves: list[bytes]) -> None:
        """Be told of entries that became durable, in their order."""
        with self._taking:
            self._fresh += leaves

    def work(self) -> None:
        """Bring tiles and checkpoint up to what is durable. Raises OSError, HanbokError."""
        with self._working:
            with self._taking:
                leaves, self._fresh = self._fresh, []
            self._unwritten += self._edge.add(leaves)
            self._write_tiles()
            if self.checkpoint is None or self._edge.size != self.checkpoint.size:
                self._sign()

    def rotate(self, signer: Signer, announce: Callable[[], None], take_over: Callable[[], None]) -> None:
        """Sign with another key once `announce` told of it, also if `take_over` fails; nothing is signed between."""
        with self._working:
            announce()
            self.signer = signer
            take_over()

    def close(self) -> None:
        """Do what is left to do and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._try()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self._try()

    def _try(self) -> None:
        try:
            self.work()
        except (OSError, HanbokError) as error:
            _log.warning("the checkpoint waits: %s", error)

    def _write_tiles(self) -> None:
        while self._unwritten:
            tile, data = self._unwritten[0]
            path = self.directory / tile.path
            path.parent.mkdir(parents=True, exist_ok=True)
            replace_durably(path, data, name=False)
            self._drop_partial(path)
            del self._unwritten[0]
        for tile, data in self._edge.partial():
            path = self.directory / tile.path
            if path not in self._partial:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                self._partial.add(path)

    def _drop_partial(self, full: Path) -> None:
        """Partial tiles are of no use beside the full one (tlog-tiles, partial tiles)."""
        folder = full.with_name(f"{full.name}.p")
        if folder.is_dir():
            for path in folder.iterdir():
                path.unlink()
                self._partial.discard(path)
            folder.rmdir()

    def _sign(self) -> None:
        checkpoint = Checkpoint(self.signer.key.name, self._edge.size, self._edge.root())
        replace_durably(self.directory / CHECKPOINT, sign(checkpoint, self.signer))
        self.checkpoint = checkpoint
