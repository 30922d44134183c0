"""`/v1/chat/completions`, whole and streamed."""

from hanbok.app import App
from hanbok.gateway.call import Operation
from hanbok.http.delivery import deliver
from hanbok.http.inbound import Inbound


async def chat(app: App, inbound: Inbound) -> None:
    """Answer a chat request in OpenAI's shape."""
    await deliver(app, inbound, Operation.CHAT)
