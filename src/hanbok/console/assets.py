"""Static files of the pages, under an address that changes with their contents."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    media: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Assets:
    """All static files. They refer to each other by relative names, so one digest stands for all."""

    digest: str
    files: Mapping[str, Asset]

    def find(self, path: str) -> Asset | None:
        """Return the file at `DIGEST/NAME`; None when it is not, or no longer, there."""
        digest, _, name = path.partition("/")
        return self.files.get(name) if digest == self.digest else None


@cache
def assets() -> Assets:
    """Return the static files, read once."""
    found: dict[str, Asset] = {}
    for entry in sorted((files("hanbok.console") / "static").iterdir(), key=lambda entry: entry.name):
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in _TYPES:
            found[entry.name] = Asset(media=_TYPES[suffix], content=entry.read_bytes())
    whole = hashlib.sha256()
    for name, asset in found.items():
        whole.update(name.encode() + b"\0" + asset.content + b"\0")
    return Assets(digest=whole.hexdigest()[:16], files=MappingProxyType(found))
