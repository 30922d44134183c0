"""What takes a request, at once or with a room that is opened for the first one."""

from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import TypeAlias, cast

from hanbok.app import App
from hanbok.http.inbound import Inbound

Handler: TypeAlias = Callable[[App, Inbound], Awaitable[None]]


def later(module: str, name: str) -> Handler:
    """Return a handler whose module is loaded by its first request: a server starts sooner, and stays smaller, without
    the rooms that it may never enter.
    """

    async def handle(app: App, inbound: Inbound) -> None:
        handler = cast("Handler", getattr(import_module(module), name))
        await handler(app, inbound)

    return handle
