"""Organisations and what they may spend."""

from hanbok.core.values import Text
from hanbok.http.admin.route import Answer, Ask, Page, Route, page_of, text_place
from hanbok.http.admin.views import (
    Name,
    NewOrganisation,
    OrganisationLimits,
    OrganisationView,
    Paging,
    limits_of,
)
from hanbok.policy.key import Limits
from hanbok.policy.roles import allows

_ALL = "/admin/v1/organisations"
_ONE = "/admin/v1/organisations/{organisation}"


def _list(ask: Ask) -> Answer:
    paging = ask.asked(Paging)
    after = text_place(paging.cursor)
    known = [
        one
        for one in ask.desk.register.organisations()
        if one.id > after and allows(ask.who.principal, "organisation.read", one.id)
    ]
    return Answer(body=page_of(known, paging.limit, OrganisationView.of, lambda one: one.id))


def _create(ask: Ask) -> Answer:
    body = ask.taken(NewOrganisation)
    made = ask.desk.register.create_organisation(body.id, name=body.name, actor=ask.actor)
    return Answer(body=OrganisationView.of(made), etag=True)


def _read(ask: Ask) -> Answer:
    return Answer(body=OrganisationView.of(ask.desk.register.organisation(ask.organisation)), etag=True)


def _rename(ask: Ask) -> Answer:
    changed = ask.desk.register.rename_organisation(
        ask.organisation,
        ask.taken(Name).name,
        actor=ask.actor,
        check=lambda now: ask.matches(OrganisationView.of(now)),
    )
    return Answer(body=OrganisationView.of(changed), etag=True)


def _limits(ask: Ask) -> Answer:
    return Answer(body=limits_of(ask.desk.register.organisation(ask.organisation).limits), etag=True)


def _limit(ask: Ask) -> Answer:
    body = ask.taken(OrganisationLimits)
    changed = ask.desk.register.limit_organisation(
        ask.organisation,
        Limits(won_per_day=body.won_per_day, won_per_month=body.won_per_month),
        actor=ask.actor,
        check=lambda now: ask.matches(limits_of(now.limits)),
    )
    return Answer(body=limits_of(changed.limits), etag=True)


ROUTES = (
    Route(
        method="GET",
        path=_ALL,
        permission="",
        title=Text(ko="볼 수 있는 조직의 목록", en="List the organisations that one may see"),
        handle=_list,
        query=Paging,
        gives=Page[OrganisationView],
    ),
    Route(
        method="POST",
        path=_ALL,
        permission="organisation.create",
        title=Text(ko="조직 만들기", en="Create an organisation"),
        handle=_create,
        takes=NewOrganisation,
        gives=OrganisationView,
        status=201,
        etag=True,
    ),
    Route(
        method="GET",
        path=_ONE,
        permission="organisation.read",
        title=Text(ko="조직 보기", en="Show an organisation"),
        handle=_read,
        gives=OrganisationView,
        etag=True,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        permission="organisation.rename",
        title=Text(ko="조직의 이름 바꾸기", en="Rename an organisation"),
        handle=_rename,
        takes=Name,
        gives=OrganisationView,
        etag=True,
    ),
    Route(
        method="GET",
        path=f"{_ONE}/limits",
        permission="limit.read",
        title=Text(ko="조직의 예산 한도 보기", en="Show an organisation's budget"),
        handle=_limits,
        gives=OrganisationLimits,
        etag=True,
    ),
    Route(
        method="PUT",
        path=f"{_ONE}/limits",
        permission="limit.change",
        title=Text(ko="조직의 예산 한도 바꾸기", en="Change an organisation's budget"),
        handle=_limit,
        takes=OrganisationLimits,
        gives=OrganisationLimits,
        etag=True,
    ),
)
