"""What verbs that two people must agree on share: asking for leave, and using it."""

from collections.abc import Mapping
from typing import Annotated

from cyclopts import Parameter

from hanbok.cli.ask import NoKey
from hanbok.cli.records import actor
from hanbok.cli.words import say
from hanbok.core.clock import now
from hanbok.policy.approval import Approved, digest
from hanbok.policy.approvals import Approvals
from hanbok.policy.identity import Credentials, Identified, NotAPerson, PersonalKeys
from hanbok.policy.keyring import KeyRing
from hanbok.policy.organisations import Register
from hanbok.settings.environment import client
from hanbok.settings.settings import Settings
from hanbok.store.database import Store

Approval = Annotated[
    str,
    Parameter(help=say("다른 사람이 승인한 요청의 번호.", "Id of the request that another person allowed.")),
]
Ask = Annotated[
    str,
    Parameter(
        help=say(
            "이 까닭으로 승인을 요청하고 번호를 보입니다.", "Ask for leave for this reason, and print its id."
        )
    ),
]


class SecondPerson:
    """Dual control at the command line. Who runs it is told by their personal key in HANBOK_KEY."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._approvals = Approvals(store, dual_control=settings.roles.dual_control)

    def ask(self, kind: str, organisation: str, arguments: Mapping[str, object], reason: str) -> str:
        """Ask for leave and return its id."""
        by = self._person().principal
        return self._approvals.request(kind, organisation, arguments, by=by, reason=reason, origin="cli")

    def leave(self, kind: str, organisation: str, arguments: Mapping[str, object], approval: str) -> Approved:
        """Use the leave. Raises ApprovalRequired and its kin."""
        if not approval:
            return self._approvals.waive(kind, organisation, digest(arguments), actor=self.who())
        by = self._person().principal
        return self._approvals.consume(approval, kind, organisation, digest(arguments), by=by, origin="cli")

    def who(self) -> str:
        """Return how the log names who runs this: a person by their key, else as the system knows them."""
        try:
            return self._person().actor
        except (NoKey, NotAPerson):
            return actor()

    def _person(self) -> Identified:
        return person_of(self._store)


def person_of(store: Store) -> Identified:
    """Return whose personal key is in HANBOK_KEY. Raises NoKey, KeyUnknown, KeyRevoked, KeyExpired, NotAPerson."""
    _, secret = client()
    if not secret:
        raise NoKey
    ring = KeyRing(Register(store))
    ring.refresh()
    return PersonalKeys(ring).identify(Credentials(scheme="bearer", secret=secret, origin="cli"), now())


def asked(
    second: SecondPerson, kind: str, organisation: str, arguments: Mapping[str, object], ask: str
) -> None:
    """Ask, and print what to do next."""
    approval = second.ask(kind, organisation, arguments, ask)
    print(say(f"승인을 요청했습니다: {approval}", f"asked for leave: {approval}"))
    print(
        say(
            f"다른 사람이 `hanbok approval approve {approval}`로 승인하면 --approval {approval}로 실행하십시오.",
            f"When another person ran `hanbok approval approve {approval}`, add --approval {approval}.",
        )
    )
