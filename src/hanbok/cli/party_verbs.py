"""What `hanbok team`, `hanbok person` and `hanbok application` share."""

from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, Organisation
from hanbok.cli.output import print_rows
from hanbok.cli.records import actor, people
from hanbok.cli.words import LANGUAGE, say
from hanbok.policy.parties import KINDS, Party, PartyKind

Id = Annotated[
    str,
    Parameter(
        name="ID", help=say("식별자: 사번처럼 바뀌지 않는 것.", "Id: something that stays, as a number.")
    ),
]
Name = Annotated[str, Parameter(help=say("사람이 읽는 이름.", "The name that people read."))]
Team = Annotated[str, Parameter(help=say("속한 팀의 식별자.", "Id of the team it belongs to."))]
Reason = Annotated[str, Parameter(help=say("까닭: 3년 동안 보관합니다.", "Why: kept for three years."))]


def party_app(kind: PartyKind) -> App:
    """Return `change`, `end` and `list` for one kind, and `add` for all but persons, who get roles and keys with it."""
    made = App(name=kind, result_action="return_value")
    if kind is not PartyKind.PERSON:
        _put_add(made, kind)
    _put_change(made, kind)
    _put_end(made, kind)
    _put_list(made, kind)
    return made


def _put_add(made: App, kind: PartyKind) -> None:
    title = KINDS[kind].of(LANGUAGE)

    @made.command(help=say(f"{title}을(를) 등록합니다.", f"Enter a {title}."))
    def add(
        id_: Id,
        /,
        *,
        organisation: Organisation = "default",
        name: Name = "",
        team: Team = "",
        config: File = None,
    ) -> None:
        with people(config, changes=True) as records:
            records.add(organisation, kind, id_, name=name, team=team, actor=actor())
        print(say(f"등록했습니다: {id_}", f"entered: {id_}"))


def _put_change(made: App, kind: PartyKind) -> None:
    title = KINDS[kind].of(LANGUAGE)

    @made.command(help=say(f"{title}의 이름이나 팀을 바꿉니다.", f"Change a {title}'s name or team."))
    def change(
        id_: Id,
        /,
        *,
        organisation: Organisation = "default",
        name: Name | None = None,
        team: Team | None = None,
        config: File = None,
    ) -> None:
        with people(config, changes=True) as records:
            records.change(organisation, kind, id_, name=name, team=team, actor=actor())
        print(say(f"바꾸었습니다: {id_}", f"changed: {id_}"))


def _put_end(made: App, kind: PartyKind) -> None:
    title = KINDS[kind].of(LANGUAGE)

    @made.command(
        help=say(
            f"{title}을(를) 끝냅니다. 그 키는 1초 안에 모두 막힙니다.",
            f"End a {title}: its keys are refused within a second.",
        )
    )
    def end(
        id_: Id, /, *, reason: Reason, organisation: Organisation = "default", config: File = None
    ) -> None:
        with people(config, changes=True) as records:
            records.end(organisation, kind, id_, reason=reason, actor=actor())
        print(say(f"끝냈습니다: {id_}", f"ended: {id_}"))


def _put_list(made: App, kind: PartyKind) -> None:
    title = KINDS[kind].of(LANGUAGE)

    @made.command(name="list", help=say(f"{title} 목록을 보입니다.", f"List each {title}."))
    def show(*, organisation: Organisation = "default", json: Json = False, config: File = None) -> None:
        with people(config) as records:
            rows = [_row(one) for one in records.parties(organisation, kind)]
        columns = {
            "id": say("식별자", "id"),
            "name": say("이름", "name"),
            "team": say("팀", "team"),
            "created": say("등록", "entered"),
            "ended": say("끝", "ended"),
        }
        print_rows(rows, columns, json=json, empty=say("없습니다", "none"))


def _row(one: Party) -> dict[str, object]:
    return {
        "organisation": one.organisation,
        "id": one.id,
        "name": one.name,
        "team": one.team,
        "created": one.created,
        "ended": one.ended,
    }
