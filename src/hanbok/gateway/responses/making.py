"""One response that is made while no client waits for it."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.front import Teller
from hanbok.gateway.fronts.responses import Responses
from hanbok.gateway.path import Path
from hanbok.gateway.refusal import read_refusal
from hanbok.gateway.responses.errors import Interrupted
from hanbok.gateway.spelling.json_text import Json, Raw, encode
from hanbok.gateway.spelling.responses_hearing import Asked, read
from hanbok.gateway.spelling.responses_telling import unfinished
from hanbok.gateway.spelling.sse_text import event

_OK: Final = 200


class _Ended(msgspec.Struct):
    response: Raw


def ended_with(event_or_body: bytes) -> bytes:
    """Return the response that a whole body is, or that the last event of a stream tells."""
    if not event_or_body.startswith(b"event: "):
        return event_or_body
    return bytes(msgspec.json.decode(event_or_body.partition(b"\ndata: ")[2], type=_Ended).response)


class Making:
    """`run` it as a task of its own, which `stop` ends."""

    def __init__(
        self, call: Call, key: str, organisation: str, items: Sequence[Raw], ours: Json, language: Language
    ) -> None:
        self.key, self.organisation, self.call, self.items = key, organisation, call, items
        self.status = "queued"
        self.events: list[bytes] = []
        """As many as there are so far; each has its place as its number."""
        self.response = b""
        """Whole once it has ended."""
        self._told = 0
        self._open = True
        self._asked = read(call.body)
        self._ours = ours
        self._language = language
        self._why = ""
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self, path: Path) -> "asyncio.Task[None]":
        """Begin, unless it was stopped before."""
        return asyncio.create_task(self._run(path))

    def stop(self, why: str) -> None:
        """End it: `cancelled` by its client, or `interrupted` with the server."""
        self._why = self._why or why
        if self._task is not None:
            self._task.cancel()

    def shown(self) -> Json:
        """Return it as it is."""
        return self._half({"status": self.status})

    async def follow(self, first: int) -> AsyncGenerator[bytes, None]:
        """Yield its events from this number on, to the last."""
        while True:
            moved = self._moved
            while first < self._told:
                yield self.events[first]
                first += 1
            if not self._open:
                return
            await moved.wait()

    def close(self) -> None:
        """Tell the end, now that it is kept."""
        self._told, self._open = len(self.events), False
        self._move()

    def fail(self, error: HanbokError) -> None:
        """Make it a failure, before its end was told."""
        del self.events[self._told :]
        self._fail(error)

    async def _run(self, path: Path) -> None:
        call = self.call
        try:
            if self._why:
                self._stopped()
                return
            # Not before: a task that is cancelled before its first step runs none of this.
            self._task = asyncio.current_task()
            if call.stream:
                teller = Responses(self._ours).teller(call.body)
                opening: Json = {
                    "id": call.id.removeprefix("call-"),
                    "model": self._asked.model,
                    "choices": [],
                }
                self._tell(teller.feed(encode(opening)))
                self.status = "in_progress"
                await self._stream(await path.run(call), teller)
            else:
                self.status = "in_progress"
                self._whole(await path.run(call))
        except HanbokError as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._stopped()
        finally:
            call.finish()

    def _stopped(self) -> None:
        if self._why == "cancelled":
            self._end("cancelled", {})
        else:
            self._fail(Interrupted())

    def _whole(self, reply: Reply) -> None:
        if reply.status != _OK:
            refused = read_refusal(reply.body)
            self._end("failed", _error(str(refused.code or "provider_refused"), refused.message))
        else:
            self.response = Responses(self._ours).answer(reply.body, self.call.body)

    async def _stream(self, reply: Reply, teller: Teller) -> None:
        if reply.chunks is None:
            self._whole(reply)
            return
        async with aclosing(reply.chunks) as chunks:
            async for batch in chunks:
                self._tell([one for chunk in batch for one in teller.feed(chunk)])
        last = teller.close()
        self.response = ended_with(last[-1])
        self.events += last

    def _fail(self, error: HanbokError) -> None:
        self._end("failed", _error(error.code, error.say(self._language)))

    def _end(self, status: str, more: Json) -> None:
        if not self.call.recorded:
            # It was refused before it was on record: what it held is kept nowhere.
            self.items, self._asked = (), Asked(model=self._asked.model)
        response = self._half({"status": status, **more})
        self.response = encode(response)
        if self.call.stream:
            told = {"type": f"response.{status}", "sequence_number": len(self.events), "response": response}
            self.events.append(event(f"response.{status}", told))

    def _half(self, more: Json) -> Json:
        return unfinished(self._asked, int(time.time()), self._ours | more)

    def _tell(self, events: Sequence[bytes]) -> None:
        self.events += events
        self._told = len(self.events)
        self._move()

    def _move(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


def _error(code: str, message: str) -> Json:
    return {"error": {"code": code, "message": message}}
