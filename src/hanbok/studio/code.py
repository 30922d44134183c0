"""What runs here: versions, and one digest over the workshop's own sources."""

import hashlib
import platform
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

_ENGINES: Final = (
    "gguf",
    "numba",
    "peft",
    "polars",
    "pyarrow",
    "ray",
    "tokenizers",
    "torch",
    "transformers",
    "xllamacpp",
)


class Code(msgspec.Struct, frozen=True, kw_only=True):
    """`studio` is the SHA-256 over the workshop's sources, `engines` the packages that it works with."""

    hanbok: str
    studio: str
    python: str
    machine: str
    engines: dict[str, str]

    @property
    def short(self) -> str:
        """Name what ran in one line."""
        return f"hanbok {self.hanbok} studio {self.studio[:16]}"


@cache
def code() -> Code:
    """Return what runs here."""
    digest = hashlib.sha256()
    for name, content in sorted(_sources(files("hanbok.studio"), "")):
        digest.update(f"{name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
    return Code(
        hanbok=version("hanbok"),
        studio=digest.hexdigest(),
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}",
        engines={name: found for name in _ENGINES if (found := _installed(name))},
    )


def _sources(folder: Traversable, before: str) -> Iterator[tuple[str, bytes]]:
    for one in folder.iterdir():
        if one.is_dir() and one.name != "__pycache__":
            yield from _sources(one, f"{before}{one.name}/")
        elif one.is_file():
            yield f"{before}{one.name}", one.read_bytes()


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
