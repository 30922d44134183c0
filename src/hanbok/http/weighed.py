"""What a prompt would weigh, for those who may ask the model that it is for."""

from hanbok.app import App
from hanbok.gateway.front import Front
from hanbok.gateway.weighing import weigh
from hanbok.http.delivery import read_body
from hanbok.http.inbound import Inbound
from hanbok.policy.key import ModelNotAllowed


async def weighed(app: App, inbound: Inbound, front: Front) -> int:
    """Return an estimate in tokens. Raises what a call would: for the key, the body, the model."""
    key = app.authenticate(inbound.headers)
    body = await read_body(app.runtime, inbound)
    model = front.head(body, inbound.path).model
    if key.models and model not in key.models:
        raise ModelNotAllowed(model=model)
    app.runtime.catalogue.offer(model)
    return weigh(body)
