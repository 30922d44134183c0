"""`/v1/messages` for clients of Anthropic's API, and what a prompt would weigh."""

import msgspec

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.gateway.call import Operation
from hanbok.gateway.fronts.anthropic import Anthropic
from hanbok.http.delivery import deliver
from hanbok.http.failure import tell
from hanbok.http.inbound import Inbound
from hanbok.http.weighed import weighed

_FRONT = Anthropic()


async def messages(app: App, inbound: Inbound) -> None:
    """Answer a request in Anthropic's shape."""
    await deliver(app, inbound, Operation.CHAT, _FRONT)


async def count_tokens(app: App, inbound: Inbound) -> None:
    """Answer with an estimate. The prompt goes nowhere."""
    try:
        tokens = await weighed(app, inbound, _FRONT)
    except HanbokError as error:
        await tell(inbound, error, app.runtime.settings.language, [], _FRONT)
        return
    body = msgspec.json.encode({"input_tokens": tokens})
    await inbound.reply(200, [("content-type", "application/json"), ("x-hanbok-estimated", "true")], body)
