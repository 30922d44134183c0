"""`/v1/embeddings`."""

from hanbok.app import App
from hanbok.gateway.call import Operation
from hanbok.http.delivery import deliver
from hanbok.http.inbound import Inbound


async def embeddings(app: App, inbound: Inbound) -> None:
    """Answer an embeddings request in OpenAI's shape."""
    await deliver(app, inbound, Operation.EMBEDDINGS)
