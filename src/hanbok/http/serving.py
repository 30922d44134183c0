"""The server's life: start, reload on SIGHUP, drain and stop on SIGTERM or SIGINT."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvloop

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.http.door import Door
from hanbok.http.footprint import keep_together, shrink
from hanbok.http.server import Server
from hanbok.settings.reading import Loaded
from hanbok.settings.server import ServerSettings

_COLLECT_AFTER = 5_000
_SHRINK_EVERY = 10.0
_log = logging.getLogger("hanbok.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """What a fresh server has to say."""

    url: str
    first_key: str
    """The secret of the first key, on the very first start; else empty. It is told once and kept nowhere."""
    notices: tuple[str, ...]
    """Licence notices of the models that it carries."""


def serve(loaded: Loaded, announce: Callable[[Started], None]) -> None:
    """Serve in this process until a signal says stop. Raises HanbokError when it cannot start."""
    keep_together()
    uvloop.run(_serve(loaded, announce))


async def _serve(loaded: Loaded, announce: Callable[[Started], None]) -> None:
    app = await App.open(loaded)
    settle()
    try:
        loop, stop = asyncio.get_running_loop(), stop_on(signal.SIGTERM, signal.SIGINT)
        reloads: set[asyncio.Task[bool]] = set()

        def reload() -> None:
            task = loop.create_task(reloaded(app))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)

        def started(port: int) -> None:
            url = url_of(loaded.settings.server, port)
            announce(Started(url=url, first_key=app.first_key, notices=app.notices()))

        await take_requests(app, loaded.settings.server, stop, started)
    finally:
        await app.close()


def settle() -> None:
    """Make the process small and quick, once what it needs is loaded."""
    # What is here now stays: the collector need not walk it again and again. A call leaves next to nothing that
    # only the collector could free, so it may look more seldom than every 700 objects.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    shrink()


def stop_on(*signals: signal.Signals) -> asyncio.Event:
    """Return an event that is set when one of these signals arrives."""
    stop = asyncio.Event()
    for one in signals:
        asyncio.get_running_loop().add_signal_handler(one, stop.set)
    return stop


def url_of(settings: ServerSettings, port: int) -> str:
    """Return where the server is reached."""
    return f"{'https' if settings.tls else 'http'}://{settings.host}:{port}"


async def take_requests(
    app: App,
    settings: ServerSettings,
    stop: asyncio.Event,
    started: Callable[[int], None],
    inherited: Sequence[socket.socket] = (),
) -> None:
    """Listen, on sockets that listen already if some are given, until `stop` is set; then drain. `started` is told
    the port.
    """
    door = Door(app)
    server = Server(door, settings)
    await server.listen(inherited)
    shrinking = asyncio.create_task(keep_shrinking())
    started(server.port)
    await stop.wait()
    shrinking.cancel()
    server.retire()
    await _drain(door, settings.drain_timeout)
    await server.close()


async def keep_shrinking() -> None:
    """Large bodies leave holes behind that the allocator keeps for itself, and the first call of a kind runs much code
    that the next ones do not.
    """
    while True:
        await asyncio.sleep(_SHRINK_EVERY)
        await asyncio.to_thread(shrink)


async def _drain(door: Door, seconds: float) -> None:
    """Refuse new requests and wait for those under way."""
    door.stopping = True
    try:
        async with asyncio.timeout(seconds):
            await door.idle.wait()
    except TimeoutError:
        _log.warning("stopping with %d requests under way", door.under_way)


async def reloaded(app: App, loaded: Loaded | None = None) -> bool:
    """Put the settings in force, those given or those of the file now; tell whether they are."""
    try:
        await app.reload(loaded)
    except HanbokError as error:
        # The old settings stay in force: a slip in the file must not stop a running door.
        _log.error("reload refused: %s", error)
        return False
    _log.info("settings reloaded")
    return True
