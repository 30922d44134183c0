"""Teams, persons and applications of an organisation: whom keys refer to."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, Row, insert, select

from hanbok.core.clock import stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal, Text
from hanbok.policy.key_records import time_of
from hanbok.policy.recording import record_change
from hanbok.store.tables import parties

LONGEST: Final = 200


class PartyKind(StrEnum):
    TEAM = "team"
    PERSON = "person"
    APPLICATION = "application"


KINDS: Final = {
    PartyKind.TEAM: Text(ko="팀", en="team"),
    PartyKind.PERSON: Text(ko="사람", en="person"),
    PartyKind.APPLICATION: Text(ko="응용", en="application"),
}
_HINT: Final = Text(
    ko="`hanbok team list`, `hanbok person list`, `hanbok application list`로 확인하십시오.",
    en="`hanbok team list`, `hanbok person list` and `hanbok application list` show all.",
)


class PartyUnknown(HanbokError):
    code = "party_unknown"
    message = Text(ko="조직에 그런 {kind}이(가) 없습니다", en="the organisation has no such {kind}")
    hint = _HINT


class PartyExists(HanbokError):
    code = "party_exists"
    message = Text(
        ko="그 식별자를 쓰는 {kind}이(가) 이미 있습니다", en="there is a {kind} with that id already"
    )
    hint = Text(
        ko="끝난 것의 식별자도 다시 쓰지 않습니다. 다른 식별자를 쓰십시오.",
        en="Use another id: those of ended ones are not used again either.",
    )


class PartyEnded(HanbokError):
    code = "party_ended"
    message = Text(ko="그 {kind}은(는) 끝났습니다", en="that {kind} has ended")
    hint = Text(ko="새로 등록하십시오.", en="Enter a new one.")


class InvalidPartyId(HanbokError):
    code = "invalid_party_id"
    message = Text(ko="{kind}의 식별자로 쓸 수 없습니다", en="that cannot be the id of a {kind}")
    hint = Text(
        ko="보이는 글자로 200자까지, 빗금 없이 쓰십시오. 한글은 완성형(NFC)으로 씁니다.",
        en="Use up to 200 visible signs without a slash, in Unicode's composed form (NFC).",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    organisation: str
    kind: PartyKind
    id: str
    name: str
    team: str
    created: str
    ended: datetime | None = None


def party_of(row: Row[Any]) -> Party:
    """Return what a row holds."""
    return Party(
        organisation=row.organisation,
        kind=PartyKind(row.kind),
        id=row.id,
        name=row.name,
        team=row.team,
        created=row.created,
        ended=time_of(row.ended),
    )


def find_party(connection: Connection, organisation: str, kind: PartyKind, party: str) -> Party | None:
    """Return one, ended or not."""
    mine = (parties.c.organisation == organisation) & (parties.c.kind == kind) & (parties.c.id == party)
    row = connection.execute(select(parties).where(mine)).one_or_none()
    return None if row is None else party_of(row)


def living_party(connection: Connection, organisation: str, kind: PartyKind, party: str) -> Party:
    """Return one that has not ended. Raises PartyUnknown, PartyEnded."""
    found = find_party(connection, organisation, kind, party)
    if found is None:
        raise PartyUnknown(kind=KINDS[kind])
    if found.ended:
        raise PartyEnded(kind=KINDS[kind])
    return found


def insert_party(connection: Connection, new: Party, actor: str) -> Party:
    """Write a new one. The log gets ids, never a person's name. Raises InvalidPartyId, PartyUnknown for its team."""
    if not is_plain(new.id):
        raise InvalidPartyId(kind=KINDS[new.kind])
    if new.team:
        living_party(connection, new.organisation, PartyKind.TEAM, new.team)
    connection.execute(
        insert(parties).values(
            organisation=new.organisation,
            kind=new.kind,
            id=new.id,
            name=new.name,
            team=new.team,
            created=new.created,
        )
    )
    facts = {"team": new.team}
    record_change(connection, actor, f"{new.kind}.create", new.id, facts, organisation=new.organisation)
    return new


def keep_parties(connection: Connection, who: Principal, actor: str) -> None:
    """Make sure that those whom a key names are there. Raises PartyEnded, InvalidPartyId."""
    named = {PartyKind.TEAM: who.team, PartyKind.PERSON: who.person, PartyKind.APPLICATION: who.application}
    for kind, party in named.items():
        if not party:
            continue
        found = find_party(connection, who.organisation, kind, party)
        if found is None:
            team = "" if kind is PartyKind.TEAM else who.team
            new = Party(
                organisation=who.organisation, kind=kind, id=party, name=party, team=team, created=stamp()
            )
            insert_party(connection, new, actor)
        elif found.ended:
            raise PartyEnded(kind=KINDS[kind])


def is_plain(text: str) -> bool:
    """Tell whether a text may be an id: visible, in one spelling only, and one part of an address."""
    return (
        0 < len(text) <= LONGEST
        and text == text.strip()
        and "/" not in text
        and text not in {".", ".."}
        and text.isprintable()
        and unicodedata.is_normalized("NFC", text)
    )
