"""The way of a request that is passed through."""

import hashlib
from asyncio import to_thread
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.asking import Place
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.charging import count, guess
from hanbok.gateway.endpoint import Address
from hanbok.gateway.errors import (
    UnsupportedRequest,
    UpstreamCut,
    UpstreamFailed,
    UpstreamGarbled,
    UpstreamUnreachable,
)
from hanbok.gateway.guarding import LONG
from hanbok.gateway.head import InvalidJson
from hanbok.gateway.passthrough.errors import AnswerNotRead, NotRead, PassageNotAllowed
from hanbok.gateway.passthrough.passages import Passage, Passages
from hanbok.gateway.passthrough.usage import told
from hanbok.gateway.price import ModelUnpriced
from hanbok.gateway.showing import Showing
from hanbok.gateway.sse import DEFAULT_EVENT, SseReader
from hanbok.gateway.step import Next
from hanbok.gateway.steps.admit import allowed, enter, tokens_of
from hanbok.gateway.steps.protect import Disguise
from hanbok.gateway.upstream import Exchange, Sender
from hanbok.gateway.way_back import MaskerOf
from hanbok.guard.pseudonym import Hider, Pseudonyms
from hanbok.policy.gate import Gate

_KEPT: Final = ("accept", "anthropic-beta", "anthropic-version", "content-type", "openai-beta")
"""Headers that go on; all others, such as keys and cookies, stay here."""
_PASSED: Final = frozenset({400, 404, 405, 409, 410, 412, 413, 415, 416, 422})
"""Refusals that are about the request; others are about us and the provider."""
_ANSWER_LIMIT: Final = 64 * 1024 * 1024
_EVENTS: Final = "text/event-stream"
_SAFE: Final = "!$'()*+,=:@"


class Envelope(msgspec.Struct):
    """All of a request that leaves, as one JSON document, so that the guard reads and alters all of it."""

    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: msgspec.Raw


@dataclass(slots=True, kw_only=True)
class Passing(Call):
    """A request that is passed through. `body` is its envelope."""

    endpoint: str
    method: str
    path: str
    media: str
    """Type of its body, without parameters."""
    raw: bytes | None = None
    """A body that is no JSON, and leaves as it is; None: there is none."""
    passage: Passage | None = field(default=None)
    usage: Usage | None = None
    """As the answer tells it."""


def sealed(path: str, query: list[tuple[str, str]], headers: Mapping[str, str], body: bytes) -> bytes:
    """Return an envelope around a body that is JSON, or empty. Raises InvalidJson."""
    if body:
        try:
            msgspec.json.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise InvalidJson(position=0) from None
    kept = {name: headers[name] for name in _KEPT if name in headers}
    head = msgspec.json.encode({"path": path, "query": query, "headers": kept})
    return b'%b,"body":%b}' % (head[:-1], body or b"null")


def passing(call: Call) -> Passing:
    """Return the call as one that is passed through."""
    if not isinstance(call, Passing):
        raise TypeError("the call is not passed through")
    return call


@dataclass(frozen=True, slots=True)
class AdmitPassing:
    """The allow-list, the key's list, rate, concurrency and money."""

    passages: Passages
    gate: Gate

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        now, key = passing(call), allowed(call)
        passage = now.passage = self.passages.find(now.endpoint, now.method, now.path)
        call.offer = self.passages.offer(call.model)
        if now.raw is not None:
            if now.media not in passage.unread:
                raise NotRead(media=now.media[:100])
            call.unread = (now.media,)
        if passage.price is None:
            raise ModelUnpriced(model=call.model)
        call.ending.steps["passage"] = passage.name
        call.reserved = passage.price
        await enter(self.gate, call, key, tokens_of(call, key))
        return await call_next(call)


@dataclass(frozen=True, slots=True)
class ProtectPassing:
    """What leaves is altered as policy asked; every string that comes back is masked and restored."""

    masks: Mapping[str, str]
    masker_of: MaskerOf | None
    hider_of: Callable[[str], Hider] | None

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        now = passing(call)
        if call.texts is None:
            raise RuntimeError("the inspect step must stand before the protect step")
        hider = self.hider_of(call.principal.organisation) if self.hider_of else Pseudonyms(self.masks)
        disguise = Disguise(call, call.texts, self.masks, hider)
        if call.findings and len(call.body) >= LONG:
            await to_thread(disguise.prepare, [call.plan[0].form])
        call.body_in = disguise.body_in
        reply = await call_next(call)
        call.hidden = hider.hidden() if call.findings else ()
        showing = Showing(
            now.endpoint,
            hider=hider,
            values=disguise.values() if self.masker_of is not None else (),
            masks=self.masks,
            masker_of=self.masker_of,
            throughout=True,
        )
        if reply.chunks is not None:
            reply.chunks = _shown(call, reply.chunks, showing)
        elif reply.body:
            long = len(reply.body) >= LONG
            reply.body = await to_thread(_whole, now, reply, showing) if long else _whole(now, reply, showing)
            showing.note(call.ending)
        return reply


def _whole(call: Passing, reply: Reply, showing: Showing) -> bytes:
    media = reply.media.partition(";")[0].strip().lower()
    if media.endswith(("/json", "+json")):
        return showing.whole(reply.body)
    if media.startswith("text/"):
        try:
            return showing.text(reply.body.decode()).encode()
        except UnicodeDecodeError:
            raise UpstreamGarbled(origin=call.endpoint, why="not a text") from None
    if call.passage is None or media not in call.passage.unread:
        raise AnswerNotRead(media=media[:100])
    return reply.body


async def _shown(
    call: Call, chunks: AsyncGenerator[list[bytes], None], showing: Showing
) -> AsyncGenerator[list[bytes], None]:
    """Yield what the client is sent of a stream of events. One that is no JSON is a text."""
    now, name = passing(call), DEFAULT_EVENT
    shown_as = before = name
    reader = SseReader(origin=now.endpoint)
    try:
        async with aclosing(chunks):
            async for batch in chunks:
                for of, data in reader.feed(b"".join(batch)):
                    now.usage = told(data, now.usage)
                    before = shown_as
                    if of != name:
                        name, shown_as = of, showing.text(of).replace("\n", " ")
                    *held, last = _events(showing, data)
                    yield [*(_event(before, one) for one in held), _event(shown_as, last)]
        if reader.finish():
            raise UpstreamCut(origin=now.endpoint)
        if rest := showing.close():
            yield [_event(shown_as, one) for one in rest]
    except UnicodeDecodeError:
        raise UpstreamGarbled(origin=now.endpoint, why="events that are not UTF-8") from None
    finally:
        showing.note(call.ending)


def _events(showing: Showing, data: bytes) -> list[bytes]:
    if showing.idle:
        return [data]
    try:
        told = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return [*showing.close(), showing.text(data.decode()).encode()]
    return showing.feed(data) if isinstance(told, dict) else [*showing.close(), showing.whole(data)]


def _event(name: str, data: bytes) -> bytes:
    head = b"" if name == DEFAULT_EVENT else b"event: %b\n" % name.encode()
    return head + b"".join(b"data: %b\n" % line for line in data.split(b"\n")) + b"\n"


@dataclass(frozen=True, slots=True)
class Pass:
    """Send it with the provider's key, and with another one where that is refused."""

    places: Mapping[str, Place]
    sender: Sender

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        now, planned = passing(call), call.plan[0]
        if call.body_in is None:
            raise RuntimeError("the protect step must stand before the last one")
        sealed_as = call.body_in(planned.form)
        envelope, altered = msgspec.json.decode(sealed_as, type=Envelope), sealed_as is not call.body
        if altered:
            _stay(now, envelope.path)
        call.ending.used = planned
        call.ending.sent = (
            hashlib.sha256(sealed_as + (now.raw or b"")).hexdigest() if altered else call.digest
        )
        call.ending.cost = call.reserved
        try:
            exchange = await self._exchange(now, planned, envelope)
        except UpstreamUnreachable:
            call.ending.cost = 0
            raise
        if exchange.status not in _PASSED:
            call.at_end(partial(_count, now))
        media = exchange.headers.get("content-type", "application/octet-stream")
        if media.startswith(_EVENTS):
            return Reply(status=exchange.status, media=_EVENTS, chunks=_read(exchange))
        body = await exchange.whole(_ANSWER_LIMIT)
        exchange.close()
        now.usage = told(body)
        return Reply(status=exchange.status, media=media, body=body)

    async def _exchange(self, call: Passing, planned: Planned, envelope: Envelope) -> Exchange:
        place = self.places[planned.target.endpoint]
        body = call.raw if call.raw is not None else bytes(envelope.body)
        if call.raw is None and body == b"null":
            body = b""
        tries = 0
        while True:
            tries += 1
            address = await place.endpoint.address(Operation.PASSAGE, "")
            if address.left is not None:
                call.at_end(address.left)
            if address.sign is not None:
                raise UnsupportedRequest(dialect=call.endpoint, feature="passthrough")
            exchange = await self.sender.send(
                call.method, _url(address, envelope), _headers(address, envelope), body, place.timeouts
            )
            call.at_end(exchange.close)
            retry = exchange.headers.get("retry-after", "")
            if 200 <= exchange.status < 300 or exchange.status in _PASSED:  # noqa: PLR2004 - RFC 9110, 15.3
                return exchange
            exchange.close()
            call.ending.attempts.append(f"{call.endpoint}:{exchange.status}")
            if (
                address.refused is None
                or not address.refused(exchange.status, retry)
                or tries >= address.keys
            ):
                raise UpstreamFailed(
                    origin=call.endpoint, status=exchange.status, reason="passthrough", retry_after=retry
                )


def _count(call: Passing) -> None:
    """Note what the answer told of its tokens; where it tells none and the key's are limited, a guess."""
    if call.usage is not None:
        count(call.ending, call.usage)
    elif call.key is not None and call.key.limits.tokens_per_minute is not None:
        count(call.ending, guess(call, 0))


def _stay(call: Passing, path: str) -> None:
    """Raise PassageNotAllowed if hiding a value made another path: what was found may span segments."""
    parts = path.removeprefix("/").split("/")
    if call.passage is None or not call.passage.admits(call.method, parts):
        raise PassageNotAllowed(endpoint=call.endpoint, method=call.method, path=path[:200])


def _url(address: Address, envelope: Envelope) -> str:
    """Return the whole address. What a pseudonym brought into it is written as data, never as structure."""
    path = "/".join(quote(part, safe=_SAFE) for part in envelope.path.split("/"))
    query = "&".join(filter(None, (address.query, urlencode(envelope.query))))
    return f"{address.url}{path}" + (f"?{query}" if query else "")


def _headers(address: Address, envelope: Envelope) -> tuple[tuple[str, str], ...]:
    """Return the endpoint's own headers, and those of the client's that it does not set."""
    own = {name.lower() for name, _ in address.headers}
    return address.headers + tuple((name, one) for name, one in envelope.headers.items() if name not in own)


async def _read(exchange: Exchange) -> AsyncGenerator[list[bytes], None]:
    async for piece in exchange.read():
        yield [piece]
