"""Budgets of teams, people and models within an organisation."""

from msgspec import Struct

from hanbok.core.clock import now
from hanbok.core.values import Text
from hanbok.http.admin.route import Answer, Ask, Route
from hanbok.http.admin.views import Id, OrganisationLimits, Shown, Taken, limits_of
from hanbok.policy.budgets import Budget, BudgetKind
from hanbok.policy.key import Limits

_ALL = "/admin/v1/organisations/{organisation}/budgets"


class BudgetPut(Taken, frozen=True, kw_only=True):
    """A budget. Without limits there is none any more."""

    kind: BudgetKind
    subject: Id
    limits: OrganisationLimits


class BudgetView(Shown, frozen=True, kw_only=True):
    organisation: str
    kind: BudgetKind
    subject: str
    limits: OrganisationLimits
    spent_today: int
    spent_this_month: int

    @classmethod
    def of(cls, one: Budget) -> "BudgetView":
        return cls(
            organisation=one.organisation,
            kind=one.kind,
            subject=one.subject,
            limits=limits_of(one.limits),
            spent_today=one.today,
            spent_this_month=one.this_month,
        )


class BudgetList(Struct, frozen=True, kw_only=True):
    items: list[BudgetView]


def _list(ask: Ask) -> Answer:
    known = ask.desk.budgets.all(now(), ask.organisation)
    return Answer(body=BudgetList(items=[BudgetView.of(one) for one in known]))


def _put(ask: Ask) -> Answer:
    body = ask.taken(BudgetPut)
    limits = Limits(won_per_day=body.limits.won_per_day, won_per_month=body.limits.won_per_month)
    made = ask.desk.budgets.put(ask.organisation, body.kind, body.subject, limits, actor=ask.actor)
    return Answer(body=BudgetView.of(made))


ROUTES = (
    Route(
        method="GET",
        path=_ALL,
        permission="limit.read",
        title=Text(ko="팀, 사람, 모델의 예산 보기", en="List the budgets of teams, people and models"),
        handle=_list,
        gives=BudgetList,
    ),
    Route(
        method="PUT",
        path=_ALL,
        permission="budget.change",
        title=Text(
            ko="팀이나 사람이나 모델의 예산 정하기", en="Set the budget of a team, a person or a model"
        ),
        handle=_put,
        takes=BudgetPut,
        gives=BudgetView,
    ),
)
