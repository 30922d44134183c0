"""`hanbok org`: organisations."""

from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import WON
from hanbok.cli.output import print_rows
from hanbok.cli.records import actor, micro, register, won
from hanbok.cli.words import say
from hanbok.core.clock import now
from hanbok.policy.key import Limits
from hanbok.policy.organisations import Spent

org = App(name="org", result_action="return_value")
Json = Annotated[bool, Parameter(help=say("JSON으로. 돈은 백만분의 1원.", "As JSON; money in micro-won."))]
Name = Annotated[str, Parameter(help=say("사람이 읽는 이름.", "The name that people read."))]
WonPerDay = Annotated[
    int | None,
    Parameter(validator=WON, help=say("하루(한국 시각) 예산, 원.", "Budget a Korean day, won.")),
]
WonPerMonth = Annotated[
    int | None,
    Parameter(validator=WON, help=say("한 달(한국 시각) 예산, 원.", "Budget a Korean month, won.")),
]


@org.command(help=say("조직을 만듭니다.", "Create an organisation."))
def create(
    organisation: Annotated[
        str,
        Parameter(help=say("식별자: 영어 소문자, 숫자, 붙임표.", "Id: lower-case letters, digits, hyphens.")),
    ],
    /,
    *,
    name: Name = "",
    won_per_day: WonPerDay = None,
    won_per_month: WonPerMonth = None,
    config: File = None,
) -> None:
    """Add one organisation."""
    limits = Limits(won_per_day=micro(won_per_day), won_per_month=micro(won_per_month))
    with register(config, changes=True) as records:
        made = records.create_organisation(organisation, name=name, limits=limits, actor=actor())
    print(say(f"조직을 만들었습니다: {made.id}", f"organisation created: {made.id}"))


@org.command(help=say("조직의 이름을 바꿉니다.", "Change an organisation's name."))
def rename(organisation: str, name: Name, /, *, config: File = None) -> None:
    """Change the name that people read; the id stays."""
    with register(config, changes=True) as records:
        records.rename_organisation(organisation, name, actor=actor())
    print(say(f"이름을 바꾸었습니다: {organisation}", f"renamed: {organisation}"))


@org.command(
    help=say(
        "조직의 예산을 바꿉니다. 적지 않은 것은 한도가 없어집니다.",
        "Change an organisation's budget; what is left out has no limit.",
    )
)
def limit(
    organisation: str,
    /,
    *,
    won_per_day: WonPerDay = None,
    won_per_month: WonPerMonth = None,
    config: File = None,
) -> None:
    """Put these limits in the place of the old ones."""
    limits = Limits(won_per_day=micro(won_per_day), won_per_month=micro(won_per_month))
    with register(config, changes=True) as records:
        records.limit_organisation(organisation, limits, actor=actor())
    print(say(f"예산을 바꾸었습니다: {organisation}", f"budget changed: {organisation}"))


@org.command(name="list", help=say("조직을 보입니다.", "List organisations."))
def show(*, json: Json = False, config: File = None) -> None:
    """Print one row for each organisation."""
    with register(config) as records:
        spending = records.spending(now(), "organisation")
        rows = [
            {
                "id": one.id,
                "name": one.name,
                "won_per_day": won(one.limits.won_per_day, json=json),
                "won_per_month": won(one.limits.won_per_month, json=json),
                "spent_today": won(spending.get(one.id, Spent()).today, json=json),
                "spent_this_month": won(spending.get(one.id, Spent()).this_month, json=json),
                "created": one.created,
            }
            for one in records.organisations()
        ]
    columns = {
        "id": say("식별자", "id"),
        "name": say("이름", "name"),
        "won_per_day": say("원/일", "won/day"),
        "won_per_month": say("원/월", "won/month"),
        "spent_today": say("오늘 쓴 돈", "spent today"),
        "spent_this_month": say("이달 쓴 돈", "spent this month"),
    }
    print_rows(rows, columns, json=json, empty=say("조직이 없습니다", "no organisations"))
