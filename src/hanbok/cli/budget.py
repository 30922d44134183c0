"""`hanbok budget`: what teams, people and models may spend. Keys and organisations have theirs in their own verbs."""

from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli import budget_machines
from hanbok.cli.config import File
from hanbok.cli.options import Organisation
from hanbok.cli.org import Json, WonPerDay, WonPerMonth
from hanbok.cli.output import print_rows
from hanbok.cli.records import actor, micro, opened, won
from hanbok.cli.words import say
from hanbok.core.clock import now
from hanbok.policy.budgets import BudgetKind, Budgets
from hanbok.policy.key import Limits

budget = App(name="budget", result_action="return_value")
budget_machines.register(budget)


@budget.command(
    name="set",
    help=say(
        "예산을 정합니다. 적지 않은 것은 한도가 없어집니다.",
        "Set a budget; what is left out has no limit.",
    ),
)
def put(
    kind: Annotated[
        BudgetKind,
        Parameter(help=say("팀(team), 사람(person), 모델(model).", "Of a team, a person or a model.")),
    ],
    subject: Annotated[str, Parameter(help=say("그 식별자나 모델의 이름.", "Its id, or the model's name."))],
    /,
    *,
    organisation: Organisation = "default",
    won_per_day: WonPerDay = None,
    won_per_month: WonPerMonth = None,
    config: File = None,
) -> None:
    """Put these limits in the place of the old ones; running servers hold them within a second."""
    limits = Limits(won_per_day=micro(won_per_day), won_per_month=micro(won_per_month))
    with opened(config, changes=True) as (_, store):
        Budgets(store).put(organisation, kind, subject, limits, actor=actor())
    print(say(f"예산을 정했습니다: {kind} {subject}", f"budget set: {kind} {subject}"))


@budget.command(name="list", help=say("예산과 쓴 돈을 보입니다.", "List budgets and what was spent of them."))
def show(*, json: Json = False, config: File = None) -> None:
    """Print one row for each budget."""
    with opened(config) as (_, store):
        rows = [
            {
                "organisation": one.organisation,
                "kind": one.kind.value,
                "subject": one.subject,
                "won_per_day": won(one.limits.won_per_day, json=json),
                "won_per_month": won(one.limits.won_per_month, json=json),
                "spent_today": won(one.today, json=json),
                "spent_this_month": won(one.this_month, json=json),
            }
            for one in Budgets(store).all(now())
        ]
    columns = {
        "organisation": say("조직", "organisation"),
        "kind": say("종류", "kind"),
        "subject": say("대상", "of"),
        "won_per_day": say("원/일", "won/day"),
        "won_per_month": say("원/월", "won/month"),
        "spent_today": say("오늘 쓴 돈", "spent today"),
        "spent_this_month": say("이달 쓴 돈", "spent this month"),
    }
    print_rows(rows, columns, json=json, empty=say("예산이 없습니다", "no budgets"))
