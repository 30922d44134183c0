"""Where every request to the administration is received: known, allowed, read, answered. No route can leave one out."""

import asyncio
import re
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.http.admin.route import Answer, Ask, RequestUnfit, Route, etag_of
from hanbok.http.admin.routes import ROUTES
from hanbok.http.entrance import enter
from hanbok.http.failure import tell
from hanbok.http.inbound import Headers, Inbound
from hanbok.http.statuses import MethodNotAllowed, RouteUnknown
from hanbok.policy.identity import Identified
from hanbok.policy.roles import require

_LIMIT: Final = 64 * 1024
_FIELDS: Final = 30
_PRIVATE: Final[Headers] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
]
_PLACE: Final = re.compile(r"\$\.([a-z_]+)|field `([a-z_]+)`")


async def admin(app: App, inbound: Inbound) -> None:
    """Answer a request to the administration."""
    try:
        route, answer = await _answer(app, inbound)
        headers: Headers = [*_PRIVATE, ("content-type", "application/json")]
        if answer.etag:
            headers.append(("etag", etag_of(answer.body)))
        await inbound.reply(route.status, headers, msgspec.json.encode(answer.body))
    except HanbokError as error:
        await tell(inbound, error, app.runtime.settings.language, _PRIVATE)


async def _answer(app: App, inbound: Inbound) -> tuple[Route, Answer]:
    settings = app.runtime.settings
    who = await asyncio.to_thread(enter, app, inbound, settings.roles)
    # Only then: whoever is not known learns of no route and no organisation.
    route, parts = _route(inbound)
    _allow(route, parts, who)
    query = _query(inbound.query, route)
    body = None
    if route.takes is not None:
        body = _decode(await inbound.read(_LIMIT, settings.server.read_timeout), route.takes)
    ask = Ask(
        who=who,
        desk=app.administration,
        approvals=app.administration.approvals(dual_control=settings.roles.dual_control),
        log=app.log,
        parts=parts,
        query=query,
        body=body,
        if_match=inbound.headers.get("if-match", ""),
    )
    answer = await asyncio.to_thread(_handle, route, ask)
    if answer.deed is not None:
        await app.log.append(answer.deed)
    return route, answer


def _route(inbound: Inbound) -> tuple[Route, dict[str, str]]:
    parts = tuple(inbound.path.split("/")[1:])
    if not all(one.isprintable() for one in parts):
        raise _unknown(inbound)
    matching = [(route, named) for route in ROUTES if (named := route.match(parts)) is not None]
    if not matching:
        raise _unknown(inbound)
    method = "GET" if inbound.method == "HEAD" else inbound.method
    for route, named in matching:
        if route.method == method:
            return route, named
    allowed = ", ".join(sorted({route.method for route, _ in matching}))
    raise MethodNotAllowed(method=inbound.method[:20], path=inbound.path[:200], allowed=allowed)


def _unknown(inbound: Inbound) -> RouteUnknown:
    return RouteUnknown(method=inbound.method[:20], path=inbound.path[:200])


def _allow(route: Route, parts: dict[str, str], who: Identified) -> None:
    if route.permission:
        require(who.principal, route.permission, parts.get("organisation", ""))


def _handle(route: Route, ask: Ask) -> Answer:
    organisation = ask.parts.get("organisation")
    if organisation is not None and organisation != ask.who.principal.organisation:
        ask.desk.register.organisation(organisation)  # raises when there is none
    return route.handle(ask)


def _query(text: str, route: Route) -> msgspec.Struct | None:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError:
        raise RequestUnfit(field="query") from None
    known = route.query.__struct_fields__ if route.query else ()
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known or name in found:
            raise RequestUnfit(field=name[:40] if name.isidentifier() and name.isascii() else "query")
        found[name] = value
    if route.query is None:
        return None
    try:
        return msgspec.convert(found, route.query, strict=False)
    except msgspec.ValidationError as error:
        raise RequestUnfit(field=_field(error)) from None


def _decode(body: bytes, kind: type[msgspec.Struct]) -> msgspec.Struct:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise RequestUnfit(field=_field(error)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RequestUnfit(field="body") from None


def _field(error: msgspec.ValidationError) -> str:
    found = _PLACE.search(str(error))
    return (found[1] or found[2]) if found else "body"
