"""Sessions at MCP servers that all processes of an installation share, so that any of them may take the next request.

A row is found and opened by what the client's own session is called, which is random and kept nowhere: whoever reads
the database alone can neither tell whose a session is nor use it.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeAlias

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from hanbok.core.clock import now, stamp, written
from hanbok.gateway.sealing import row_of, seal, unseal
from hanbok.store.database import Store
from hanbok.store.errors import StoreUnavailable
from hanbok.store.tables import mcp_sessions

Headers: TypeAlias = tuple[tuple[str, str], ...]
_LASTS: Final = timedelta(days=1)
_log = logging.getLogger("hanbok.mcp")


@dataclass(frozen=True, slots=True)
class Sessions:
    """Those at one server. While the database is away, each process has its own."""

    store: Store
    url: str

    async def find(self, visitor: str) -> Headers | None:
        """Return the headers of a visitor's session; None: no process has opened one."""
        try:
            sealed = await asyncio.to_thread(self._read, row_of(self._secret(visitor)))
        except StoreUnavailable as error:
            _log.warning("a session is not looked for: %s", error)
            return None
        return None if sealed is None else self._opened(visitor, sealed)

    async def keep(self, visitor: str, headers: Headers) -> Headers:
        """Share a session; return the one to use: another process may have been first."""
        sealed = seal(self._secret(visitor), msgspec.json.encode(headers))
        try:
            first = await asyncio.to_thread(self._write, row_of(self._secret(visitor)), sealed)
        except StoreUnavailable as error:
            _log.warning("a session is not shared: %s", error)
            return headers
        return self._opened(visitor, first) or headers

    async def drop(self, visitor: str, headers: Headers) -> None:
        """Forget a visitor's session, if it still is this one."""
        row = row_of(self._secret(visitor))
        with suppress(StoreUnavailable):
            sealed = await asyncio.to_thread(self._read, row)
            if sealed is not None and self._opened(visitor, sealed) == headers:
                await asyncio.to_thread(self._remove, row, sealed)

    def _secret(self, visitor: str) -> str:
        return f"{self.url}\0{visitor}"

    def _opened(self, visitor: str, sealed: bytes) -> Headers | None:
        told = unseal(self._secret(visitor), sealed)
        try:
            return None if told is None else msgspec.json.decode(told, type=tuple[tuple[str, str], ...])
        except msgspec.DecodeError:
            return None  # as if there were none

    def _read(self, row: str) -> bytes | None:
        with self.store.read() as connection:
            found = connection.execute(select(mcp_sessions.c.sealed).where(mcp_sessions.c.id == row))
            return found.scalar_one_or_none()

    def _write(self, row: str, sealed: bytes) -> bytes:
        try:
            with self.store.write() as connection:
                connection.execute(
                    delete(mcp_sessions).where(mcp_sessions.c.opened < written(now() - _LASTS))
                )
                connection.execute(insert(mcp_sessions).values(id=row, sealed=sealed, opened=stamp()))
        except IntegrityError:
            return self._read(row) or sealed
        return sealed

    def _remove(self, row: str, sealed: bytes) -> None:
        this = (mcp_sessions.c.id == row) & (mcp_sessions.c.sealed == sealed)
        with self.store.write() as connection:
            connection.execute(delete(mcp_sessions).where(this))
