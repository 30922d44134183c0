"""What a prompt would weigh, for those who may ask the model that it is for."""

from typing import Final

from hanbok.app import App
from hanbok.gateway.weighing import weigh
from hanbok.http.delivery import head_of, read_body
from hanbok.http.inbound import Headers, Inbound
from hanbok.policy.key import ModelNotAllowed

ESTIMATED: Final[Headers] = [("content-type", "application/json"), ("x-hanbok-estimated", "true")]


async def weighed(app: App, inbound: Inbound) -> int:
    """Return an estimate in tokens. Raises what a call would: for the key, the body, the model."""
    key = app.authenticate(inbound.headers)
    body = await read_body(app.runtime, inbound)
    model = head_of(inbound, body)[0].model
    if key.models and model not in key.models:
        raise ModelNotAllowed(model=model)
    app.runtime.catalogue.offer(model)
    return weigh(body)
