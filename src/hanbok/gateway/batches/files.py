"""Files that callers leave here for batches, and those that batches leave: sealed, and of one key each."""

import hashlib
import secrets
import time
from collections.abc import AsyncGenerator
from typing import Final

import msgspec

from hanbok.gateway.vaults import Vaults

PURPOSE: Final = "batch"
_ABOUT: Final = "about"
_CONTENT: Final = "content"
_FIRST: Final = "file-"
_LAST: Final = "file-g"


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a file."""

    id: str
    key: str
    """Id of the key that it belongs to."""
    bytes: int
    created_at: int
    filename: str
    purpose: str
    lines: str = ""
    """Part of the lines that it is made of, for a file that a batch left; empty: it was uploaded."""
    batch: str = ""


def line_name(batch: str, number: int) -> str:
    """Return the name under which the result of a line is kept."""
    return f"{batch}-{number:08d}"


def lines_of(batch: str) -> tuple[str, str]:
    """Return the first and the last name that a line of this batch may have."""
    return line_name(batch, 0), line_name(batch, 99_999_999)


class Files:
    """All methods raise ContentsNotKept where contents of the organisation are not kept."""

    def __init__(self, vaults: Vaults) -> None:
        self._vaults = vaults

    def keeps(self, organisation: str) -> bool:
        """Whether contents of this organisation are kept at all."""
        return self._vaults.keeps(organisation)

    def require(self, organisation: str) -> None:
        """Raise ContentsNotKept."""
        self._vaults.keeping(organisation)

    async def put(
        self, organisation: str, key: str, name: str, content: bytes, identifiers: tuple[tuple[str, str], ...]
    ) -> KeptFile:
        """Keep an uploaded file; `identifiers` are those of the people in it."""
        about = KeptFile(
            id=f"file-{secrets.token_hex(16)}",
            key=key,
            bytes=len(content),
            created_at=int(time.time()),
            filename=name[:200] or "batch.jsonl",
            purpose=PURPOSE,
        )
        parts = {_ABOUT: (msgspec.json.encode(about),), _CONTENT: (content,)}
        await self._vaults.keeping(organisation).put(organisation, about.id, parts, identifiers)
        return about

    async def put_lines(self, organisation: str, key: str, batch: str, part: str, size: int) -> str:
        """Make a file of the lines that a batch left; it may be done again. Return its id."""
        name = f"file-{hashlib.sha256(f'{batch}/{part}'.encode()).hexdigest()[:32]}"
        vault = self._vaults.keeping(organisation)
        if await vault.find(organisation, name, _ABOUT) is None:
            about = KeptFile(
                id=name,
                key=key,
                bytes=size,
                created_at=int(time.time()),
                filename=f"{batch}_{part}.jsonl",
                purpose="batch_output",
                lines=part,
                batch=batch,
            )
            await vault.put(organisation, name, {_ABOUT: (msgspec.json.encode(about),)})
        return name

    async def get(self, organisation: str, key: str, file: str) -> KeptFile | None:
        """Return what is known of a file of this key; None: there is none."""
        found = await self._vaults.keeping(organisation).find(organisation, file, _ABOUT)
        about = None if found is None else msgspec.json.decode(found[0], type=KeptFile)
        return about if about is not None and about.key == key else None

    async def all(self, organisation: str, key: str) -> list[KeptFile]:
        """Return the files of this key, the newest first."""
        names = await self._vaults.keeping(organisation).names(organisation, _FIRST, _LAST, _ABOUT)
        found = [await self.get(organisation, key, name) for name in names]
        return sorted((one for one in found if one), key=lambda one: (-one.created_at, one.id))

    async def read(self, organisation: str, file: KeptFile) -> AsyncGenerator[bytes, None]:
        """Yield a file's content in pieces. What was erased in the meantime is left out."""
        vault = self._vaults.keeping(organisation)
        if not file.lines:
            for piece in await vault.find(organisation, file.id, _CONTENT) or ():
                yield piece
            return
        for name in await vault.names(organisation, *lines_of(file.batch), file.lines):
            for piece in await vault.find(organisation, name, file.lines) or ():
                yield piece

    async def remove(self, organisation: str, file: KeptFile) -> None:
        """Delete a file."""
        vault = self._vaults.keeping(organisation)
        if file.lines:
            await vault.remove(organisation, *lines_of(file.batch), file.lines)
        await vault.remove(organisation, file.id, file.id, _ABOUT, _CONTENT)
