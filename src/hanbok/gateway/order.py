"""The contract of a router that another package brings."""

from collections.abc import Sequence
from typing import Protocol

from hanbok.gateway.call import Call, Planned


class Order(Protocol):
    """Orders the places of a plan. What it returns can only leave places out or move them: policy chose them."""

    def ordered(self, call: Call, plan: Sequence[Planned]) -> Sequence[Planned]: ...
