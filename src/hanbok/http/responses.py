"""`/v1/responses` for clients of OpenAI's Responses API and of Open Responses."""

from hanbok.app import App
from hanbok.gateway.call import Operation
from hanbok.gateway.fronts.responses import Responses
from hanbok.http.delivery import deliver
from hanbok.http.inbound import Inbound

_FRONT = Responses()


async def responses(app: App, inbound: Inbound) -> None:
    """Answer a request as a response."""
    await deliver(app, inbound, Operation.CHAT, _FRONT)
