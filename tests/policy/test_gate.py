from datetime import UTC, datetime

import pytest

from hanbok.core.values import Principal
from hanbok.policy.errors import ConcurrencyExceeded, RateLimited
from hanbok.policy.gate import Here
from hanbok.policy.key import Key, Limits
from hanbok.policy.ledger import BudgetExceeded, Ledger
from hanbok.policy.limits import Limiter

NOON = datetime(2026, 11, 22, 3, tzinfo=UTC)


def key(**limits: int) -> Key:
    return Key(id="k", digest="", principal=Principal(organisation="o", key="k"), limits=Limits(**limits))


def gate() -> Here:
    return Here(Limiter(), Ledger(), lambda: NOON)


async def test_a_call_that_leaves_gives_its_slot_and_the_rest_of_its_money_back() -> None:
    here, one = gate(), key(concurrency=1, won_per_day=100)
    held = await here.enter("a", one, "m", 100)
    with pytest.raises(ConcurrencyExceeded):
        await here.enter("b", one, "m", 0)
    held.leave(30)
    (await here.enter("b", one, "m", 70)).leave(70)
    assert here.ledger.spent("key:k", NOON) == (100, 100)


async def test_a_call_without_money_takes_no_slot() -> None:
    here, one = gate(), key(concurrency=1, won_per_day=100)
    with pytest.raises(BudgetExceeded):
        await here.enter("a", one, "m", 101)
    await here.enter("b", one, "m", 100)


async def test_a_call_beyond_the_rate_holds_no_money() -> None:
    here, one = gate(), key(requests_per_minute=1)
    await here.enter("a", one, "m", 5)
    with pytest.raises(RateLimited):
        await here.enter("b", one, "m", 5)
    assert here.ledger.spent("key:k", NOON) == (5, 5)
