"""The request path: the steps in their order, and the end of every call."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from functools import partial

from hanbok.core.errors import HanbokError
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.step import Next, Step


class Path:
    """Runs calls through the steps. Whoever takes the reply must `call.finish()` when done with it."""

    def __init__(self, steps: Sequence[Step]) -> None:
        """Compose `steps`, outermost first. The last one must not call on."""
        onward: Next = _beyond
        for step in reversed(steps):
            onward = partial(step.__call__, call_next=onward)
        self._first = onward
        self._under_way = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def idle(self) -> None:
        """Return when no call is on this path."""
        await self._idle.wait()

    async def run(self, call: Call) -> Reply:
        """Return the reply. Raises HanbokError when there is none; the call is finished then."""
        self._under_way += 1
        self._idle.clear()
        call.at_end(self._left)
        try:
            reply = await self._first(call)
        except BaseException as error:
            _mark(call, error, begun=False)
            call.finish()
            raise
        if reply.chunks is None:
            call.ending.status = "completed"
            call.ending.received = hashlib.sha256(reply.body).hexdigest()
        else:
            # Until it has ended well, a stream counts as left by the client.
            call.ending.status = "cancelled"
            reply.chunks = _watch(call, reply.chunks)
        return reply

    def _left(self) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._idle.set()


async def idle(paths: Iterable[Path]) -> None:
    """Return when no call is on any of these paths, which no new one takes."""
    for path in paths:
        await path.idle()


async def _beyond(call: Call) -> Reply:
    raise RuntimeError(f"the last step passed call {call.id} on")


async def _watch(call: Call, chunks: AsyncGenerator[list[bytes], None]) -> AsyncGenerator[list[bytes], None]:
    digest = hashlib.sha256()
    try:
        async with aclosing(chunks):
            async for batch in chunks:
                for chunk in batch:
                    digest.update(chunk)
                yield batch
        call.ending.status = "completed"
    except BaseException as error:
        _mark(call, error, begun=True)
        raise
    finally:
        call.ending.received = digest.hexdigest()


def _mark(call: Call, error: BaseException, *, begun: bool) -> None:
    ending = call.ending
    if isinstance(error, GeneratorExit | asyncio.CancelledError):
        ending.status = "cancelled"
    elif isinstance(error, HanbokError):
        ending.status, ending.code = ("cut" if begun else "failed"), error.code
    else:
        # A slip of ours: the log names its class, the server's own log has the trace.
        ending.status, ending.code = ("cut" if begun else "failed"), f"internal:{type(error).__name__}"
