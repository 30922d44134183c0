"""Places at home first, whatever else the settings say."""

from collections.abc import Sequence

from hanbok.core.values import Zone
from hanbok.gateway.call import Call, Planned


class HomeFirst:
    def ordered(self, call: Call, plan: Sequence[Planned]) -> Sequence[Planned]:
        return sorted(plan, key=lambda one: one.target.destination.zone is not Zone.HOME)
