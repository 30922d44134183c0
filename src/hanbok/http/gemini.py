"""`/v1beta/models` for clients of Gemini's API."""

from urllib.parse import parse_qs

import msgspec

from hanbok.app import App
from hanbok.gateway.call import Operation
from hanbok.gateway.catalogue import Offer
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.fronts.gemini import STREAMS, Gemini
from hanbok.http.delivery import deliver
from hanbok.http.inbound import Inbound
from hanbok.http.statuses import RouteUnknown
from hanbok.http.weighed import ESTIMATED, weighed


async def generate(app: App, inbound: Inbound) -> None:
    """Answer `MODEL:generateContent`, `:streamGenerateContent?alt=sse` and `:countTokens` in Gemini's shape."""
    verb = inbound.path.rpartition(":")[2]
    if verb == "countTokens":
        counted = msgspec.json.encode({"totalTokens": await weighed(app, inbound)})
        await inbound.reply(200, ESTIMATED, counted)
        return
    if verb not in {"generateContent", STREAMS}:
        raise RouteUnknown(method=inbound.method, path=inbound.path[:200])
    if verb == STREAMS and parse_qs(inbound.query).get("alt") != ["sse"]:
        raise UnsupportedRequest(dialect=Gemini.name, feature="streamGenerateContent?alt=json")
    await deliver(app, inbound, Operation.CHAT)


async def listed(app: App, inbound: Inbound) -> None:
    """Answer with the models that this key may ask, in Gemini's shape."""
    key = app.authenticate(inbound.headers)
    offers = (one for one in app.runtime.catalogue if not key.models or one.name in key.models)
    await inbound.reply(
        200,
        [("content-type", "application/json")],
        msgspec.json.encode({"models": [_shape(one) for one in offers]}),
    )


def _shape(offer: Offer) -> dict[str, object]:
    facts = offer.targets[0].facts
    return {
        "name": f"models/{offer.name}",
        "displayName": offer.name,
        "inputTokenLimit": facts.context,
        "outputTokenLimit": facts.max_output,
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    }
