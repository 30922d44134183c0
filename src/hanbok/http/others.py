"""Pictures, speech, moderation and ranking: requests of one JSON object that are answered whole."""

from hanbok.app import App
from hanbok.gateway.call import Operation
from hanbok.http.delivery import deliver
from hanbok.http.inbound import Inbound


async def images(app: App, inbound: Inbound) -> None:
    """Answer `/v1/images/generations`."""
    await deliver(app, inbound, Operation.IMAGES)


async def moderations(app: App, inbound: Inbound) -> None:
    """Answer `/v1/moderations`."""
    await deliver(app, inbound, Operation.MODERATIONS)


async def rerank(app: App, inbound: Inbound) -> None:
    """Answer `/v1/rerank`, in the shape that Jina, Cohere and vLLM share."""
    await deliver(app, inbound, Operation.RERANK)


async def speech(app: App, inbound: Inbound) -> None:
    """Answer `/v1/audio/speech` with sound."""
    await deliver(app, inbound, Operation.SPEECH)
