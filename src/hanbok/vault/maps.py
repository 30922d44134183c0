"""Maps from pseudonyms to real values: apart from the data, under another key, opened by two people only.

PIPA art. 28-4 and its decree art. 29-5, credit information act art. 40-2: additional information is kept apart, with
rights of its own, and what was pseudonymised for whom is written down and kept three years after its destruction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, insert, select

from hanbok.core.clock import stamp, today
from hanbok.store.database import Store
from hanbok.vault.data_keys import DataKeys, Purpose
from hanbok.vault.dual_control import Approval, require_second
from hanbok.vault.errors import PseudonymUnknown
from hanbok.vault.identifiers import canonical
from hanbok.vault.tables import maps, maps_metadata, schema_of


class Hidden(NamedTuple):
    """One real value behind its pseudonym."""

    pseudonym: str
    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """A value that two people brought back."""

    organisation: str
    scope: str
    pseudonym: str
    kind: str
    value: str


class Maps:
    """All methods block."""

    def __init__(self, store: Store, keys: DataKeys) -> None:
        """Use `open`."""
        self._store = store
        self._keys = keys

    @classmethod
    def open(cls, url: str, keys: DataKeys) -> "Maps":
        """Open the store apart. Raises StoreUnavailable and its kin."""
        return cls(Store.open(url, schema_of(maps_metadata)), keys)

    def close(self) -> None:
        self._store.close()

    def put(self, organisation: str, scope: str, hidden: Sequence[Hidden]) -> None:
        """Keep the map of one call, or of one data set. What is there already stays."""
        day = today().isoformat()
        key = self._keys.current(organisation, Purpose.PSEUDONYMS, day)
        rows = [
            {
                "organisation": organisation,
                "scope": scope,
                "pseudonym": one.pseudonym,
                "kind": one.kind,
                "tag": self._tag(organisation, one.value),
                "day": day,
                "at": stamp(),
                "key": key.id,
                "sealed": key.seal(one.value.encode(), _record(scope, one.pseudonym)),
            }
            for one in hidden
        ]
        with self._store.write() as connection:
            there = set(
                connection.execute(select(maps.c.pseudonym).where(_of(organisation, scope))).scalars()
            )
            fresh = [row for row in rows if row["pseudonym"] not in there]
            if fresh:
                connection.execute(insert(maps), fresh)

    def reveal(self, organisation: str, scope: str, pseudonym: str, approval: Approval) -> Revealed:
        """Return the value behind a pseudonym. Raises SecondPersonNeeded, PseudonymUnknown, DataKeyDestroyed.

        `approval` was given for exactly these arguments (`reveal_arguments`) and used up by its keeper.
        """
        require_second(approval)
        with self._store.read() as connection:
            row = connection.execute(
                select(maps).where(_of(organisation, scope), maps.c.pseudonym == pseudonym)
            ).one_or_none()
        if row is None:
            raise PseudonymUnknown(pseudonym=pseudonym)
        return self._open(row)

    def concerning(self, organisation: str, value: str) -> list[tuple[str, str]]:
        """Return scope and pseudonym of each map that holds an identifier."""
        tag = self._tag(organisation, value)
        query = select(maps.c.scope, maps.c.pseudonym).where(
            maps.c.organisation == organisation, maps.c.tag == tag
        )
        with self._store.read() as connection:
            return [(row.scope, row.pseudonym) for row in connection.execute(query)]

    def erase(self, organisation: str, value: str) -> int:
        """Delete a person's entries; their pseudonyms stay what they are, without a way back."""
        tag = self._tag(organisation, value)
        return self._delete((maps.c.organisation == organisation) & (maps.c.tag == tag))

    def destroy(self, organisation: str, scope: str) -> int:
        """Delete the map of one data set or call."""
        return self._delete(_of(organisation, scope))

    def expire(self, first: str) -> int:
        """Delete what is older than the Korean day `first`."""
        return self._delete(maps.c.day < first)

    def _delete(self, which: Any) -> int:  # noqa: ANN401 - a condition of SQLAlchemy
        with self._store.write() as connection:
            return connection.execute(delete(maps).where(which)).rowcount

    def _open(self, row: Row[Any]) -> Revealed:
        plain = self._keys.open(row.key, row.organisation).open(row.sealed, _record(row.scope, row.pseudonym))
        return Revealed(
            organisation=row.organisation,
            scope=row.scope,
            pseudonym=row.pseudonym,
            kind=row.kind,
            value=plain.decode(),
        )

    def _tag(self, organisation: str, value: str) -> str:
        # Another key than that of the contents' index: the two stores cannot be joined by their digests.
        return self._keys.current(organisation, Purpose.PSEUDONYMS).digest(canonical(value))


def reveal_arguments(organisation: str, scope: str, pseudonym: str) -> Mapping[str, str]:
    """Return what an approval to reveal must be for."""
    return {"organisation": organisation, "scope": scope, "pseudonym": pseudonym}


def _of(organisation: str, scope: str) -> Any:  # noqa: ANN401 - a condition of SQLAlchemy
    return (maps.c.organisation == organisation) & (maps.c.scope == scope)


def _record(scope: str, pseudonym: str) -> str:
    return f"{scope}/{pseudonym}"
