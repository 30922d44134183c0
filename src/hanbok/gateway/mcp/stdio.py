"""An MCP server that is a program on this machine: started when it is first asked, spoken to on its stdin and stdout.

One program serves all callers, as such programs keep no accounts of their own.
"""

import asyncio
import logging
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Any, Final

import msgspec

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamCut, UpstreamTimeout, UpstreamUnreachable
from hanbok.gateway.mcp.errors import ToolServerFailed
from hanbok.gateway.mcp.server import ToolServer
from hanbok.gateway.mcp.wire import HANDSHAKE, Answer

_LONGEST_LINE: Final = 32 * 1024 * 1024
_GRACE: Final = 3.0
"""Seconds that a program gets to end by itself."""
_CLOSED: Final = Text(ko="설정에서 빠졌습니다", en="it is in the settings no more")
_CANNOT: Final = Text(ko="프로그램을 시작하지 못했습니다", en="the program could not be started")
_log = logging.getLogger("hanbok.mcp")


class Program:
    """Implements Line. A program that ended is started again by the next request, until the line is closed."""

    def __init__(self, server: ToolServer, version: str) -> None:
        """`version` is hanbok's own."""
        self._server = server
        self._me = {"name": "hanbok", "version": version}
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._closed = False
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[Answer]] = {}

    async def ask(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        visitor: str,  # noqa: ARG002 - the shape of a line
        headers: tuple[tuple[str, str], ...] = (),  # noqa: ARG002 - the shape of a line
    ) -> Answer:
        """Return its answer."""
        async with self._starting:
            if self._closed:
                raise UpstreamUnreachable(origin=self._server.name, why=_CLOSED)
            if self._process is None or self._process.returncode is not None:
                await self._start()
        return await self._ask(method, params)

    async def leave(self, visitor: str) -> None:
        """Nothing is kept for a visitor."""

    async def close(self) -> None:
        """End the program: by closing its stdin, then by SIGTERM, then by SIGKILL."""
        self._closed = True
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        for force in (process.terminate, process.kill):
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE):
                    await process.wait()
            if process.returncode is None:
                force()
        await process.wait()
        if self._reader is not None:
            await self._reader

    async def _start(self) -> None:
        server = self._server
        try:
            process = await asyncio.create_subprocess_exec(
                *server.command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,
                env=dict(server.environment),
                limit=_LONGEST_LINE,
            )
        except OSError as error:
            raise UpstreamUnreachable(origin=server.name, why=_CANNOT) from error
        self._process, self._reader = process, asyncio.create_task(self._read(process))
        try:
            await self._shake_hands()
        except BaseException:
            if process.returncode is None:
                process.kill()
            raise

    async def _shake_hands(self) -> None:
        if self._closed:  # while it started: whoever closed it saw no program
            raise UpstreamUnreachable(origin=self._server.name, why=_CLOSED)
        hello = {"protocolVersion": HANDSHAKE[-1], "capabilities": dict[str, Any](), "clientInfo": self._me}
        answer = await self._ask("initialize", hello)
        if answer.error is not None:
            raise ToolServerFailed(server=self._server.name, what=f"JSON-RPC {answer.error.code}")
        await self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def _ask(self, method: str, params: Mapping[str, Any]) -> Answer:
        asked, seconds = next(self._ids), self._server.timeouts.total
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[asked] = answer
        try:
            await self._write({"jsonrpc": "2.0", "id": asked, "method": method, "params": params})
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError:
            raise UpstreamTimeout(origin=self._server.name, seconds=seconds, phase="total") from None
        finally:
            del self._waiting[asked]

    async def _write(self, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise UpstreamCut(origin=self._server.name)
        try:
            process.stdin.write(msgspec.json.encode(message) + b"\n")
            await process.stdin.drain()
        except ConnectionError as error:
            raise UpstreamCut(origin=self._server.name) from error

    async def _read(self, process: Process) -> None:
        """Hand answers over until the program ends; then nobody waits any more."""
        try:
            while process.stdout is not None and (line := await process.stdout.readline()):
                self._take(line)
        except ValueError:  # a line beyond all measure: what follows cannot be read either
            process.kill()
        await process.wait()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(UpstreamCut(origin=self._server.name))

    def _take(self, line: bytes) -> None:
        try:
            answer = msgspec.json.decode(line, type=Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            _log.warning("the MCP server %r wrote a line that is no JSON-RPC", self._server.name)
            return
        waiting = self._waiting.get(answer.id) if isinstance(answer.id, int) else None
        if (
            waiting is not None
            and not waiting.done()
            and (answer.error or isinstance(answer.result, msgspec.Raw))
        ):
            waiting.set_result(answer)
