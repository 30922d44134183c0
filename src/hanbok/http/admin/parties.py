"""Teams, persons and applications: one set of routes for each."""

from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import UNSET

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.http.admin.route import Answer, Ask, Page, Route, page_of, text_place
from hanbok.http.admin.views import NewParty, Paging, PartyChange, PartyView, Why
from hanbok.policy.parties import KINDS, PartyKind
from hanbok.policy.roles import Scope, allows


class AboveYou(HanbokError):
    """An organisation's administrator has no hold on who stands above the organisation."""

    code = "above_you"
    message = Text(
        ko="모든 조직에 미치는 역할을 가진 사람입니다", en="that person has roles over all organisations"
    )
    hint = Text(ko="플랫폼 관리자만 할 수 있습니다.", en="Only an administrator of the platform may do this.")


def not_above(ask: Ask, person: str) -> None:
    """Raise AboveYou when the person has roles of the platform and the sender may not grant those."""
    if not person or allows(ask.who.principal, "platform_grant.change", ""):
        return
    if any(one.scope is Scope.PLATFORM for one in ask.desk.people.grants(ask.organisation, person)):
        raise AboveYou


@dataclass(frozen=True, slots=True)
class _Handlers:
    """What is done with one kind of them."""

    kind: PartyKind

    def listed(self, ask: Ask) -> Answer:
        paging = ask.asked(Paging)
        after = text_place(paging.cursor)
        found = ask.desk.people.parties(ask.organisation, self.kind, after=after, limit=paging.limit + 1)
        return Answer(body=page_of(found, paging.limit, PartyView.of, lambda one: one.id))

    def create(self, ask: Ask) -> Answer:
        body = ask.taken(NewParty)
        made = ask.desk.people.add(
            ask.organisation, self.kind, body.id, name=body.name, team=body.team, actor=ask.actor
        )
        return Answer(body=PartyView.of(made), etag=True)

    def read(self, ask: Ask) -> Answer:
        found = ask.desk.people.party(ask.organisation, self.kind, ask.parts[self.kind])
        return Answer(body=PartyView.of(found), etag=True)

    def change(self, ask: Ask) -> Answer:
        body = ask.taken(PartyChange)
        changed = ask.desk.people.change(
            ask.organisation,
            self.kind,
            ask.parts[self.kind],
            name=None if body.name is UNSET else body.name,
            team=None if body.team is UNSET else body.team,
            actor=ask.actor,
            check=lambda now: ask.matches(PartyView.of(now)),
        )
        return Answer(body=PartyView.of(changed), etag=True)

    def end(self, ask: Ask) -> Answer:
        if self.kind is PartyKind.PERSON:
            not_above(ask, ask.parts[self.kind])
        ended = ask.desk.people.end(
            ask.organisation,
            self.kind,
            ask.parts[self.kind],
            reason=ask.taken(Why).reason,
            actor=ask.actor,
            check=lambda now: ask.matches(PartyView.of(now)),
        )
        return Answer(body=PartyView.of(ended), etag=True)


def _path(kind: PartyKind) -> str:
    return f"/admin/v1/organisations/{{organisation}}/{kind}s"


def _reading(kind: PartyKind) -> Iterator[Route]:
    every, name, handlers = _path(kind), KINDS[kind], _Handlers(kind)
    yield Route(
        method="GET",
        path=every,
        permission="party.read",
        title=Text(ko=f"{name.ko}의 목록", en=f"List {name.en}s"),
        handle=handlers.listed,
        query=Paging,
        gives=Page[PartyView],
    )
    yield Route(
        method="GET",
        path=f"{every}/{{{kind}}}",
        permission="party.read",
        title=Text(ko=f"{name.ko} 보기", en=f"Show a {name.en}"),
        handle=handlers.read,
        gives=PartyView,
        etag=True,
    )


def _changing(kind: PartyKind) -> Iterator[Route]:
    every, name, handlers = _path(kind), KINDS[kind], _Handlers(kind)
    yield Route(
        method="POST",
        path=every,
        permission=f"{kind}.change",
        title=Text(ko=f"{name.ko} 등록", en=f"Enter a {name.en}"),
        handle=handlers.create,
        takes=NewParty,
        gives=PartyView,
        status=201,
        etag=True,
    )
    yield Route(
        method="PATCH",
        path=f"{every}/{{{kind}}}",
        permission=f"{kind}.change",
        title=Text(ko=f"{name.ko} 바꾸기", en=f"Change a {name.en}"),
        handle=handlers.change,
        takes=PartyChange,
        gives=PartyView,
        etag=True,
    )
    yield Route(
        method="POST",
        path=f"{every}/{{{kind}}}/end",
        permission=f"{kind}.change",
        title=Text(ko=f"{name.ko} 끝내기: 키가 1초 안에 막힙니다", en=f"End a {name.en}: its keys die"),
        handle=handlers.end,
        takes=Why,
        gives=PartyView,
        etag=True,
    )


ROUTES = tuple(route for kind in PartyKind for route in (*_reading(kind), *_changing(kind)))
