"""`/v1/messages/count_tokens` for clients of Anthropic's API."""

import msgspec

from hanbok.app import App
from hanbok.http.inbound import Inbound
from hanbok.http.weighed import ESTIMATED, weighed


async def count_tokens(app: App, inbound: Inbound) -> None:
    """Answer with an estimate. The prompt goes nowhere."""
    body = msgspec.json.encode({"input_tokens": await weighed(app, inbound)})
    await inbound.reply(200, ESTIMATED, body)
