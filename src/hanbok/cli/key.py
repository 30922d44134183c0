"""`hanbok key`: virtual keys."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import COUNT, TOKENS, Organisation
from hanbok.cli.org import Json, WonPerDay, WonPerMonth
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.records import actor, micro, register, won
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import KST, now
from hanbok.core.values import Principal, Text
from hanbok.policy.key import Key, Limits
from hanbok.policy.organisations import KeyCard, Spent

key = App(name="key", result_action="return_value")
Name = Annotated[str, Parameter(help=say("관리자가 읽는 이름.", "The name that administrators read."))]
Who = Annotated[
    str, Parameter(help=say("누가 쓰는지: 정책과 기록에 남습니다.", "Who uses it, for policies and records."))
]
Models = Annotated[
    tuple[str, ...],
    Parameter(
        name="--model",
        negative="",
        help=say("쓸 수 있는 모델(여러 번). 없으면 모두.", "A model it may use (repeat). None: all."),
    ),
]
PerMinute = Annotated[
    int | None,
    Parameter(validator=COUNT, help=say("1분에 몇 번까지 부를 수 있는지.", "How many calls a minute.")),
]
TokensPerMinute = Annotated[
    int | None,
    Parameter(
        validator=TOKENS,
        help=say(
            "1분에 몇 토큰까지 쓸 수 있는지(요청과 답).", "How many tokens a minute, of requests and answers."
        ),
    ),
]
Concurrency = Annotated[
    int | None,
    Parameter(validator=COUNT, help=say("동시에 몇 번까지 부를 수 있는지.", "How many calls at once.")),
]
Id = Annotated[str, Parameter(name="ID", help=say("키의 식별자.", "The key's id."))]
Expires = Annotated[
    datetime | None,
    Parameter(help=say("이 날(한국 시각)까지 쓸 수 있습니다.", "Valid through this Korean day, YYYY-MM-DD.")),
]
_STATES = {
    "active": Text(ko="사용 중", en="active"),
    "expired": Text(ko="만료됨", en="expired"),
    "revoked": Text(ko="폐기됨", en="revoked"),
}


@key.command(help=say("키를 만듭니다. 비밀은 한 번만 보입니다.", "Create a key. Its secret is shown once."))
def create(  # noqa: PLR0913 -- one option for each property of a key
    *,
    organisation: Organisation = "default",
    name: Name = "",
    team: Who = "",
    person: Who = "",
    application: Who = "",
    models: Models = (),
    requests_per_minute: PerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    concurrency: Concurrency = None,
    won_per_day: WonPerDay = None,
    won_per_month: WonPerMonth = None,
    expires: Expires = None,
    json: Json = False,
    config: File = None,
) -> None:
    """Make a key and print its secret."""
    who = Principal(organisation=organisation, key="", team=team, person=person, application=application)
    limits = Limits(
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        concurrency=concurrency,
        won_per_day=micro(won_per_day),
        won_per_month=micro(won_per_month),
    )
    end = _end_of(expires.date()) if expires else None
    with register(config, changes=True) as records:
        new = records.create_key(who, name=name, models=models, limits=limits, expires=end, actor=actor())
    if json:
        print_json({"id": new.key.id, "secret": new.secret})
        return
    print(say(f"키를 만들었습니다: {new.key.id}", f"key created: {new.key.id}"))
    print(say("비밀은 지금 한 번만 보입니다:", "The secret is shown this once:"))
    print(f"\n  {new.secret}\n")


@key.command(help=say("키를 폐기합니다. 1초 안에 모든 서버에서 막힙니다.", "Revoke a key, within a second."))
def revoke(
    id_: Id,
    /,
    *,
    reason: Annotated[str, Parameter(help=say("까닭: 로그에 남습니다.", "Why: the log tells."))] = "",
    config: File = None,
) -> None:
    """End a key for good."""
    with register(config, changes=True) as records:
        fresh = records.revoke_key(id_, reason=reason, actor=actor())
    if fresh:
        print(say(f"폐기했습니다: {id_}", f"revoked: {id_}"))
    else:
        print(say(f"이미 폐기된 키입니다: {id_}", f"already revoked: {id_}"))


@key.command(help=say("키의 이름을 바꿉니다.", "Change a key's name."))
def rename(id_: Id, name: Name, /, *, config: File = None) -> None:
    """Change the name that administrators read."""
    with register(config, changes=True) as records:
        records.rename_key(id_, name, actor=actor())
    print(say(f"이름을 바꾸었습니다: {id_}", f"renamed: {id_}"))


@key.command(name="list", help=say("키를 보입니다.", "List keys."))
def show(*, organisation: Organisation | None = None, json: Json = False, config: File = None) -> None:
    """Print one row for each key; secrets are not kept, so none is shown."""
    with register(config) as records:
        spending = records.spending(now(), "key")
        rows = [
            _row(card, spending.get(card.key.id, Spent()), json=json) for card in records.cards(organisation)
        ]
    columns = {
        "id": say("식별자", "id"),
        "name": say("이름", "name"),
        "organisation": say("조직", "organisation"),
        "who": say("사용자", "who"),
        "models": say("모델", "models"),
        "won_per_day": say("원/일", "won/day"),
        "won_per_month": say("원/월", "won/month"),
        "spent_this_month": say("이달 쓴 돈", "spent this month"),
        "state": say("상태", "state"),
    }
    print_rows(rows, columns, json=json, empty=say("키가 없습니다", "no keys"))


def _row(card: KeyCard, spent: Spent, *, json: bool) -> dict[str, object]:
    one, who = card.key, card.key.principal
    return {
        "id": one.id,
        "name": card.name,
        "organisation": who.organisation,
        "who": [part for part in (who.team, who.person, who.application) if part],
        "models": sorted(one.models),
        "requests_per_minute": one.limits.requests_per_minute,
        "tokens_per_minute": one.limits.tokens_per_minute,
        "concurrency": one.limits.concurrency,
        "won_per_day": won(one.limits.won_per_day, json=json),
        "won_per_month": won(one.limits.won_per_month, json=json),
        "spent_today": won(spent.today, json=json),
        "spent_this_month": won(spent.this_month, json=json),
        "created": card.created,
        "expires": one.expires,
        "revoked": one.revoked,
        "state": _state(one) if json else _STATES[_state(one)].of(LANGUAGE),
    }


def _state(one: Key) -> str:
    if one.revoked:
        return "revoked"
    return "expired" if one.expires and one.expires <= now() else "active"


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=KST)
