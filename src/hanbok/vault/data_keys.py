"""Data keys: one for an organisation, purpose and period; kept wrapped, and unwrapped for a moment only."""

import hashlib
import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from time import monotonic
from typing import Any, Final, NamedTuple, Protocol, cast

from sqlalchemy import Row, insert, select, update

from hanbok.core.clock import stamp
from hanbok.core.plugin import load
from hanbok.store.database import Store
from hanbok.store.tables import data_keys
from hanbok.vault.act import Tell, VaultAct
from hanbok.vault.config import VaultConfig
from hanbok.vault.errors import DataKeyDestroyed, KeyProviderFailed, KeyRefused, KeyWithdrawn, SealBroken
from hanbok.vault.key_provider import FOLDER, Description, KeyProvider, Wrapped

_SIZE: Final = 32


class Purpose(StrEnum):
    """What a data key is for. No key serves two."""

    CONTENTS = "contents"
    INDEX = "index"
    """Keyed digests by which a person's records are found."""
    PSEUDONYMS = "pseudonyms"


class Sealing(Protocol):
    """Authenticated encryption, as `sealing.py` gives it."""

    def seal(self, data: bytes, bound_to: str) -> bytes: ...

    def open(self, sealed: bytes, bound_to: str, record: str) -> bytes: ...


class DataKey:
    """An unwrapped key. It works for its own organisation and purpose, and shows nothing of itself."""

    __slots__ = ("_bound", "_material", "_sealer", "id", "organisation")

    def __init__(self, row: Row[Any], secret: bytes) -> None:
        self.id: str = row.id
        self.organisation: str = row.organisation
        self._bound = f"{row.organisation}\n{row.purpose}"
        # What is worked with depends on the whole row: a wrapped key put in the place of another opens nothing.
        label = f"hanbok data key 1\n{self._bound}\n{row.period}\n{row.id}"
        self._material = hmac.digest(secret, label.encode(), hashlib.sha256)
        self._sealer: Sealing | None = None

    def seal(self, data: bytes, record: str) -> bytes:
        """Encrypt; it opens only as the same record of the same organisation and purpose."""
        return self._sealing().seal(data, f"{self._bound}\n{record}")

    def open(self, sealed: bytes, record: str) -> bytes:
        """Decrypt. Raises SealBroken."""
        return self._sealing().open(sealed, f"{self._bound}\n{record}", record)

    def digest(self, value: str) -> str:
        """Return the keyed digest of a value, hex: equal for equal values, and meaningless without the key."""
        return hmac.digest(self._material, value.encode(), hashlib.sha256).hex()

    def _sealing(self) -> Sealing:
        if self._sealer is None:
            made = import_module("hanbok.vault.sealing").Sealer(self._material)
            self._sealer = cast("Sealing", made)
        return self._sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """Where an organisation's data keys of a purpose are wrapped."""

    name: str
    provider: KeyProvider
    key: str


class _Cached(NamedTuple):
    key: DataKey
    organisation: str
    until: float


class DataKeys:
    """All methods block. They raise KeyWithdrawn when the provider does not let the organisation's key be used."""

    def __init__(
        self, config: VaultConfig, store: Store, tell: Tell, clock: Callable[[], float] = monotonic
    ) -> None:
        self.config = config
        self._store = store
        self._tell = tell
        self._clock = clock
        self._providers: dict[str, KeyProvider] = {
            name: load(FOLDER, one.kind)(one) for name, one in config.providers.items()
        }
        self._by_id: dict[str, _Cached] = {}
        self._current: dict[tuple[str, Purpose, str], str] = {}

    def place(self, organisation: str, purpose: Purpose) -> KeyPlace:
        """Return where keys of this kind are wrapped now. Raises KeyError for a provider that is not set."""
        holder = self.config.holder(organisation)
        apart = purpose is Purpose.PSEUDONYMS
        name = holder.pseudonyms_provider if apart else holder.provider
        key = holder.pseudonyms_key if apart else holder.key
        return KeyPlace(name=name, provider=self._providers[name], key=key)

    def current(self, organisation: str, purpose: Purpose, period: str = "") -> DataKey:
        """Return the key to write with, made if there is none."""
        self.sweep()
        which = (organisation, purpose, period)
        known = self._by_id.get(self._current.get(which, ""))
        if known is not None:
            return known.key
        row = self._newest(organisation, purpose, period)
        key = self._create(organisation, purpose, period) if row is None else self._unwrap(row)
        self._current[which] = key.id
        return key

    def open(self, key: str, organisation: str) -> DataKey:
        """Return the key of a record. Raises DataKeyDestroyed, and SealBroken when it is another organisation's: a
        record that was moved there does not bring its key along.
        """
        self.sweep()
        known = self._by_id.get(key)
        found = known.key if known else self._unwrap(self._row(key))
        if found.organisation != organisation:
            raise SealBroken(record=key)
        return found

    def _row(self, key: str) -> Row[Any]:
        with self._store.read() as connection:
            row = connection.execute(select(data_keys).where(data_keys.c.id == key)).one_or_none()
        if row is None or row.destroyed:
            raise DataKeyDestroyed(destroyed=row.destroyed if row else "?")
        return row

    def probe(self, organisation: str) -> None:
        """Ask each provider of an organisation to unwrap a key now, whatever is in memory."""
        for purpose in (Purpose.INDEX, Purpose.PSEUDONYMS):
            if purpose is Purpose.INDEX or self.config.pseudonyms.covers(organisation):
                row = self._newest(organisation, purpose, "")
                if row is None:
                    self._create(organisation, purpose, "")
                else:
                    self._unwrap(row)

    def sweep(self) -> None:
        """Drop the unwrapped keys whose time is over."""
        now = self._clock()
        for key in [key for key, one in list(self._by_id.items()) if one.until <= now]:
            self._by_id.pop(key, None)

    def forget(self, organisation: str) -> None:
        """Drop an organisation's unwrapped keys at once."""
        for key in [key for key, one in list(self._by_id.items()) if one.organisation == organisation]:
            self._by_id.pop(key, None)

    def describe(self, organisation: str, purpose: Purpose) -> Description:
        """Return what the provider tells of the wrapping key."""
        place = self.place(organisation, purpose)
        return place.provider.describe(place.key)

    def close(self) -> None:
        """Forget everything and leave the providers."""
        self._by_id.clear()
        for provider in self._providers.values():
            provider.close()

    def _newest(self, organisation: str, purpose: Purpose, period: str) -> Row[Any] | None:
        query = (
            select(data_keys)
            .where(data_keys.c.organisation == organisation, data_keys.c.purpose == purpose)
            .where(
                data_keys.c.period == period, data_keys.c.retired.is_(None), data_keys.c.destroyed.is_(None)
            )
            .order_by(data_keys.c.created.desc(), data_keys.c.id)
            .limit(1)
        )
        with self._store.read() as connection:
            return connection.execute(query).one_or_none()

    def _create(self, organisation: str, purpose: Purpose, period: str) -> DataKey:
        place, secret = self.place(organisation, purpose), secrets.token_bytes(_SIZE)
        key = f"dk_{secrets.token_hex(8)}"
        try:
            if place.provider.makes_keys and not self._known(place):
                place.provider.create(place.key)
            wrapped = place.provider.wrap(place.key, secret, _context(organisation, purpose, key))
        except KeyRefused as error:
            raise _withdrawn(organisation, error) from error
        values = {
            "id": key,
            "organisation": organisation,
            "purpose": purpose.value,
            "period": period,
            "provider": place.name,
            "key": place.key,
            "version": wrapped.version,
            "wrapped": b64encode(wrapped.blob).decode(),
            "created": stamp(),
        }
        facts = {
            name: values[name] for name in ("organisation", "purpose", "period", "provider", "key", "version")
        }
        with self._store.write() as connection:
            connection.execute(insert(data_keys).values(values))
            act = VaultAct(actor="hanbok", verb="vault.key.create", object=key, facts=facts)
            self._tell(connection, act)
            row = connection.execute(select(data_keys).where(data_keys.c.id == key)).one()
        return self._remember(row, secret)

    def _known(self, place: KeyPlace) -> bool:
        """Whether data keys were wrapped here before: a key that is missing then was withdrawn, not never made."""
        query = select(data_keys.c.id).where(data_keys.c.provider == place.name, data_keys.c.key == place.key)
        with self._store.read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def _unwrap(self, row: Row[Any]) -> DataKey:
        return self._remember(row, self.secret_of(row))

    def secret_of(self, row: Row[Any]) -> bytes:
        """Return what a row of the table wraps."""
        wrapped = Wrapped(blob=b64decode(row.wrapped), version=row.version)
        provider = self._providers.get(row.provider)
        if provider is None:
            raise KeyWithdrawn(organisation=row.organisation, why=f"{row.provider}: not in the settings")
        try:
            secret = provider.unwrap(row.key, wrapped, _context(row.organisation, row.purpose, row.id))
        except KeyRefused as error:
            self.forget(row.organisation)
            raise _withdrawn(row.organisation, error) from error
        if len(secret) != _SIZE:
            # What a provider made of a broken answer must never seal anything: an empty key is everybody's.
            raise KeyProviderFailed(provider=row.provider, why="not a data key")
        return secret

    def _remember(self, row: Row[Any], secret: bytes) -> DataKey:
        key = DataKey(row, secret)
        self._by_id[key.id] = _Cached(key, row.organisation, self._clock() + self.config.lease)
        return key

    def rewrap(self, row: Row[Any]) -> tuple[KeyPlace, Wrapped]:
        """Unwrap a row's key and wrap it where the settings say now, by the newest version."""
        place = self.place(row.organisation, Purpose(row.purpose))
        secret = self.secret_of(row)
        return place, place.provider.wrap(place.key, secret, _context(row.organisation, row.purpose, row.id))

    def change(self, key: str, values: dict[str, str | None], act: VaultAct) -> None:
        """Change a row and tell of it, in one transaction."""
        with self._store.write() as connection:
            connection.execute(update(data_keys).where(data_keys.c.id == key).values(values))
            self._tell(connection, act)
        self._by_id.pop(key, None)


def _context(organisation: str, purpose: str, key: str) -> str:
    return f"hanbok/{organisation}/{purpose}/{key}"


def _withdrawn(organisation: str, error: KeyRefused) -> KeyWithdrawn:
    return KeyWithdrawn(organisation=organisation, why=f"{error.facts['provider']}: {error.facts['why']}")
