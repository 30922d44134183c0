"""The ledger of pseudonymised data: what was pseudonymised why, for whom, until when (PIPA decree art. 29-5)."""

import secrets
from dataclasses import dataclass
from datetime import date

import msgspec
from sqlalchemy import delete, insert, select, update

from hanbok.core.clock import stamp, years_after
from hanbok.store.database import Store
from hanbok.store.tables import pseudonym_ledger
from hanbok.vault.act import Tell, VaultAct

_KEPT_YEARS = 3
_ITEMS = list(pseudonym_ledger.c.keys()).index("items")


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One processing of pseudonymised data. `destroyed` and `keep_until` are empty while its maps exist."""

    id: str
    organisation: str
    purpose: str
    items: tuple[str, ...]
    recipient: str
    began: str
    until: str
    actor: str
    destroyed: str = ""
    keep_until: str = ""


class PseudonymLedger:
    """All methods block."""

    def __init__(self, store: Store, tell: Tell) -> None:
        self._store = store
        self._tell = tell

    def begin(
        self,
        organisation: str,
        *,
        purpose: str,
        items: tuple[str, ...],
        recipient: str,
        began: str,
        until: str,
        actor: str,
    ) -> str:
        """Write down a processing, and return its id."""
        entry = f"pl_{secrets.token_hex(6)}"
        values = {
            "organisation": organisation,
            "purpose": purpose,
            "items": msgspec.json.encode(sorted(items)).decode(),
            "recipient": recipient,
            "began": began,
            "until": until,
        }
        with self._store.write() as connection:
            connection.execute(
                insert(pseudonym_ledger).values(values | {"id": entry, "actor": actor, "created": stamp()})
            )
            self._tell(connection, VaultAct(actor=actor, verb="pseudonyms.begin", object=entry, facts=values))
        return entry

    def daily(
        self, organisation: str, *, purpose: str, items: set[str], recipient: str, day: str, until: str
    ) -> str:
        """Write down what a day's calls pseudonymise, in one entry that grows."""
        entry = f"pl_{organisation}_{day}"[:32]
        row = pseudonym_ledger.c.id == entry
        with self._store.write() as connection:
            there = connection.execute(
                select(pseudonym_ledger.c["items"], pseudonym_ledger.c.recipient).where(row)
            ).one_or_none()
            known: set[str] = set(msgspec.json.decode(there[0], type=list[str])) if there else set()
            recipients = set(there.recipient.split(", ")) if there else set[str]()
            if there and items <= known and recipient in recipients:
                return entry
            values = {
                "items": msgspec.json.encode(sorted(known | items)).decode(),
                "recipient": ", ".join(sorted(recipients | {recipient})),
            }
            if there:
                connection.execute(update(pseudonym_ledger).where(row).values(values))
            else:
                values |= {"organisation": organisation, "purpose": purpose, "began": day, "until": until}
                connection.execute(
                    insert(pseudonym_ledger).values(
                        values | {"id": entry, "actor": "hanbok", "created": stamp()}
                    )
                )
            self._tell(
                connection, VaultAct(actor="hanbok", verb="pseudonyms.begin", object=entry, facts=values)
            )
        return entry

    def entries(self, organisation: str) -> list[LedgerEntry]:
        """Return an organisation's entries, oldest first."""
        query = (
            select(pseudonym_ledger)
            .where(pseudonym_ledger.c.organisation == organisation)
            .order_by(pseudonym_ledger.c.created)
        )
        with self._store.read() as connection:
            rows = connection.execute(query).all()
        # A row has a method of that name: the column is asked for by its key.
        listed = [str(row[_ITEMS]) for row in rows]
        return [
            LedgerEntry(
                id=row.id,
                organisation=row.organisation,
                purpose=row.purpose,
                items=tuple(msgspec.json.decode(items, type=list[str])),
                recipient=row.recipient,
                began=row.began,
                until=row.until,
                actor=row.actor,
                destroyed=row.destroyed or "",
                keep_until=row.keep_until or "",
            )
            for row, items in zip(rows, listed, strict=True)
        ]

    def overdue(self, day: str) -> list[tuple[str, str]]:
        """Return organisation and id of entries whose maps should be gone on the Korean day `day`."""
        query = select(pseudonym_ledger.c.organisation, pseudonym_ledger.c.id).where(
            pseudonym_ledger.c.destroyed.is_(None), pseudonym_ledger.c.until < day
        )
        with self._store.read() as connection:
            return [(row.organisation, row.id) for row in connection.execute(query)]

    def end(self, entry: str, *, day: str, actor: str) -> None:
        """Write down that an entry's maps are destroyed; the entry itself stays for three years."""
        keep_until = years_after(date.fromisoformat(day), _KEPT_YEARS)
        values = {"destroyed": stamp(), "keep_until": keep_until.isoformat()}
        with self._store.write() as connection:
            connection.execute(update(pseudonym_ledger).where(pseudonym_ledger.c.id == entry).values(values))
            self._tell(
                connection, VaultAct(actor=actor, verb="pseudonyms.destroy", object=entry, facts=values)
            )

    def forget(self, day: str) -> int:
        """Delete entries that were kept long enough."""
        with self._store.write() as connection:
            old = delete(pseudonym_ledger).where(pseudonym_ledger.c.keep_until < day)
            return connection.execute(old).rowcount
