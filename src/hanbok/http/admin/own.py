"""The caller's own: who they are, what they may do, a new key in the place of the old one."""

from hanbok.core.values import Text
from hanbok.http.admin.record_views import ApprovalKindView, MeView, PermissionView, RoleTableView
from hanbok.http.admin.route import Answer, Ask, Route
from hanbok.http.admin.views import KeyView, MadeKey
from hanbok.policy.roles import Scope, permissions_of, role_table

_HOUR = 3600


def _me(ask: Ask) -> Answer:
    who = ask.who.principal
    may = permissions_of(who)
    return Answer(
        body=MeView(
            organisation=who.organisation,
            person=who.person,
            team=who.team,
            key=who.key,
            roles=sorted(who.roles),
            platform_roles=sorted(who.platform),
            permissions=may[Scope.ORGANISATION],
            platform_permissions=may[Scope.PLATFORM],
            dual_control=ask.approvals.dual_control,
        )
    )


def _rotate(ask: Ask) -> Answer:
    made = ask.desk.register.rotate_key(ask.who.principal.key, actor=ask.actor)
    return Answer(body=MadeKey(key=KeyView.of(ask.desk.register.card(made.key.id)), secret=made.secret))


def _roles(_: Ask) -> Answer:
    table = role_table()
    permissions = [
        PermissionView(
            name=one.name, ko=one.title.ko, en=one.title.en, own=sorted(one.own), all=sorted(one.all)
        )
        for one in table.permissions.values()
    ]
    approvals = [
        ApprovalKindView(
            name=one.name,
            ko=one.title.ko,
            en=one.title.en,
            request=sorted(one.request),
            approve=sorted(one.approve),
            hours=one.lasts.total_seconds() / _HOUR,
        )
        for one in table.approvals.values()
    ]
    return Answer(body=RoleTableView(permissions=permissions, approvals=approvals))


ROUTES = (
    Route(
        method="GET",
        path="/admin/v1/me",
        permission="",
        title=Text(ko="나는 누구이고 무엇을 할 수 있는지", en="Who one is, and what one may do"),
        handle=_me,
        gives=MeView,
    ),
    Route(
        method="POST",
        path="/admin/v1/me/key",
        permission="",
        title=Text(
            ko="자기 키를 새 키로 바꾸기: 옛 키는 끝납니다",
            en="Replace one's own key: the old one ends",
        ),
        handle=_rotate,
        gives=MadeKey,
        status=201,
    ),
    Route(
        method="GET",
        path="/admin/v1/roles",
        permission="",
        title=Text(ko="역할과 권한의 표", en="The table of roles and permissions"),
        handle=_roles,
        gives=RoleTableView,
    ),
)
