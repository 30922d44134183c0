"""Documents that the law wants kept: files under their own digest, written once."""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_DIGEST = re.compile(r"[0-9a-f]{64}")


class Documents:
    """A folder of documents. What is put there is durable when `put` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Keep a document; return its SHA-256, hex. The same one twice is kept once."""
        digest = hashlib.sha256(content).hexdigest()
        if self._holds(digest):
            return digest
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self._folder / f".{digest}.{os.getpid()}"
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.chmod(0o400)
        draft.replace(self._folder / digest)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return digest

    def check(self, digests: Iterable[str]) -> Mapping[str, bool]:
        """Return for each digest whether the document is there and is still the one."""
        return {digest: self._holds(digest) for digest in set(digests)}

    def _holds(self, digest: str) -> bool:
        path = self._folder / digest
        if not _DIGEST.fullmatch(digest) or not path.is_file():
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == digest
