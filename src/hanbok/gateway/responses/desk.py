"""Responses that are kept, and those that are made while no client waits."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Sequence
from typing import Final

import msgspec

from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Text
from hanbok.gateway.call import Call
from hanbok.gateway.path import Path
from hanbok.gateway.responses.conversation import KeptResponse
from hanbok.gateway.responses.errors import Interrupted, ResponseUnfit, ResponseUnknown
from hanbok.gateway.responses.making import Making
from hanbok.gateway.spelling.json_text import Json, Raw, encode
from hanbok.gateway.spelling.responses_hearing import Asked
from hanbok.gateway.spelling.responses_telling import unfinished
from hanbok.gateway.undertakings import Undertaking, Undertakings
from hanbok.gateway.vaults import Vaults

_KIND: Final = "response"
_PART: Final = "response"
_EVENTS: Final = "events"
_HALF: Final = frozenset({"queued", "in_progress"})
_LOOK_AGAIN: Final = 0.5
_log = logging.getLogger("hanbok.responses")


class _Facts(msgspec.Struct, frozen=True):
    """What the record of one under way says."""

    model: str
    made: int


def name_of(call: Call) -> str:
    """Return the id of the response of a call."""
    return f"resp_{call.id.removeprefix('call-')}"


def _call(name: str) -> str:
    return f"call-{name.removeprefix('resp_')}"


class ResponseDesk:
    """One for a server. A response belongs to the key that asked for it."""

    def __init__(self, vaults: Vaults, records: Undertakings) -> None:
        self._vaults = vaults
        self._records = records
        self._making: dict[str, Making] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    @property
    def busy(self) -> bool:
        return bool(self._making)

    def keeps(self, organisation: str) -> bool:
        """Whether responses of this organisation are kept."""
        return self._vaults.keeps(organisation)

    def require(self, organisation: str) -> None:
        """Raise ContentsNotKept."""
        self._vaults.keeping(organisation)

    async def keep(self, call: Call, items: Sequence[Raw], response: bytes) -> None:
        """Keep a response that its client is about to get; it is durable when this returns."""
        if call.key is None:
            raise RuntimeError("a call that nobody was known for has an answer")
        await self._put(call.principal.organisation, call.key.id, call.id, items, response, ())

    async def kept(self, organisation: str, key: str, name: str) -> KeptResponse:
        """Return what is kept. Raises ResponseUnknown, ContentsNotKept, and what the vault raises."""
        found = await self._vaults.keeping(organisation).find(organisation, _call(name), _PART)
        if found is not None:
            kept = msgspec.json.decode(b"".join(found), type=KeptResponse)
            if kept.key == key:
                return kept
        raise ResponseUnknown(response=name[:100])

    async def finished(self, organisation: str, key: str, name: str) -> KeptResponse:
        """Return one that another may go on from. Raises ResponseUnfit while it is being made, and as `kept`."""
        if (await self.get(organisation, key, name))["status"] in _HALF:
            raise ResponseUnfit(why=Text(ko="아직 끝나지 않았습니다", en="it has not ended yet"))
        return await self.kept(organisation, key, name)

    async def get(self, organisation: str, key: str, name: str) -> Json:
        """Return a response as it is now. Raises as `kept`."""
        making = self._mine(organisation, key, name)
        if making is not None:
            return making.shown()
        one = await asyncio.to_thread(self._records.get, organisation, key, name)
        if one is not None and one.kind == _KIND:
            if not one.abandoned:
                return _half(one, one.state if one.state in _HALF else "in_progress")
            await self._interrupted(one)
        response: Json = msgspec.json.decode((await self.kept(organisation, key, name)).response)
        return response

    async def follow(self, organisation: str, key: str, name: str, first: int) -> AsyncGenerator[bytes, None]:
        """Yield the events of a response from this number on. Raises ResponseUnfit where none were told."""
        making = self._mine(organisation, key, name)
        while making is None:  # another process may be making it: only the records tell
            if (await self.get(organisation, key, name))["status"] not in _HALF:
                break
            await asyncio.sleep(_LOOK_AGAIN)
        if making is not None and making.call.stream:
            return making.follow(first)
        vault = self._vaults.keeping(organisation)
        events = None if making is not None else await vault.find(organisation, _call(name), _EVENTS)
        if events is None:
            raise ResponseUnfit(why=Text(ko="스트림으로 만들지 않았습니다", en="it was not made as a stream"))
        return _each(events[first:])

    async def remove(self, organisation: str, key: str, name: str) -> None:
        """Delete a response. What policy has kept of its call stays. Raises as `cancel` and `get`."""
        if (await self.get(organisation, key, name))["status"] in _HALF:
            raise ResponseUnfit(why=Text(ko="먼저 취소하십시오", en="cancel it first"))
        await self._vaults.keeping(organisation).remove(
            organisation, _call(name), _call(name), _PART, _EVENTS
        )

    async def cancel(self, organisation: str, key: str, name: str) -> Json:
        """Stop a response that is being made, wherever that is. Raises ResponseUnfit for one that never was in the
        background, and as `get`.
        """
        making = self._mine(organisation, key, name)
        if making is not None:
            making.stop("cancelled")
            await asyncio.wait([self._tasks[name]])
        shown = await self.get(organisation, key, name)
        if not shown["background"]:
            raise ResponseUnfit(why=Text(ko="백그라운드 응답이 아닙니다", en="it is none of the background"))
        if shown["status"] in _HALF:
            await asyncio.to_thread(self._records.stop, name)
        return shown

    async def begin(self, making: Making, model: str, path: Path) -> None:
        """Start a response that goes on without its client."""
        name = name_of(making.call)
        one = Undertaking(
            id=name,
            kind=_KIND,
            organisation=making.organisation,
            key=making.key,
            state="queued",
            created=stamp(),
            facts=encode(_Facts(model=model, made=int(time.time()))).decode(),
        )
        await asyncio.to_thread(self._records.begin, one, held=True)
        self._making[name] = making
        task = self._tasks[name] = asyncio.create_task(self._see_through(name, making, path))
        task.add_done_callback(lambda _: self._tasks.pop(name))

    def stop(self, names: set[str]) -> None:
        """Stop those of these that this process makes: another one was asked to."""
        for name in names & self._making.keys():
            self._making[name].stop("cancelled")

    async def close(self) -> None:
        """Stop all; what was under way has failed."""
        for making in self._making.values():
            making.stop("interrupted")
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def _see_through(self, name: str, making: Making, path: Path) -> None:
        try:
            # Nobody waits for it: a slip of ours must be told here, or it is never told.
            [slip] = await asyncio.gather(self._make(name, making, path), return_exceptions=True)
            if slip is not None:
                # Its record stays and is nobody's: whoever asks is told that it was interrupted.
                known = slip if isinstance(slip, HanbokError) else None
                _log.error("response %s is not kept: %s", name, slip, exc_info=None if known else slip)
                making.fail(known or Interrupted())
                await self._leave(name)
        finally:
            del self._making[name]
            making.close()

    async def _make(self, name: str, making: Making, path: Path) -> None:
        await making.start(path)
        await self._put(
            making.organisation, making.key, making.call.id, making.items, making.response, making.events
        )
        await asyncio.to_thread(self._records.drop, name)

    async def _leave(self, name: str) -> None:
        try:
            await asyncio.to_thread(self._records.leave, name)
        except HanbokError as error:
            _log.error("response %s stays on record as under way: %s", name, error.code)

    async def _interrupted(self, one: Undertaking) -> None:
        """Keep the failure of one whose process has ended, unless that had kept it already."""
        vault = self._vaults.keeping(one.organisation)
        if await vault.find(one.organisation, _call(one.id), _PART) is None:
            error = Interrupted()
            failed = {"code": error.code, "message": error.say(Language.EN)}
            response = encode(_half(one, "failed") | {"error": failed})
            await self._put(one.organisation, one.key, _call(one.id), (), response, ())
        await asyncio.to_thread(self._records.drop, one.id)

    async def _put(
        self,
        organisation: str,
        key: str,
        call: str,
        items: Sequence[Raw],
        response: bytes,
        events: Sequence[bytes],
    ) -> None:
        kept = msgspec.json.encode(KeptResponse(key=key, input=list(items), response=Raw(response)))
        parts = {_PART: (kept,)} | ({_EVENTS: tuple(events)} if events else {})
        await self._vaults.keeping(organisation).put(organisation, call, parts)

    def _mine(self, organisation: str, key: str, name: str) -> Making | None:
        making = self._making.get(name)
        return making if making and (making.organisation, making.key) == (organisation, key) else None


def _half(one: Undertaking, status: str) -> Json:
    facts = msgspec.json.decode(one.facts, type=_Facts)
    ours = {"id": one.id, "created_at": facts.made, "store": True, "background": True, "status": status}
    return unfinished(Asked(model=facts.model), facts.made, ours)


async def _each(events: Sequence[bytes]) -> AsyncGenerator[bytes, None]:
    for one in events:
        yield one
