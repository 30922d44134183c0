"""`hanbok person`: the people of an organisation, with their roles and their keys."""

from typing import Annotated

from cyclopts import Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, Organisation
from hanbok.cli.output import print_json
from hanbok.cli.party_verbs import Id, Name, Reason, Team, party_app
from hanbok.cli.records import actor, opened
from hanbok.cli.words import say
from hanbok.core.values import Principal
from hanbok.policy.organisations import Register
from hanbok.policy.parties import PartyKind
from hanbok.policy.people import People
from hanbok.policy.roles import Role, Scope

person = party_app(PartyKind.PERSON)
Roles = Annotated[
    tuple[Role, ...],
    Parameter(name="--role", negative="", help=say("줄 역할(여러 번).", "A role to grant (repeat).")),
]
Platform = Annotated[
    bool,
    Parameter(
        name="--platform",
        negative="",
        help=say("역할이 모든 조직에 미칩니다.", "The roles reach over all organisations."),
    ),
]
NoKey = Annotated[
    bool, Parameter(name="--no-key", negative="", help=say("키를 만들지 않습니다.", "Make no key."))
]


@person.command(
    help=say(
        "사람을 등록하고, 역할을 주고, 키를 만듭니다. 비밀은 한 번만 보입니다.",
        "Enter a person, grant roles, make their key. Its secret is shown once.",
    )
)
def add(  # noqa: PLR0913 -- one option for each property of a person
    id_: Id,
    /,
    *,
    organisation: Organisation = "default",
    name: Name = "",
    team: Team = "",
    roles: Roles = (),
    platform: Platform = False,
    reason: Reason = "",
    no_key: NoKey = False,
    json: Json = False,
    config: File = None,
) -> None:
    """Enter a person; this is how the first administrator comes to be."""
    why = reason or say("기계에서 등록", "entered on the machine")
    scope = Scope.PLATFORM if platform else Scope.ORGANISATION
    with opened(config, changes=True) as (_, store):
        people, secret = People(store), ""
        people.add(organisation, PartyKind.PERSON, id_, name=name, team=team, actor=actor())
        for role in roles:
            people.grant(organisation, id_, role, scope=scope, reason=why, actor=actor())
        if not no_key:
            who = Principal(organisation=organisation, key="", team=team, person=id_)
            # The key is named by the id: names of keys are in the log, names of people are not.
            secret = Register(store).create_key(who, name=id_, actor=actor()).secret
    if json:
        print_json({"id": id_, "organisation": organisation, "secret": secret or None})
        return
    print(say(f"등록했습니다: {id_}", f"entered: {id_}"))
    if secret:
        print(say("비밀은 지금 한 번만 보입니다:", "The secret is shown this once:"))
        print(f"\n  {secret}\n")
