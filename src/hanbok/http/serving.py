"""The server's life: start, reload on SIGHUP, drain and stop on SIGTERM or SIGINT."""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass

import uvloop

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.http.door import Door
from hanbok.http.footprint import give_back, let_go_of_code
from hanbok.http.server import Server
from hanbok.settings.reading import Loaded

_COLLECT_AFTER = 5_000
_GIVE_BACK_EVERY = 30.0
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
    """Serve until a signal says stop. Raises HanbokError when it cannot start."""
    uvloop.run(_serve(loaded, announce))


async def _serve(loaded: Loaded, announce: Callable[[Started], None]) -> None:
    server_settings = loaded.settings.server
    app = await App.open(loaded)
    # What is here now stays: the collector need not walk it again and again. A call leaves next to nothing that
    # only the collector could free, so it may look more seldom than every 700 objects.
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    give_back()
    let_go_of_code()
    try:
        door = Door(app)
        server = Server(door, server_settings)
        await server.listen()
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        reloads: set[asyncio.Task[None]] = set()

        def reload() -> None:
            task = loop.create_task(_reload(app))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop.add_signal_handler(signal.SIGHUP, reload)
        giving = loop.create_task(_keep_giving_back())
        scheme = "https" if server_settings.tls else "http"
        url = f"{scheme}://{server_settings.host}:{server.port}"
        announce(Started(url=url, first_key=app.first_key, notices=app.notices()))
        await stop.wait()
        giving.cancel()
        server.retire()
        await _drain(door, server_settings.drain_timeout)
        await server.close()
    finally:
        await app.close()


async def _keep_giving_back() -> None:
    """Large bodies leave holes behind that the allocator keeps for itself."""
    while True:
        await asyncio.sleep(_GIVE_BACK_EVERY)
        give_back()


async def _drain(door: Door, seconds: float) -> None:
    """Refuse new requests and wait for those under way."""
    door.stopping = True
    try:
        async with asyncio.timeout(seconds):
            await door.idle.wait()
    except TimeoutError:
        _log.warning("stopping with %d requests under way", door.under_way)


async def _reload(app: App) -> None:
    try:
        await app.reload()
    except HanbokError as error:
        # The old settings stay in force: a slip in the file must not stop a running door.
        _log.error("reload refused: %s", error)
    else:
        _log.info("settings reloaded")
