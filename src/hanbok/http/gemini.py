"""`/v1beta/models` for clients of Gemini's API."""

from typing import Final
from urllib.parse import parse_qs

import msgspec

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.gateway.call import Operation
from hanbok.gateway.catalogue import Offer
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.fronts.gemini import STREAMS, Gemini
from hanbok.http.delivery import deliver
from hanbok.http.failure import tell
from hanbok.http.inbound import Inbound
from hanbok.http.statuses import RouteUnknown
from hanbok.http.weighed import weighed

_FRONT = Gemini()
_JSON: Final = [("content-type", "application/json")]


async def generate(app: App, inbound: Inbound) -> None:
    """Answer `MODEL:generateContent`, `:streamGenerateContent?alt=sse` and `:countTokens` in Gemini's shape."""
    verb = inbound.path.rpartition(":")[2]
    try:
        if verb == "countTokens":
            counted = msgspec.json.encode({"totalTokens": await weighed(app, inbound, _FRONT)})
            await inbound.reply(200, [*_JSON, ("x-hanbok-estimated", "true")], counted)
            return
        if verb not in {"generateContent", STREAMS}:
            raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
        if verb == STREAMS and parse_qs(inbound.query).get("alt") != ["sse"]:
            raise UnsupportedRequest(dialect=_FRONT.name, feature="streamGenerateContent?alt=json")
    except HanbokError as error:
        await tell(inbound, error, app.runtime.settings.language, [], _FRONT)
        return
    await deliver(app, inbound, Operation.CHAT, _FRONT)


async def listed(app: App, inbound: Inbound) -> None:
    """Answer with the models that this key may ask, in Gemini's shape."""
    try:
        key = app.authenticate(inbound.headers)
    except HanbokError as error:
        await tell(inbound, error, app.runtime.settings.language, [], _FRONT)
        return
    offers = (one for one in app.runtime.catalogue if not key.models or one.name in key.models)
    await inbound.reply(200, _JSON, msgspec.json.encode({"models": [_shape(one) for one in offers]}))


def _shape(offer: Offer) -> dict[str, object]:
    facts = offer.targets[0].facts
    return {
        "name": f"models/{offer.name}",
        "displayName": offer.name,
        "inputTokenLimit": facts.context,
        "outputTokenLimit": facts.max_output,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }
