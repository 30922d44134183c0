"""Keeps the model's process running: starts it, hears how far it is, starts it again when it dies."""

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import BinaryIO

import msgspec

from hanbok.core.values import Text
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.llama.errors import ModelDied, ModelStarting, WeightsNotKept, WeightsUnusable
from hanbok.gateway.llama.wire import Report, Spec, Stage

_LOG = logging.getLogger(__name__)
_COMMAND = (sys.executable, "-m", "hanbok.gateway.llama.child")
_LOG_LIMIT = 1 << 20
_FIRST_DELAY, _LONGEST_DELAY = 0.25, 30.0
_STEADY = 60.0
_NOT_STARTED = Text(ko="시작 전", en="not started")
_FAREWELL = 1.0
_REPORTED: dict[str, type[EndpointUnavailable]] = {one.code: one for one in (WeightsNotKept, WeightsUnusable)}


@dataclass(slots=True)
class Supervisor:
    """One process, and the address at which it serves."""

    spec: Spec
    endpoint: str
    log: Path
    """What the process prints; begun anew at a start when it holds more than a mebibyte."""
    stage: Text = _NOT_STARTED
    """How far it is, for people."""
    pid: int | None = None
    """Process id while it runs."""
    _url: "asyncio.Future[str] | None" = field(default=None, init=False)
    _keeper: "asyncio.Task[None] | None" = field(default=None, init=False)

    def start(self) -> None:
        """Begin; called from the event loop."""
        self._url = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep(self._url))

    async def url(self, patience: float) -> str:
        """Return where it serves, waiting up to `patience` seconds for it. Raises EndpointUnavailable."""
        if self._url is None:
            raise ModelStarting(endpoint=self.endpoint, stage=self.stage)
        try:
            return await asyncio.wait_for(asyncio.shield(self._url), patience)
        except TimeoutError:
            raise ModelStarting(endpoint=self.endpoint, stage=self.stage) from None

    async def close(self) -> None:
        """End the process and keep it no longer."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        self._keeper = self._url = None
        self.stage = Text(ko="닫힘", en="closed")

    async def _keep(self, url: "asyncio.Future[str]") -> None:
        delays = _delays()
        while True:
            began = monotonic()
            failure = await self._run(url)
            if monotonic() - began > _STEADY:
                delays = _delays()
            delay = next(delays)
            self.stage = Text(ko=f"{delay:g}초 뒤 다시 시작", en=f"starts again in {delay:g} s")
            _LOG.warning("endpoint %s: %s; it %s", self.endpoint, failure, self.stage.en)
            if url.done():  # it served: who asks now may wait for the next start
                url = self._url = url.get_loop().create_future()
            else:
                url.set_exception(failure)
                url.exception()  # nobody may be waiting, which asyncio would complain about
            await asyncio.sleep(delay)
            if url.done():
                url = self._url = url.get_loop().create_future()

    async def _run(self, url: "asyncio.Future[str]") -> EndpointUnavailable:
        """Run one process to its end, and return why it ended."""
        try:
            with _opened(self.log) as log:
                process = await asyncio.create_subprocess_exec(
                    *_COMMAND,
                    stdin=PIPE,
                    stdout=PIPE,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C is for the gateway, which then ends it
                )
        except OSError as error:
            return WeightsNotKept(endpoint=self.endpoint, folder=self.log.parent, mib=0, why=error.strerror)
        self.pid = process.pid
        try:
            return await self._hear(process, url)
        finally:
            self.pid = None
            await _end(process)

    async def _hear(self, process: Process, url: "asyncio.Future[str]") -> EndpointUnavailable:
        assert process.stdin is not None  # noqa: S101 - both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(msgspec.json.encode(self.spec) + b"\n")
        async for line in process.stdout:
            report = msgspec.json.decode(line, type=Report)
            self.stage = _told(report)
            _LOG.info("endpoint %s: %s", self.endpoint, self.stage.en)
            if report.url:
                url.set_result(report.url)
            elif report.code:
                return _REPORTED[report.code](endpoint=self.endpoint, **report.facts)
        status = await process.wait()
        how = Text(ko=f"종료 상태 {status}", en=f"exit status {status}")
        if status < 0:
            how = Text(ko=f"시그널 {-status}", en=f"signal {-status}")
        return ModelDied(endpoint=self.endpoint, how=how, log=self.log)


def _told(report: Report) -> Text:
    match report.stage:
        case Stage.JOINING:
            return Text(
                ko=f"가중치를 합치는 중, {report.percent}%", en=f"joining weights, {report.percent} %"
            )
        case Stage.LOADING:
            return Text(ko="가중치를 불러오는 중", en="loading weights")
        case Stage.READY:
            return Text(ko="준비됨", en="ready")
        case Stage.FAILED:
            return Text(ko="시작하지 못함", en="did not start")


def _delays() -> Iterator[float]:
    delay = _FIRST_DELAY
    while True:
        yield delay
        delay = min(delay * 2, _LONGEST_DELAY)


def _opened(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    full = log.exists() and log.stat().st_size > _LOG_LIMIT
    return log.open("wb" if full else "ab")


async def _end(process: Process) -> None:
    """End it kindly by closing its input, at once when it does not listen."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), _FAREWELL)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
