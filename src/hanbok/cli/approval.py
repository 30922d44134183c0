"""`hanbok approval`: one person asks, another allows. Who you are is told by your personal key in HANBOK_KEY."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json, Organisation
from hanbok.cli.output import print_json, print_rows
from hanbok.cli.records import opened
from hanbok.cli.second_person import person_of
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import KST
from hanbok.core.values import Principal, Text
from hanbok.policy.approval import Approval
from hanbok.policy.approval_errors import ArgumentsUnfit
from hanbok.policy.approvals import PLATFORM, Approvals
from hanbok.policy.organisations import Register

approval = App(name="approval", result_action="return_value")
Kind = Annotated[
    str, Parameter(help=say("종류: reveal, policy_change 등.", "Kind: reveal, policy_change, ..."))
]
Arguments = Annotated[
    str,
    Parameter(
        help=say(
            "무엇을 할지, JSON 객체로. 내용이 아니라 식별자와 해시를 씁니다.",
            "What would be done, as a JSON object of ids and digests, no contents.",
        )
    ),
]
Reason = Annotated[str, Parameter(help=say("까닭.", "Why."))]
Note = Annotated[str, Parameter(help=say("덧붙이는 말.", "A note."))]
Id = Annotated[str, Parameter(name="ID", help=say("승인 요청의 식별자.", "The request's id."))]
_STATES = {
    "waiting": Text(ko="기다림", en="waiting"),
    "approved": Text(ko="승인됨", en="approved"),
    "declined": Text(ko="거절됨", en="declined"),
    "withdrawn": Text(ko="거둠", en="withdrawn"),
    "used": Text(ko="쓰임", en="used"),
}


@approval.command(help=say("승인을 요청합니다.", "Ask for approval."))
def request(
    kind: Kind,
    /,
    *,
    reason: Reason,
    arguments: Arguments = "{}",
    organisation: Organisation = "default",
    json: Json = False,
    config: File = None,
) -> None:
    """Ask, and print the request's id."""
    try:
        wanted = msgspec.json.decode(arguments, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise ArgumentsUnfit(longest=4096) from error
    with _approvals(config, changes=True) as (approvals, by):
        made = approvals.request(kind, organisation, wanted, by=by, reason=reason, origin="cli")
    if json:
        print_json({"id": made})
    else:
        print(say(f"승인을 요청했습니다: {made}", f"asked for approval: {made}"))


@approval.command(name="list", help=say("승인 요청을 보입니다.", "List requests."))
def show(
    *,
    organisation: Annotated[
        str,
        Parameter(
            name=["--organisation", "--org"],
            help=say(
                "이 조직의 것만. 없으면 볼 수 있는 모든 것.",
                "Of this organisation only; none: all you may see.",
            ),
        ),
    ] = "",
    state: Annotated[
        str, Parameter(help=say("이 상태만: waiting 등.", "Of this state only: waiting, ..."))
    ] = "",
    json: Json = False,
    config: File = None,
) -> None:
    """Print one row for each request that you may see, newest first."""
    with opened(config) as (loaded, store):
        approvals, by = (
            Approvals(store, dual_control=loaded.settings.roles.dual_control),
            person_of(store).principal,
        )
        names = (
            [organisation]
            if organisation
            else [PLATFORM, *(one.id for one in Register(store).organisations())]
        )
        found = [one for name in names for one in approvals.list(name, by=by, state=state)]
    found.sort(key=lambda one: one.created, reverse=True)
    columns = {
        "id": say("식별자", "id"),
        "organisation": say("조직", "organisation"),
        "kind": say("종류", "kind"),
        "requester": say("요청", "asked by"),
        "arguments": say("할 일", "what"),
        "reason": say("까닭", "why"),
        "state": say("상태", "state"),
        "decider": say("결정", "decided by"),
        "expires": say("기한", "until"),
    }
    rows = [_row(one, json=json) for one in found]
    print_rows(rows, columns, json=json, empty=say("승인 요청이 없습니다", "no requests"))


@approval.command(help=say("다른 사람의 요청을 승인합니다.", "Allow another person's request."))
def approve(id_: Id, /, *, note: Note = "", config: File = None) -> None:
    """Allow it."""
    with _approvals(config, changes=True) as (approvals, by):
        approvals.approve(id_, by=by, note=note, origin="cli")
    print(say(f"승인했습니다: {id_}", f"approved: {id_}"))


@approval.command(help=say("다른 사람의 요청을 거절합니다.", "Refuse another person's request."))
def decline(id_: Id, /, *, note: Note = "", config: File = None) -> None:
    """Refuse it."""
    with _approvals(config, changes=True) as (approvals, by):
        approvals.decline(id_, by=by, note=note, origin="cli")
    print(say(f"거절했습니다: {id_}", f"declined: {id_}"))


@approval.command(help=say("자기 요청을 거둡니다.", "Take one's own request back."))
def withdraw(id_: Id, /, *, config: File = None) -> None:
    """Take it back, allowed or not."""
    with _approvals(config, changes=True) as (approvals, by):
        approvals.withdraw(id_, by=by, origin="cli")
    print(say(f"거두었습니다: {id_}", f"withdrawn: {id_}"))


@contextmanager
def _approvals(config: Path | None, *, changes: bool = False) -> Generator[tuple[Approvals, Principal]]:
    """Open the approvals for the person whose key is in HANBOK_KEY."""
    with opened(config, changes=changes) as (loaded, store):
        yield Approvals(store, dual_control=loaded.settings.roles.dual_control), person_of(store).principal


def _row(one: Approval, *, json: bool) -> dict[str, object]:
    expires = one.expires.astimezone(KST)
    return {
        "id": one.id,
        "kind": one.kind,
        "organisation": one.organisation,
        "requester": one.requester,
        "arguments": msgspec.Raw(one.arguments.encode()) if json else one.arguments,
        "digest": one.digest,
        "reason": one.reason,
        "state": one.state if json else _STATES[one.state].of(LANGUAGE),
        "decider": one.decider,
        "note": one.note,
        "expires": expires if json else expires.strftime("%Y-%m-%d %H:%M"),
    }
