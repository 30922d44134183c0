"""Files that change as a whole or not at all."""

import os
from pathlib import Path


def sync_directory(directory: Path) -> None:
    """Make the names in a directory durable."""
    file = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def replace_durably(path: Path, data: bytes, *, mode: int = 0o640, name: bool = True) -> None:
    """Put `data` in the place of the file; after a power cut it is either the old one or the new one.

    Without `name`, only the content is made durable: for what can be made again if its name is lost.
    """
    fresh = path.with_name(f".{path.name}.new")
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(file, rest) :]
        os.fsync(file)
    finally:
        os.close(file)
    fresh.replace(path)
    if name:
        sync_directory(path.parent)
