"""An endpoint that the settings no longer name runs until the calls of other processes have left it."""

import asyncio
from typing import cast

from hanbok.custody import Loans
from hanbok.gateway.endpoint import Endpoint


async def test_an_endpoint_is_returned_when_its_last_call_is_over() -> None:
    loans, old, other = Loans(), cast("Endpoint", object()), cast("Endpoint", object())
    await loans.returned(old)
    first, second = loans.lend(old), loans.lend(old)
    loans.lend(other)
    waiting = asyncio.create_task(loans.returned(old))
    first()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not waiting.done()
    second()
    async with asyncio.timeout(1):
        await waiting
