"""`/v1/models`: the names that this caller may ask for."""

import msgspec

from hanbok.app import App
from hanbok.gateway.catalogue import ModelUnknown, Offer
from hanbok.http.inbound import Inbound

_PREFIX = "/v1/models/"


async def models(app: App, inbound: Inbound) -> None:
    """Answer with all of them, or with the one that the path names."""
    key = app.authenticate(inbound.headers)
    allowed = [_shape(offer) for offer in app.runtime.catalogue if not key.models or offer.name in key.models]
    if inbound.path.startswith(_PREFIX):
        name = inbound.path.removeprefix(_PREFIX)
        found = next((one for one in allowed if one["id"] == name), None)
        if found is None:
            raise ModelUnknown(model=name[:100], known=", ".join(str(one["id"]) for one in allowed))
        body = msgspec.json.encode(found)
    else:
        body = msgspec.json.encode({"object": "list", "data": allowed})
    await inbound.reply(200, [("content-type", "application/json")], body)


def _shape(offer: Offer) -> dict[str, object]:
    first = offer.targets[0]
    return {
        "id": offer.name,
        "object": "model",
        "created": 0,
        "owned_by": first.destination.operator,
        "hanbok": {
            "zone": first.destination.zone,
            "country": first.destination.country,
            "context": first.facts.context,
            "languages": first.facts.languages,
            "licence": first.facts.licence,
        },
    }
