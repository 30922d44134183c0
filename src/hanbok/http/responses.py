"""`/v1/responses`: asked, kept, shown, gone on from, and made in the background."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import parse_qsl

import msgspec

from hanbok.app import App
from hanbok.core.values import Text
from hanbok.gateway.call import Operation
from hanbok.gateway.calling import call_of
from hanbok.gateway.fronts.responses import Responses
from hanbok.gateway.head import InvalidRequest, spans
from hanbok.gateway.responses.conversation import after, items_of, shown, with_items
from hanbok.gateway.responses.desk import name_of
from hanbok.gateway.responses.errors import ResponseUnfit
from hanbok.gateway.responses.making import Making, ended_with
from hanbok.gateway.spelling.json_text import Json, encode
from hanbok.gateway.spelling.responses_hearing import read
from hanbok.http.delivery import STREAM, carry, marks_of, read_body
from hanbok.http.failure import language_of
from hanbok.http.inbound import JSON, Headers, Inbound
from hanbok.http.key_acts import note_act
from hanbok.http.statuses import MethodNotAllowed, RouteUnknown

_PATH: Final = "/v1/responses"
_BELOW: Final = {"": "GET, DELETE", "input_items": "GET", "cancel": "POST"}


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What an address may ask besides."""

    stream: bool = False
    starting_after: Annotated[int, msgspec.Meta(ge=0)] | None = None
    after: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20
    order: str = "desc"


async def respond(app: App, inbound: Inbound) -> None:
    """Ask for a response. It is kept where contents are, unless `store` is false."""
    key, desk = app.authenticate(inbound.headers), app.offstage.responses
    body = await read_body(app.runtime, inbound)
    spans(body)
    asked, organisation = read(body), key.principal.organisation
    if asked.background and asked.store is False:
        raise ResponseUnfit(why=Text(ko="background에는 store가 있어야 합니다", en="background needs store"))
    stored = asked.store is not False and bool(asked.store or asked.background or desk.keeps(organisation))
    items = items_of(body)
    if asked.previous_response_id:
        before = await desk.finished(organisation, key.id, asked.previous_response_id)
        items = after(before) + items
    if stored:
        desk.require(organisation)
    if stored or asked.previous_response_id:
        body = with_items(body, items)
    call = call_of(
        Operation.CHAT,
        body,
        path=_PATH,
        headers={} if asked.background else inbound.headers,
        origin=inbound.peer,
        front=Responses(),
        as_key=key.id if asked.background else "",
    )
    ours: Json = {"previous_response_id": asked.previous_response_id, "store": stored}
    if stored:
        ours["id"] = name_of(call)
    call.front = Responses(ours)
    if asked.background:
        ours |= {"background": True, "created_at": int(time.time())}
        language = language_of(inbound.headers, app.runtime.settings.language)
        making = Making(call, key.id, organisation, items, ours, language)
        await desk.begin(making, asked.model, app.runtime.path)
        await _tell(inbound, making)
        return

    async def keep(ended: bytes) -> None:
        await desk.keep(call, items, ended_with(ended))

    await carry(app.runtime, inbound, call, keep if stored else None)


async def response(app: App, inbound: Inbound) -> None:
    """Show a response, its input or its events; cancel or delete it."""
    key, desk = app.authenticate(inbound.headers), app.offstage.responses
    name, _, rest = inbound.path.removeprefix(f"{_PATH}/").partition("/")
    who = (key.principal.organisation, key.id, name)
    verb = f"{inbound.method} {rest}".strip()
    if verb == "GET":
        await _show(app, inbound, who)
    elif verb == "GET input_items":
        wanted, kept = _wanted(inbound), await desk.finished(*who)
        await _reply(inbound, _page(shown(kept.input, name), wanted))
    elif verb == "DELETE":
        await desk.remove(*who)
        await note_act(app, inbound, key, "response.delete", name)
        await _reply(inbound, {"id": name, "object": "response", "deleted": True})
    elif verb == "POST cancel":
        cancelled = await desk.cancel(*who)
        await note_act(app, inbound, key, "response.cancel", name)
        await _reply(inbound, cancelled)
    elif rest in _BELOW:
        raise MethodNotAllowed(method=inbound.method, path=inbound.path[:200], allowed=_BELOW[rest])
    else:
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])


async def _show(app: App, inbound: Inbound, who: tuple[str, str, str]) -> None:
    desk, wanted = app.offstage.responses, _wanted(inbound)
    if not wanted.stream:
        await _reply(inbound, await desk.get(*who))
        return
    first = 0 if wanted.starting_after is None else wanted.starting_after + 1
    await _stream(inbound, await desk.follow(*who, first), STREAM)


async def _tell(inbound: Inbound, making: Making) -> None:
    """Answer who began a response: with its events, or as it is now."""
    if making.call.stream:
        await _stream(inbound, making.follow(0), [*marks_of(making.call), *STREAM])
    else:
        await inbound.reply(HTTPStatus.OK, [*marks_of(making.call), *JSON], encode(making.shown()))


async def _stream(inbound: Inbound, events: AsyncGenerator[bytes, None], headers: Headers) -> None:
    outlet = await inbound.stream(HTTPStatus.OK, headers)
    async with aclosing(events):
        async for one in events:
            await outlet.send(one)


def _wanted(inbound: Inbound) -> _Wanted:
    try:
        return msgspec.convert(dict(parse_qsl(inbound.query)), _Wanted, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequest(field=str(error).rpartition("`$.")[2].rstrip("`") or "query") from None


def _page(items: list[Json], wanted: _Wanted) -> Json:
    ordered = items if wanted.order == "asc" else items[::-1]
    names = [one["id"] for one in ordered]
    start = names.index(wanted.after) + 1 if wanted.after in names else 0
    cut = ordered[start : start + wanted.limit]
    return {
        "object": "list",
        "data": cut,
        "first_id": cut[0]["id"] if cut else None,
        "last_id": cut[-1]["id"] if cut else None,
        "has_more": start + wanted.limit < len(ordered),
    }


async def _reply(inbound: Inbound, body: Json) -> None:
    await inbound.reply(HTTPStatus.OK, JSON, encode(body))
