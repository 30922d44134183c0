"""What administrators do to an organisation's keys: rotate, move, retire and destroy. Each act is told."""

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from hanbok.core.clock import stamp
from hanbok.store.database import Store
from hanbok.store.tables import data_keys
from hanbok.vault.act import Tell, VaultAct
from hanbok.vault.data_keys import DataKeys, Purpose


class KeyActs:
    """All methods block."""

    def __init__(self, keys: DataKeys, store: Store, tell: Tell) -> None:
        self._keys = keys
        self._store = store
        self._tell = tell

    def create(self, organisation: str, purpose: Purpose, *, actor: str) -> None:
        """Make the wrapping key at the provider. Does nothing when it is there."""
        place = self._keys.place(organisation, purpose)
        place.provider.create(place.key)
        facts = {"organisation": organisation, "purpose": purpose.value, "provider": place.name}
        self._say(VaultAct(actor=actor, verb="vault.wrapping_key.create", object=place.key, facts=facts))

    def rotate(self, organisation: str, purpose: Purpose, *, actor: str) -> str:
        """Give the wrapping key a new version, and return its name. Raises KeyActUnsupported."""
        place = self._keys.place(organisation, purpose)
        version = place.provider.rotate(place.key)
        facts = {
            "organisation": organisation,
            "purpose": purpose.value,
            "provider": place.name,
            "version": version,
        }
        self._say(VaultAct(actor=actor, verb="vault.wrapping_key.rotate", object=place.key, facts=facts))
        return version

    def rewrap(self, organisation: str, *, actor: str) -> int:
        """Wrap every data key anew, by the newest version of the key that the settings name; return how many.

        Nothing stops meanwhile: a data key is the same before and after, only its wrapping changes.
        """
        rows = self.rows(organisation)
        for row in rows:
            place, wrapped = self._keys.rewrap(row)
            values: dict[str, str | None] = {
                "provider": place.name,
                "key": place.key,
                "version": wrapped.version,
                "wrapped": b64encode(wrapped.blob).decode(),
                "rewrapped": stamp(),
            }
            facts = {
                "organisation": organisation,
                "from": f"{row.provider}/{row.key}/{row.version}",
                "to": f"{place.name}/{place.key}/{wrapped.version}",
            }
            act = VaultAct(actor=actor, verb="vault.key.rewrap", object=row.id, facts=facts)
            self._keys.change(row.id, values, act)
        return len(rows)

    def retire(self, organisation: str, purpose: Purpose, period: str, *, actor: str) -> list[str]:
        """Write with a new data key from now on; return the ids of those that were written with before."""
        rows = [row for row in self.rows(organisation, purpose, period) if not row.retired]
        for row in rows:
            act = VaultAct(
                actor=actor, verb="vault.key.retire", object=row.id, facts={"organisation": organisation}
            )
            self._keys.change(row.id, {"retired": stamp()}, act)
        return [row.id for row in rows]

    def destroy(self, row: Row[Any], *, actor: str, why: str) -> None:
        """End a data key: what it sealed can never be read again."""
        facts = {
            "organisation": row.organisation,
            "purpose": row.purpose,
            "period": row.period,
            "why": why,
        }
        act = VaultAct(actor=actor, verb="vault.key.destroy", object=row.id, facts=facts)
        self._keys.change(row.id, {"wrapped": "", "destroyed": stamp()}, act)

    def rows(
        self, organisation: str | None = None, purpose: Purpose | None = None, period: str | None = None
    ) -> Sequence[Row[Any]]:
        """Return the rows of keys that are not destroyed, oldest first."""
        query = select(data_keys).where(data_keys.c.destroyed.is_(None)).order_by(data_keys.c.created)
        if organisation is not None:
            query = query.where(data_keys.c.organisation == organisation)
        if purpose is not None:
            query = query.where(data_keys.c.purpose == purpose)
        if period is not None:
            query = query.where(data_keys.c.period == period)
        with self._store.read() as connection:
            return connection.execute(query).all()

    def overdue(self, purpose: Purpose, first: str) -> Sequence[Row[Any]]:
        """Return the keys of periods before the Korean day `first`."""
        query = select(data_keys).where(
            data_keys.c.destroyed.is_(None),
            data_keys.c.purpose == purpose,
            data_keys.c.period != "",
            data_keys.c.period < first,
        )
        with self._store.read() as connection:
            return connection.execute(query).all()

    def _say(self, act: VaultAct) -> None:
        with self._store.write() as connection:
            self._tell(connection, act)
