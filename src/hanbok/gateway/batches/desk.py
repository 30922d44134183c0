"""Batches: taken in, worked on by one process at a time, and taken up again when that process dies."""

import asyncio
import logging
import secrets
import time
from datetime import timedelta
from typing import Final

import msgspec

from hanbok.core.clock import now, stamp
from hanbok.core.errors import HanbokError
from hanbok.gateway.batches.errors import BatchOver, BatchUnknown
from hanbok.gateway.batches.files import Files
from hanbok.gateway.batches.lines import Ask
from hanbok.gateway.batches.run import Run
from hanbok.gateway.batches.shapes import Batch, NewBatch, Progress
from hanbok.gateway.undertakings import NotOurs, Undertaking, Undertakings
from hanbok.gateway.vaults import Vaults

_KIND: Final = "batch"
_PART: Final = "batch"
_WINDOW: Final = 24 * 3600
_AGAIN_AFTER: Final = 60.0
"""Seconds before a batch that could not go on is taken up again: what it asks then is paid for again."""
_FORGET_AFTER: Final = timedelta(days=30)
_log = logging.getLogger("hanbok.batches")


class BatchDesk:
    """One for a server."""

    def __init__(self, vaults: Vaults, records: Undertakings, files: Files) -> None:
        self._vaults = vaults
        self._records = records
        self._files = files
        self._runs: dict[str, Run] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ask: Ask | None = None
        self._at_once = 1
        self._slots = asyncio.Semaphore(1)

    @property
    def busy(self) -> bool:
        return bool(self._tasks)

    def start(self, ask: Ask, at_once: int) -> None:
        """Begin to work, with what an earlier process left undone."""
        self._ask, self._at_once, self._slots = ask, at_once, asyncio.Semaphore(at_once)

    async def create(self, organisation: str, key: str, wanted: NewBatch, origin: str) -> Batch:
        """Take a batch in. Raises ContentsNotKept."""
        at = int(time.time())
        progress = Progress(
            input_file_id=wanted.input_file_id,
            endpoint=wanted.endpoint,
            created_at=at,
            expires_at=at + _WINDOW,
            origin=origin,
        )
        one = Undertaking(
            id=f"batch_{secrets.token_hex(12)}",
            kind=_KIND,
            organisation=organisation,
            key=key,
            state="validating",
            created=stamp(),
            facts=msgspec.json.encode(progress).decode(),
        )
        kept = {_PART: (msgspec.json.encode(wanted.metadata),)}
        await self._vaults.keeping(organisation).put(organisation, one.id, kept)
        await asyncio.to_thread(self._records.begin, one, held=False)
        return _shown(one, wanted.metadata)

    async def get(self, organisation: str, key: str, name: str) -> Batch:
        """Raise BatchUnknown."""
        one = await asyncio.to_thread(self._records.get, organisation, key, name)
        if one is None or one.kind != _KIND:
            raise BatchUnknown(batch=name[:100])
        return await self._told(one)

    async def all(self, organisation: str, key: str) -> list[Batch]:
        """Return the batches of this key, the newest first."""
        found = await asyncio.to_thread(self._records.all, organisation, key, _KIND)
        return [await self._told(one) for one in found]

    async def cancel(self, organisation: str, key: str, name: str) -> Batch:
        """Have a batch stopped, wherever it runs: lines under way are finished. Raises BatchUnknown, BatchOver."""
        one = await asyncio.to_thread(self._records.get, organisation, key, name)
        if one is None or one.kind != _KIND:
            raise BatchUnknown(batch=name[:100])
        if one.ended:
            raise BatchOver(batch=name)
        await asyncio.to_thread(self._records.stop, name)
        self.stop({name})
        return await self.get(organisation, key, name)

    def stop(self, names: set[str]) -> None:
        """Stop those of these that this process works on."""
        for name in names & self._runs.keys():
            self._runs[name].stop()

    async def look(self) -> None:
        """Take up what nobody works on. Raises StoreUnavailable and its kin."""
        if self._ask is None:
            return
        while len(self._runs) < self._at_once:
            one = await asyncio.to_thread(self._records.take, _KIND)
            if one is None:
                return
            run = Run(one, self._vaults, self._records, self._files, self._ask, self._at_once, self._slots)
            self._runs[one.id] = run
            task = asyncio.create_task(self._see_through(one.id, run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def tidy(self) -> None:
        """Forget the batches that ended long ago: their contents are gone with their keys."""
        await asyncio.to_thread(self._records.forget, now() - _FORGET_AFTER)

    async def close(self) -> None:
        """Stop; what is left goes on after the next start, or in another process."""
        self._ask = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _see_through(self, name: str, run: Run) -> None:
        try:
            if not await self._ended(name, run):
                await asyncio.sleep(_AGAIN_AFTER)
        finally:
            await self._leave(name)

    async def _ended(self, name: str, run: Run) -> bool:
        """Work on it; return whether there is nothing left for us to do."""
        try:
            # Nobody waits for it: a slip of ours must be told here, or it is never told.
            [slip] = await asyncio.gather(run.whole(), return_exceptions=True)
        finally:
            del self._runs[name]
        if isinstance(slip, NotOurs):
            _log.warning("batch %s: %s", name, slip)
        elif slip is not None:
            # What it needs is gone for a while: what is done is kept, and it is taken up again.
            trace = None if isinstance(slip, HanbokError) else slip
            _log.warning("batch %s is left for later: %s", name, slip, exc_info=trace)
            return False
        return True

    async def _leave(self, name: str) -> None:
        try:
            await asyncio.to_thread(self._records.leave, name)
        except HanbokError as error:
            # Nobody says any more that it is worked on: another takes it up in a while.
            _log.warning("batch %s stays on record as ours: %s", name, error)

    async def _told(self, one: Undertaking) -> Batch:
        kept = None
        if self._vaults.keeps(one.organisation):
            kept = await self._vaults.keeping(one.organisation).find(one.organisation, one.id, _PART)
        return _shown(one, msgspec.json.decode(kept[0]) if kept else None)


def _shown(one: Undertaking, metadata: dict[str, str] | None) -> Batch:
    facts = msgspec.json.decode(one.facts, type=Progress)
    told = {name: getattr(facts, name) for name in Progress.__struct_fields__ if name != "origin"}
    return Batch(id=one.id, status=one.state, metadata=metadata, **told)
