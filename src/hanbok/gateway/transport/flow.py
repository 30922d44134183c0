"""A connection that waits for its other side, and makes it wait."""

import asyncio


class Flow(asyncio.Protocol):
    """Set `_transport` when the connection is made, and call `_let_go` when it is lost."""

    __slots__ = ("_drained", "_held", "_loop", "_lost", "_transport")
    _transport: asyncio.Transport

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._drained: asyncio.Future[None] | None = None
        self._held = False
        self._lost = False

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    async def drain(self) -> None:
        """Return when little waits to be sent. Raises ConnectionError when the other side left."""
        if self._drained is not None:
            await asyncio.shield(self._drained)  # others wait for it too
        if self._lost:
            raise ConnectionError("the other side left")

    def hold(self) -> None:
        """Read no more for now."""
        if not self._held and not self._lost:
            self._held = True
            self._transport.pause_reading()

    def go_on(self) -> None:
        """Read on."""
        if self._held and not self._lost:
            self._held = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _let_go(self) -> None:
        self._lost = True
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
