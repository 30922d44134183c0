"""`hanbok role`: who may do what, who gave it to them, and what each role allows."""

from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, Organisation
from hanbok.cli.output import print_rows
from hanbok.cli.party_verbs import Reason
from hanbok.cli.person import Platform
from hanbok.cli.records import actor, people
from hanbok.cli.words import LANGUAGE, say
from hanbok.policy.people import Grant, RoleChange
from hanbok.policy.roles import Role, Scope, role_table

role = App(name="role", result_action="return_value")
Person = Annotated[str, Parameter(help=say("사람의 식별자.", "The person's id."))]
OfPerson = Annotated[str, Parameter(name="--person", help=say("이 사람만.", "This person only."))]
Which = Annotated[Role, Parameter(help=say("역할.", "The role."))]
GrantId = Annotated[str, Parameter(name="ID", help=say("역할 부여의 식별자.", "The grant's id."))]


@role.command(help=say("역할을 줍니다.", "Grant a role."))
def grant(
    person: Person,
    which: Which,
    /,
    *,
    reason: Reason,
    organisation: Organisation = "default",
    platform: Platform = False,
    config: File = None,
) -> None:
    """Give a person a role; it is in force within a second."""
    scope = Scope.PLATFORM if platform else Scope.ORGANISATION
    with people(config, changes=True) as records:
        made = records.grant(organisation, person, which, scope=scope, reason=reason, actor=actor())
    print(say(f"역할을 주었습니다: {made.id}", f"granted: {made.id}"))


@role.command(help=say("역할을 거둡니다.", "Revoke a role."))
def revoke(
    id_: GrantId, /, *, reason: Reason, organisation: Organisation = "default", config: File = None
) -> None:
    """Take a role away; it is gone within a second."""
    with people(config, changes=True) as records:
        records.revoke(organisation, id_, reason=reason, actor=actor())
    print(say(f"역할을 거두었습니다: {id_}", f"revoked: {id_}"))


@role.command(name="list", help=say("가진 역할을 보입니다.", "List the roles in force."))
def show(*, organisation: Organisation | None = None, json: Json = False, config: File = None) -> None:
    """Print one row for each grant."""
    with people(config) as records:
        rows = [_grant(one) for one in records.grants(organisation)]
    columns = {
        "id": say("식별자", "id"),
        "organisation": say("조직", "organisation"),
        "person": say("사람", "person"),
        "role": say("역할", "role"),
        "scope": say("범위", "scope"),
        "created": say("준 때", "since"),
    }
    print_rows(rows, columns, json=json, empty=say("역할을 받은 사람이 없습니다", "nobody has a role"))


@role.command(
    help=say(
        "역할이 바뀐 내력을 보입니다: 누가 언제 왜. 지워지지 않습니다.",
        "Show every change of roles: who, when, why. It cannot be removed.",
    )
)
def history(
    *,
    organisation: Organisation | None = None,
    person: OfPerson | None = None,
    json: Json = False,
    config: File = None,
) -> None:
    """Print one row for each change, oldest first."""
    with people(config) as records:
        rows = [_change(one) for one in records.history(organisation, person=person)]
    columns = {
        "at": say("때", "at"),
        "organisation": say("조직", "organisation"),
        "person": say("사람", "person"),
        "change": say("변경", "change"),
        "role": say("역할", "role"),
        "scope": say("범위", "scope"),
        "actor": say("누가", "by"),
        "reason": say("까닭", "why"),
    }
    print_rows(rows, columns, json=json, empty=say("내력이 없습니다", "no changes"))


@role.command(help=say("역할마다 할 수 있는 일을 보입니다.", "Show what each role allows."))
def table(*, json: Json = False) -> None:
    """Print one row for each permission."""
    rows = [
        {
            "permission": one.name,
            "what": one.title.of(LANGUAGE),
            "own": sorted(one.own),
            "all": sorted(one.all),
        }
        for one in role_table().permissions.values()
    ]
    columns = {
        "permission": say("권한", "permission"),
        "own": say("조직의 역할", "role in the organisation"),
        "all": say("플랫폼의 역할", "role of the platform"),
        "what": say("뜻", "what it allows"),
    }
    print_rows(rows, columns, json=json, empty="-")


def _grant(one: Grant) -> dict[str, object]:
    return {
        "id": one.id,
        "organisation": one.organisation,
        "person": one.person,
        "role": one.role,
        "scope": one.scope,
        "created": one.created,
    }


def _change(one: RoleChange) -> dict[str, object]:
    return {
        "at": one.at,
        "organisation": one.organisation,
        "person": one.person,
        "change": one.change,
        "role": one.role,
        "scope": one.scope,
        "actor": one.actor,
        "reason": one.reason,
    }
