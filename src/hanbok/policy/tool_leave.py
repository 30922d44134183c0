"""Leave to call a tool: asked for by the call itself, given by another person, used by the same call said again.

An approval is bound to organisation, person, tool and the digest of the arguments; its id is random, it ends after the
hours of its kind, and one transaction uses it up: a call that is repeated needs a new one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hanbok.core.values import Principal
from hanbok.policy.approval import Approved, digest
from hanbok.policy.approval_errors import ApprovalRequired
from hanbok.policy.approvals import APPROVED, WAITING, Approvals
from hanbok.policy.identity import NotAPerson
from hanbok.policy.roles import role_table
from hanbok.store.database import Store

KIND: Final = "tool_call"


@dataclass(frozen=True, slots=True)
class ToolLeave:
    store: Store

    def use(self, by: Principal, what: Mapping[str, object], named: str, origin: str) -> Approved:
        """Use up the approval `named`, or else one that allows exactly this. Where there is none, ask for it and raise
        ApprovalRequired with its id. Raises NotAPerson, and what `Approvals.consume` raises. Blocks.
        """
        if not by.person:
            raise NotAPerson(key=by.key)
        # A tool that is marked needs a second person whatever the installation asks elsewhere: that is what marks it.
        approvals, organisation = Approvals(self.store, dual_control=True), by.organisation
        sought = digest(what)
        if not named:
            open_ones = approvals.standing(KIND, organisation, sought, by=by)
            named = next((one.id for one in open_ones if one.state == APPROVED), "")
            if not named:
                waiting = next((one.id for one in open_ones if one.state == WAITING), "")
                reason = f"{what['server']}/{what['tool']}"
                asked = waiting or approvals.request(
                    KIND, organisation, what, by=by, reason=reason, origin=origin
                )
                raise ApprovalRequired(kind=role_table().approvals[KIND].title, approval=asked)
        return approvals.consume(named, KIND, organisation, sought, by=by, origin=origin)
