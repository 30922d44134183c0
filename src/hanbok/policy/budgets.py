"""Budgets that keys share: of teams, people and models within an organisation. `hanbok budget` sets them.

Those of keys and of organisations as a whole stand in their own records.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select

from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon, Text
from hanbok.policy.key import Limits
from hanbok.policy.key_records import facts_of_limits
from hanbok.policy.ledger import account_of, day_of
from hanbok.policy.organisations import OrganisationUnknown
from hanbok.policy.parties import PartyKind, is_plain, living_party
from hanbok.policy.recording import record_change
from hanbok.policy.spending import NOTHING, shares_spent
from hanbok.store.database import Store
from hanbok.store.tables import budgets, organisations


class BudgetKind(StrEnum):
    """What a budget may be of."""

    TEAM = "team"
    PERSON = "person"
    MODEL = "model"
    """A name that clients ask for, asked by whatever key of the organisation."""


class InvalidModelName(HanbokError):
    code = "invalid_model_name"
    message = Text(ko="모델의 이름으로 쓸 수 없습니다", en="that cannot be the name of a model")
    hint = Text(ko="`hanbok models`에 보이는 이름을 쓰십시오.", en="Use a name that `hanbok models` shows.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    organisation: str
    kind: BudgetKind
    subject: str
    limits: Limits
    today: MicroWon = 0
    this_month: MicroWon = 0


@dataclass(frozen=True, slots=True)
class Budgets:
    """All methods block: call them in a thread."""

    store: Store

    def put(self, organisation: str, kind: BudgetKind, subject: str, limits: Limits, *, actor: str) -> Budget:
        """Set a budget in the place of the one before; without limits there is none any more. Raises
        OrganisationUnknown, PartyUnknown, PartyEnded, InvalidModelName.
        """
        account = account_of(kind, organisation, subject)
        row = {"organisation": organisation, "kind": kind.value, "subject": subject}
        money = {"won_per_day": limits.won_per_day, "won_per_month": limits.won_per_month}
        with self.store.write() as connection:
            if not connection.execute(
                select(organisations).where(organisations.c.id == organisation)
            ).first():
                raise OrganisationUnknown(organisation=organisation)
            if kind is not BudgetKind.MODEL:
                living_party(connection, organisation, PartyKind(kind.value), subject)
            elif not is_plain(subject.replace("/", "-")):
                raise InvalidModelName
            connection.execute(delete(budgets).where(budgets.c.account == account))
            if any(amount is not None for amount in money.values()):
                connection.execute(insert(budgets).values(account=account, **row, **money))
            facts = facts_of_limits(limits)
            verb = f"budget.{kind}"
            record_change(connection, actor, verb, subject, facts, organisation=organisation)
        return Budget(organisation=organisation, kind=kind, subject=subject, limits=limits)

    def all(self, moment: datetime, organisation: str | None = None) -> list[Budget]:
        """Return the budgets, with what was spent of them on the Korean day and in the month of `moment`, as of the
        server's latest flush.
        """
        query = select(budgets).order_by(budgets.c.account)
        if organisation is not None:
            query = query.where(budgets.c.organisation == organisation)
        with self.store.read() as connection:
            spent = shares_spent(connection, day_of(moment))
            rows = connection.execute(query).all()
        return [
            Budget(
                organisation=row.organisation,
                kind=BudgetKind(row.kind),
                subject=row.subject,
                limits=Limits(won_per_day=row.won_per_day, won_per_month=row.won_per_month),
                today=spent.get(row.account, NOTHING)[0],
                this_month=spent.get(row.account, NOTHING)[1],
            )
            for row in rows
        ]
