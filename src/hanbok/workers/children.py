"""What the processes do that the foreman forks: one keeper, and the workers."""

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Final

import uvloop

from hanbok.app import App
from hanbok.http.serving import keep_shrinking, reloaded, settle, stop_on, take_requests
from hanbok.settings.reading import Loaded, unpacked
from hanbok.workers.channel import Channel, Ready, Reload, Reloaded
from hanbok.workers.keeper import Keeper
from hanbok.workers.link import Link
from hanbok.workers.remote import Remote

_FAREWELL: Final = 5.0
"""Seconds beyond the time for draining in which workers may part from their keeper."""
_log = logging.getLogger("hanbok.workers")


def keep(loaded: Loaded, foreman: Channel, ends: list[socket]) -> None:
    """Be the keeper until told to stop. `ends` lead to workers that are there already."""
    uvloop.run(_keep(loaded, foreman, ends))


def work(loaded: Loaded, foreman: Channel, end: socket, listening: list[socket]) -> None:
    """Be a worker until told to stop. `end` leads to the keeper."""
    uvloop.run(_work(loaded, foreman, end, listening))


async def _keep(loaded: Loaded, foreman: Channel, ends: list[socket]) -> None:
    stop = stop_on(signal.SIGTERM, signal.SIGINT)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _ignored)
    keeper = Keeper(loaded.settings, ends)
    app = await App.open(loaded, keeper.own)
    settle()
    try:
        keeper.begin(app)
        stages = asyncio.create_task(keeper.tell_stages())
        shrinking = asyncio.create_task(keep_shrinking())
        foreman.send(Ready(app.first_key, app.notices()))

        async def reload(fresh: Loaded) -> None:
            foreman.send(Reloaded(await reloaded(app, fresh)))

        hearing = asyncio.create_task(_hear(foreman, stop, keeper.welcome, reload))
        await stop.wait()
        # Workers that were told to stop at the same moment still have outcomes to hand over.
        with suppress(TimeoutError):
            async with asyncio.timeout(loaded.settings.server.drain_timeout + _FAREWELL):
                await keeper.empty.wait()
        for task in (hearing, stages, shrinking):
            task.cancel()
    finally:
        await app.close()


async def _work(loaded: Loaded, foreman: Channel, end: socket, listening: list[socket]) -> None:
    stop = stop_on(signal.SIGTERM, signal.SIGINT)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _ignored)
    link = Link()
    await link.connect(end)
    app: App | None = None
    newer: list[Loaded] = []

    async def reload(fresh: Loaded) -> None:
        if app is None:
            newer.append(fresh)
        else:
            await reloaded(app, fresh)

    hearing = asyncio.create_task(_hear(foreman, stop, link.connect, reload))
    try:
        app = await App.open(loaded, Remote(link, Path(loaded.settings.evidence_directory)))
        for fresh in newer[-1:]:
            await reloaded(app, fresh)
        settle()
        await take_requests(app, loaded.settings.server, stop, lambda _: foreman.send(Ready()), listening)
    finally:
        hearing.cancel()
        if app is not None:
            await app.close()


def _ignored() -> None:
    """Leave it to the foreman, who tells of new settings."""


async def _hear(
    foreman: Channel,
    stop: asyncio.Event,
    connect: Callable[[socket], Awaitable[None]],
    reload: Callable[[Loaded], Awaitable[None]],
) -> None:
    """Do what the foreman says; stop when it is gone, or when this process could hear no more of it."""
    try:
        while (messages := await foreman.next()) is not None:
            for message, end in messages:
                if end is not None:
                    await connect(end)
                elif isinstance(message, Reload):
                    await reload(unpacked(message.loaded))
    finally:
        stop.set()
