"""Dual control: what one person asks for, another one allows. Whoever keeps approvals hands the vault the proof."""

from typing import Protocol

from hanbok.vault.errors import SecondPersonNeeded


class Approval(Protocol):
    """The leave to do one thing once, used up for this very act: what `hanbok.policy.approvals` gives."""

    @property
    def id(self) -> str:
        """Empty where the installation asks for no second person; its keeper has written that down."""
        ...

    @property
    def requester(self) -> str: ...

    @property
    def approvers(self) -> tuple[str, ...]: ...


def require_second(approval: Approval) -> None:
    """Raise SecondPersonNeeded unless somebody else than who asked has allowed it."""
    if not approval.id:
        return
    if not approval.approvers or approval.requester in approval.approvers:
        raise SecondPersonNeeded(why=approval.id)
