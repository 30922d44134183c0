"""What the administration works with: one of each, for the HTTP API, the console and whoever asks for approvals."""

from hanbok.policy.approvals import Approvals
from hanbok.policy.budgets import Budgets
from hanbok.policy.entrance import Entrance
from hanbok.policy.identity import PersonalKeys
from hanbok.policy.keyring import KeyRing
from hanbok.policy.organisations import Register
from hanbok.policy.people import People
from hanbok.policy.spending import Spending
from hanbok.store.database import Store


class Administration:
    def __init__(self, store: Store, keyring: KeyRing) -> None:
        self.register = Register(store)
        self.people = People(store)
        self.spending = Spending(store)
        self.budgets = Budgets(store)
        self.entrance = Entrance(PersonalKeys(keyring), self.register, store)
        self._store = store

    def approvals(self, *, dual_control: bool) -> Approvals:
        """Return the approvals, as the settings in force ask for them."""
        return Approvals(self._store, dual_control=dual_control)
