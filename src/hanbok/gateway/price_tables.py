"""Signed price tables that were taken in: kept for ever, so that a call of any day can be priced as of its day.

A table is TOML in a signed note (C2SP signed-note, Ed25519). It is taken in if a key that the settings name signed it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select

from hanbok.core.clock import stamp, written
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.entry import Act
from hanbok.evidence.note import Note, NoteInvalid, Signature, VerifierKey
from hanbok.evidence.outbox import put
from hanbok.evidence.signer import Signer
from hanbok.gateway.price_list import PriceTable, PriceTableInvalid, read_table
from hanbok.store.database import Store
from hanbok.store.tables import price_tables


class PriceTableUntrusted(HanbokError):
    code = "price_table_untrusted"
    message = Text(
        ko="가격표의 서명을 믿을 수 없습니다: {why}", en="the price table's signature is not trusted: {why}"
    )
    hint = Text(
        ko="만든 곳의 공개 키를 다른 길로 확인하여 hanbok.yaml의 prices.keys에 적으십시오.",
        en="Check its maker's public key by another way, and name it at `prices.keys` in hanbok.yaml.",
    )


class PriceTableOld(HanbokError):
    code = "price_table_old"
    message = Text(
        ko="{issued}의 가격표는 이미 받은 {newest}의 것보다 새롭지 않습니다",
        en="the price table of {issued} is not newer than the one of {newest} that is there",
    )
    hint = Text(
        ko="더 새로운 가격표를 쓰십시오. `hanbok models prices show`로 받은 것을 볼 수 있습니다.",
        en="Use a newer table; `hanbok models prices show` tells which were taken.",
    )


def sign(text: str, signer: Signer) -> str:
    """Return the note that a table becomes. Raises PriceTableInvalid for what is no table."""
    read_table(text)
    text = text if text.endswith("\n") else text + "\n"
    if "\r" in text or "\t" in text:
        raise PriceTableInvalid(
            why=Text(ko="탭이나 CR이 있습니다", en="tabs and carriage returns have no place in a signed note")
        )
    line = Signature(signer.key.name, signer.key.id, signer.sign(text.encode())).line()
    return f"{text}\n{line}"


def verified(data: bytes, keys: Sequence[VerifierKey]) -> tuple[PriceTable, list[VerifierKey]]:
    """Return a signed table and who signed it, of `keys`. Raises PriceTableUntrusted, PriceTableInvalid."""
    try:
        note = Note.parse(data)
        signers = note.signed_by(*keys)
    except NoteInvalid as error:
        raise PriceTableUntrusted(why=str(error)) from None
    return read_table(note.text), signers


@dataclass(frozen=True, slots=True)
class PriceTables:
    """Keeps the tables. All of it blocks: use a thread."""

    store: Store

    def take(self, data: bytes, keys: Sequence[VerifierKey], *, actor: str) -> PriceTable:
        """Take a signed table in. Raises PriceTableUntrusted, PriceTableInvalid, PriceTableOld."""
        table, signers = verified(data, keys)
        issued, digest = written(table.issued), hashlib.sha256(data).hexdigest()
        names = ", ".join(str(key) for key in signers)
        act = Act(
            at=stamp(),
            actor=actor,
            verb="prices.update",
            object=digest,
            facts={"issued": issued, "signed_by": names, "prices": str(len(table.price))},
        )
        with self.store.write() as connection:
            newest = connection.execute(select(func.max(price_tables.c.issued))).scalar() or ""
            if issued <= newest:
                raise PriceTableOld(issued=issued, newest=newest)
            row = {"issued": issued, "digest": digest, "signers": names, "note": data.decode()}
            connection.execute(insert(price_tables).values(taken=act.at, **row))
            put(connection, act)
        return table

    def taken(self) -> list[PriceTable]:
        """Return all tables, in the order of their issue. Their signatures were checked when they were taken in."""
        with self.store.read() as connection:
            notes = connection.execute(select(price_tables.c.note).order_by(price_tables.c.issued)).scalars()
            return [read_table(Note.parse(note.encode()).text) for note in notes]

    def version(self) -> str:
        """Return what changes when a table is taken in."""
        with self.store.read() as connection:
            return connection.execute(select(func.max(price_tables.c.issued))).scalar() or ""
