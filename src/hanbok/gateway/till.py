"""What money needs beside the calls: the prices that were taken in, and alerts of budgets."""

from hanbok.core.duty import Duty
from hanbok.gateway.facts import load_prices
from hanbok.gateway.price_list import PriceList
from hanbok.gateway.price_tables import PriceTables
from hanbok.gateway.webhook import Teller, Webhook
from hanbok.policy.alerts import Alerts
from hanbok.store.database import Store


class Till:
    def __init__(self, store: Store) -> None:
        self._tables = PriceTables(store)
        self._webhook: Webhook | None = None
        self._teller = Teller(Alerts(store), lambda: self._webhook)

    def prices(self) -> PriceList:
        """Return all prices. Blocks."""
        return load_prices(self._tables.taken())

    def version(self) -> str:
        """Return what changes when a table is taken in. Blocks."""
        return self._tables.version()

    def alert(self, webhook: Webhook | None) -> None:
        """Have alerts told there from now on; None: nobody."""
        self._webhook = webhook

    def duties(self) -> list[Duty]:
        """Return what is to be repeated."""
        return self._teller.duties()

    async def close(self) -> None:
        """Close what alerts go over."""
        await self._teller.close()
