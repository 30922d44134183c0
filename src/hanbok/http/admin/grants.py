"""Roles: granted, revoked, and who did so when and why."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.http.admin.route import Answer, Ask, Page, Route, number_place, page_of, text_place
from hanbok.http.admin.views import GrantView, NewGrant, Paging, RoleChangeView, Why
from hanbok.policy.people import Grant
from hanbok.policy.roles import Role, Scope, require

_ALL = "/admin/v1/organisations/{organisation}/grants"


class NotToYourself(HanbokError):
    code = "not_to_yourself"
    message = Text(ko="자기 자신에게 역할을 줄 수 없습니다", en="nobody grants a role to themselves")
    hint = Text(ko="다른 관리자에게 요청하십시오.", en="Ask another administrator.")


def _list(ask: Ask) -> Answer:
    paging = ask.asked(Paging)
    after = text_place(paging.cursor)
    known = sorted(ask.desk.people.grants(ask.organisation), key=lambda one: one.id)
    known = [one for one in known if one.id > after]
    return Answer(body=page_of(known, paging.limit, GrantView.of, lambda one: one.id))


def _grant(ask: Ask) -> Answer:
    body, who = ask.taken(NewGrant), ask.who.principal
    scope = Scope(body.scope)
    if scope is Scope.PLATFORM:
        require(who, "platform_grant.change", "")
    if (ask.organisation, body.person) == (who.organisation, who.person):
        raise NotToYourself
    made = ask.desk.people.grant(
        ask.organisation, body.person, Role(body.role), scope=scope, reason=body.reason, actor=ask.actor
    )
    return Answer(body=GrantView.of(made))


def _revoke(ask: Ask) -> Answer:
    def check(grant: Grant) -> None:
        if grant.scope is Scope.PLATFORM:
            require(ask.who.principal, "platform_grant.change", "")

    gone = ask.desk.people.revoke(
        ask.organisation, ask.parts["grant"], reason=ask.taken(Why).reason, actor=ask.actor, check=check
    )
    return Answer(body=GrantView.of(gone))


def _history(ask: Ask) -> Answer:
    paging = ask.asked(Paging)
    after = number_place(paging.cursor)
    found = ask.desk.people.history(ask.organisation, after=after, limit=paging.limit + 1)
    return Answer(body=page_of(found, paging.limit, RoleChangeView.of, lambda one: one.id))


ROUTES = (
    Route(
        method="GET",
        path=_ALL,
        permission="grant.read",
        title=Text(ko="가진 역할의 목록", en="List the roles in force"),
        handle=_list,
        query=Paging,
        gives=Page[GrantView],
    ),
    Route(
        method="POST",
        path=_ALL,
        permission="grant.change",
        title=Text(ko="역할 주기", en="Grant a role"),
        handle=_grant,
        takes=NewGrant,
        gives=GrantView,
        status=201,
    ),
    Route(
        method="POST",
        path=f"{_ALL}/{{grant}}/revoke",
        permission="grant.change",
        title=Text(ko="역할 거두기", en="Revoke a role"),
        handle=_revoke,
        takes=Why,
        gives=GrantView,
    ),
    Route(
        method="GET",
        path="/admin/v1/organisations/{organisation}/role-history",
        permission="grant.read",
        title=Text(ko="역할이 바뀐 내력", en="Every change of roles: who, when, why"),
        handle=_history,
        query=Paging,
        gives=Page[RoleChangeView],
    ),
)
