"""One batch under way: its lines asked one by one, each result durable before it counts."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec

from hanbok.core.values import Language
from hanbok.gateway.batches.errors import InputFileGone
from hanbok.gateway.batches.files import Files, line_name, lines_of
from hanbok.gateway.batches.lines import Answered, Ask, Line, answered_line, read_lines, unasked_line
from hanbok.gateway.batches.shapes import LineProblem, LineProblems, Progress
from hanbok.gateway.undertakings import STOPPING, Undertaking, Undertakings
from hanbok.gateway.vaults import Vaults
from hanbok.store.errors import StoreUnavailable

_OK: Final = 200
OUTPUT: Final = "output"
ERROR: Final = "error"
_NOTE_EVERY: Final = 1.0
_KEPT_AGAIN_AFTER: Final = 1.0
_log = logging.getLogger("hanbok.batches")


class Run:
    """`whole` it, once. What was finished before is not asked again."""

    def __init__(
        self,
        one: Undertaking,
        vaults: Vaults,
        records: Undertakings,
        files: Files,
        ask: Ask,
        at_once: int,
        slots: asyncio.Semaphore,
    ) -> None:
        self._one = one
        self._vaults = vaults
        self._records = records
        self._files = files
        self._ask = ask
        self._at_once = at_once
        self._slots = slots
        self._progress = msgspec.json.decode(one.facts, type=Progress)
        self._noted = 0.0
        self._stopped = asyncio.Event()
        if one.state == STOPPING:
            self.stop()

    def stop(self) -> None:
        """Have no more lines asked; those under way are finished."""
        self._stopped.set()
        self._progress.cancelling_at = self._progress.cancelling_at or _now()

    async def whole(self) -> None:
        """Return when the batch has ended. Raises NotOurs, and HanbokError when it cannot go on for now."""
        progress = self._progress
        try:
            lines, problems = await self._read()
        except InputFileGone as error:
            lines, problems = [], [LineProblem(code=error.code, message=error.say(Language.EN))]
            await self._hand_out()
        if problems:
            progress.errors, progress.failed_at = LineProblems(data=problems), _now()
            await self._note("failed", ended=True)
            return
        progress.in_progress_at = progress.in_progress_at or _now()
        progress.request_counts.total = len(lines)
        rest = await self._left(lines)
        await self._note("in_progress")
        await self._work(deque(rest))
        rest = await self._left(lines)
        if rest and not self._stopped.is_set():
            await self._expire(rest)
        progress.finalizing_at = _now()
        await self._finish(cut=bool(rest))

    async def _read(self) -> tuple[list[Line], list[LineProblem]]:
        one, progress = self._one, self._progress
        file = await self._files.get(one.organisation, one.key, progress.input_file_id)
        if file is None:
            raise InputFileGone(file=progress.input_file_id)
        content = b"".join([piece async for piece in self._files.read(one.organisation, file)])
        if file.bytes and not content:
            raise InputFileGone(file=file.id)
        return await asyncio.to_thread(read_lines, content, progress.endpoint)

    async def _left(self, lines: Sequence[Line]) -> list[Line]:
        """Return the lines without a result, and count the others."""
        one, counts = self._one, self._progress.request_counts
        vault, where = self._vaults.keeping(one.organisation), lines_of(one.id)
        output = await vault.names(one.organisation, *where, OUTPUT)
        failed = await vault.names(one.organisation, *where, ERROR)
        counts.completed, counts.failed = len(output), len(failed)
        done = {*output, *failed}
        return [line for line in lines if line_name(one.id, line.number) not in done]

    async def _work(self, rest: deque[Line]) -> None:
        hands = [asyncio.create_task(self._hand(rest)) for _ in range(self._at_once)]
        try:
            await asyncio.wait(hands, return_when=asyncio.FIRST_EXCEPTION)
            # What failed for one must not cost the others: a line that is broken off is asked, and paid, again.
            rest.clear()
            ends = await asyncio.gather(*hands, return_exceptions=True)
        finally:
            for hand in hands:
                hand.cancel()
            await asyncio.gather(*hands, return_exceptions=True)
        for end in ends:
            if end is not None:
                raise end

    async def _hand(self, rest: deque[Line]) -> None:
        while rest:
            line = rest.popleft()
            answered = await self._patiently(line)
            if answered is None:
                return
            good = answered.status == _OK
            text = answered_line(line, self._one.id, answered)
            await self._keep_surely(line, OUTPUT if good else ERROR, text, answered.identifiers)
            counts = self._progress.request_counts
            counts.completed += good
            counts.failed += not good
            if time.monotonic() > self._noted + _NOTE_EVERY:
                await self._note("in_progress")

    async def _patiently(self, line: Line) -> Answered | None:
        """Ask until the pace allows it; None: the batch was stopped or its time is over."""
        while True:
            async with self._slots:
                if self._stopped.is_set() or _now() >= self._progress.expires_at:
                    return None
                answered = await self._ask(line, self._one.key, self._progress.origin)
            if not answered.retry_after:
                return answered
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), answered.retry_after)

    async def _expire(self, lines: Sequence[Line]) -> None:
        message = "the batch's time was over before this line was asked"
        for line in lines:
            await self._keep(line, ERROR, unasked_line(line, self._one.id, "batch_expired", message), ())

    async def _keep_surely(
        self, line: Line, part: str, text: bytes, identifiers: tuple[tuple[str, str], ...]
    ) -> None:
        """Keep an answer, however long the store is away: it is paid for."""
        while True:
            try:
                await self._keep(line, part, text, identifiers)
            except StoreUnavailable as error:
                _log.warning("batch %s: an answer waits to be kept: %s", self._one.id, error)
            else:
                return
            await asyncio.sleep(_KEPT_AGAIN_AFTER)

    async def _keep(
        self, line: Line, part: str, text: bytes, identifiers: tuple[tuple[str, str], ...]
    ) -> None:
        one = self._one
        await self._vaults.keeping(one.organisation).put(
            one.organisation,
            line_name(one.id, line.number),
            {part: (text,)},
            identifiers,
            also=self._progress.input_file_id,
        )

    async def _hand_out(self) -> None:
        """Make files of the results that there are."""
        one, progress = self._one, self._progress
        vault = self._vaults.keeping(one.organisation)
        for part in (OUTPUT, ERROR):
            names = await vault.names(one.organisation, *lines_of(one.id), part)
            if names:
                size = 0
                for name in names:
                    size += sum(map(len, await vault.find(one.organisation, name, part) or ()))
                file = await self._files.put_lines(one.organisation, one.key, one.id, part, size)
                if part == OUTPUT:
                    progress.output_file_id, progress.request_counts.completed = file, len(names)
                else:
                    progress.error_file_id, progress.request_counts.failed = file, len(names)

    async def _finish(self, *, cut: bool) -> None:
        progress = self._progress
        await self._hand_out()
        if self._stopped.is_set():
            progress.cancelled_at = _now()
            await self._note("cancelled", ended=True)
        elif cut:
            progress.expired_at = _now()
            await self._note("expired", ended=True)
        else:
            progress.completed_at = _now()
            await self._note("completed", ended=True)

    async def _note(self, state: str, *, ended: bool = False) -> None:
        self._noted = time.monotonic()
        facts = msgspec.json.encode(self._progress).decode()
        await asyncio.to_thread(self._records.note, self._one.id, state=state, facts=facts, ended=ended)


def _now() -> int:
    return int(time.time())
