"""The keys that the server knows, in memory: a request costs one SHA-256 and one look-up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from hanbok.core.clock import KST
from hanbok.policy.key import Key, KeyExpired, KeyMissing, KeyRevoked, KeyUnknown, Limits
from hanbok.policy.secret import digest_of

_UNLIMITED: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All keys, revoked ones too, and the budgets that they share, as of one version of the records."""

    version: int = -1
    keys: Iterable[Key] = ()
    budgets: Mapping[str, Limits] = field(default_factory=dict[str, Limits])
    """By account (`hanbok.policy.ledger`), but for those of keys."""


class KeySource(Protocol):
    """Where keys are kept. Both methods may block."""

    def version(self) -> int:
        """Return a number that changes whenever a key or an organisation does; cheap."""
        ...

    def snapshot(self) -> Snapshot: ...


class Keys(Protocol):
    """What knows callers. Raises HanbokError for those that it does not know."""

    def find(self, secret: str, now: datetime) -> Key:
        """Return the key with this secret."""
        ...

    def known(self, key: str, now: datetime) -> Key:
        """Return the key of this id, for what goes on after its owner proved to hold it."""
        ...


class KeyRing:
    """Empty until `refresh`. When the records cannot be read, the keys known last stay in force."""

    def __init__(self, source: KeySource) -> None:
        self._source = source
        self._version = -1
        self._keys: dict[str, Key] = {}
        self._by_id: dict[str, Key] = {}
        self._budgets: Mapping[str, Limits] = {}

    def find(self, secret: str, now: datetime) -> Key:
        """Return the key with this secret. Raises KeyMissing, KeyUnknown, KeyRevoked, KeyExpired."""
        if not secret:
            raise KeyMissing
        return in_force(self._keys.get(digest_of(secret)), now)

    def named(self, key: str) -> Key | None:
        """Return the key of this id, in force or not."""
        return self._by_id.get(key)

    def known(self, key: str, now: datetime) -> Key:
        """Return the key of this id, for what goes on after its owner proved to hold it. Raises as `find`."""
        return in_force(self._by_id.get(key), now)

    def limits_of(self, account: str) -> Limits:
        """Return what an organisation as a whole, a team, a person or a model may use."""
        return self._budgets.get(account, _UNLIMITED)

    def refresh(self) -> bool:
        """Take up changes that any process has made; tell whether there were any. Blocks: call it in a thread."""
        if self._source.version() == self._version:
            return False
        snapshot = self._source.snapshot()
        # Whole new tables, put in place by one assignment each: a `find` on the loop never sees half of them.
        self._keys = {key.digest: key for key in snapshot.keys}
        self._by_id = {key.id: key for key in self._keys.values()}
        self._budgets = snapshot.budgets
        self._version = snapshot.version
        return True


def in_force(key: Key | None, now: datetime) -> Key:
    """Return the key if it may be used. Raises KeyUnknown, KeyRevoked, KeyExpired."""
    if key is None:
        raise KeyUnknown
    if key.revoked is not None and key.revoked <= now:
        raise KeyRevoked(key=key.id)
    if key.expires is not None and key.expires <= now:
        raise KeyExpired(key=key.id, expires=key.expires.astimezone(KST).isoformat(timespec="minutes"))
    return key
