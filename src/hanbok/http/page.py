"""`/`, the first page, and `/static/`, what it is dressed with."""

import asyncio
from typing import Final
from urllib.parse import parse_qs

from hanbok.app import App
from hanbok.console.assets import assets
from hanbok.core.values import Language
from hanbok.http.failure import language_of
from hanbok.http.inbound import Headers, Inbound
from hanbok.http.statuses import RouteUnknown

_STATIC: Final = "/static/"
_CONTENT_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_SHIELD: Final[Headers] = [
    ("content-security-policy", _CONTENT_POLICY),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ("x-frame-options", "DENY"),
]
"""Nothing from elsewhere, no script or style but our files, no way for a text to become markup."""


async def page(app: App, inbound: Inbound) -> None:
    """Answer with the first page, in the language that `?lang=` or else the browser asks for."""
    # The template engine is loaded when the first page is asked for: a door without visitors does without it.
    from hanbok.console.first_page import first_page  # noqa: PLC0415

    language = _language(inbound, app.runtime.settings.language)
    body = await asyncio.to_thread(first_page, language)
    headers: Headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("content-language", language),
        ("cache-control", "no-cache"),
        ("vary", "accept-language"),
        *_SHIELD,
    ]
    await inbound.reply(200, headers, body)


async def static(app: App, inbound: Inbound) -> None:  # noqa: ARG001 - the shape of a handler
    """Answer with a static file; its address holds its digest, so it may be kept for ever."""
    known = await asyncio.to_thread(assets)
    asset = known.find(inbound.path.removeprefix(_STATIC))
    if asset is None:
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    headers: Headers = [
        ("content-type", asset.media),
        ("cache-control", "public, max-age=31536000, immutable"),
        *_SHIELD,
    ]
    await inbound.reply(200, headers, asset.content)


def _language(inbound: Inbound, default: Language) -> Language:
    asked = parse_qs(inbound.query).get("lang", [""])[-1]
    known = {one.value: one for one in Language}
    return known[asked] if asked in known else language_of(inbound.headers, default)
