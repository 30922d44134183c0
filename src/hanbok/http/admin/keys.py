"""Virtual keys."""

from datetime import timedelta
from typing import Final

from msgspec import UNSET

from hanbok.core.clock import now
from hanbok.core.values import Principal, Text
from hanbok.http.admin.parties import not_above
from hanbok.http.admin.route import Answer, Ask, Page, RequestUnfit, Route, page_of, pair_place
from hanbok.http.admin.views import KeyChange, KeyView, MadeKey, NewKeyOf, Paging, Why
from hanbok.policy.organisations import KeyCard, KeyNotFound
from hanbok.policy.parties import PartyKind
from hanbok.policy.roles import require

_ALL = "/admin/v1/organisations/{organisation}/keys"
_ONE = f"{_ALL}/{{key}}"
_LONGEST: Final = timedelta(days=3660)


def _list(ask: Ask) -> Answer:
    paging = ask.asked(Paging)
    after = pair_place(paging.cursor)
    known = [
        card for card in ask.desk.register.cards(ask.organisation) if (card.created, card.key.id) > after
    ]
    page = page_of(known, paging.limit, KeyView.of, lambda card: card.created, lambda card: card.key.id)
    return Answer(body=page)


def _create(ask: Ask) -> Answer:
    body = ask.taken(NewKeyOf)
    named = {
        PartyKind.TEAM: body.team,
        PartyKind.PERSON: body.person,
        PartyKind.APPLICATION: body.application,
    }
    for kind, party in named.items():
        if party:
            ask.desk.people.party(ask.organisation, kind, party)
    _may_touch(ask, body.person)
    if body.expires is not None and not timedelta() < body.expires - now() < _LONGEST:
        raise RequestUnfit(field="expires")
    who = Principal(
        organisation=ask.organisation,
        key="",
        team=body.team,
        person=body.person,
        application=body.application,
    )
    made = ask.desk.register.create_key(
        who,
        name=body.name,
        models=body.models,
        limits=body.limits.made(),
        expires=body.expires,
        issuer=ask.who.principal.key,
        actor=ask.actor,
    )
    view = KeyView.of(ask.desk.register.card(made.key.id))
    return Answer(body=MadeKey(key=view, secret=made.secret))


def _read(ask: Ask) -> Answer:
    return Answer(body=KeyView.of(_own(ask)), etag=True)


def _change(ask: Ask) -> Answer:
    body, card = ask.taken(KeyChange), _own(ask)
    _may_touch(ask, card.key.principal.person)
    changed = ask.desk.register.change_key(
        card.key.id,
        name=None if body.name is UNSET else body.name,
        limits=None if body.limits is UNSET else body.limits.made(),
        actor=ask.actor,
        check=lambda now: ask.matches(KeyView.of(now)),
    )
    return Answer(body=KeyView.of(changed), etag=True)


def _revoke(ask: Ask) -> Answer:
    card = _own(ask)
    if card.key.principal.person != ask.who.principal.person:
        _may_touch(ask, card.key.principal.person)
    ask.desk.register.revoke_key(
        card.key.id,
        reason=ask.taken(Why).reason,
        actor=ask.actor,
        check=lambda now: ask.matches(KeyView.of(now)),
    )
    return Answer(body=KeyView.of(_own(ask)), etag=True)


def _own(ask: Ask) -> KeyCard:
    """Return the key if it is the organisation's; another's is as if it were not there."""
    card = ask.desk.register.card(ask.parts["key"])
    if card.key.principal.organisation != ask.organisation:
        raise KeyNotFound(key=ask.parts["key"])
    return card


def _may_touch(ask: Ask, person: str) -> None:
    """Whoever holds a person's key acts in that person's roles."""
    if person:
        require(ask.who.principal, "personal_key.change", ask.organisation)
        not_above(ask, person)


ROUTES = (
    Route(
        method="GET",
        path=_ALL,
        permission="key.read",
        title=Text(ko="키의 목록", en="List keys"),
        handle=_list,
        query=Paging,
        gives=Page[KeyView],
    ),
    Route(
        method="POST",
        path=_ALL,
        permission="key.create",
        title=Text(ko="키 만들기: 비밀은 지금만 보입니다", en="Make a key: its secret is shown this once"),
        handle=_create,
        takes=NewKeyOf,
        gives=MadeKey,
        status=201,
    ),
    Route(
        method="GET",
        path=_ONE,
        permission="key.read",
        title=Text(ko="키 보기", en="Show a key"),
        handle=_read,
        gives=KeyView,
        etag=True,
    ),
    Route(
        method="PATCH",
        path=_ONE,
        permission="key.change",
        title=Text(ko="키의 이름과 한도 바꾸기", en="Change a key's name and limits"),
        handle=_change,
        takes=KeyChange,
        gives=KeyView,
        etag=True,
    ),
    Route(
        method="POST",
        path=f"{_ONE}/revoke",
        permission="key.revoke",
        title=Text(ko="키 폐기: 1초 안에 막힙니다", en="Revoke a key: it is refused within a second"),
        handle=_revoke,
        takes=Why,
        gives=KeyView,
        etag=True,
    ),
)
