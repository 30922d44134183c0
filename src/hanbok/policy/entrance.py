"""The way into the administration: who is there, and when nobody gets in (safety measures notice art. 5 and 6)."""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.policy.identity import Credentials, Identified, Identity
from hanbok.policy.key import KeyExpired, KeyRevoked, KeyUnknown
from hanbok.policy.organisations import KeyCard, Register
from hanbok.policy.recording import Actor, record_act
from hanbok.store.database import Store

_ADDRESSES: Final = 10_000
"""Addresses remembered at most: an attacker with more pushes out the oldest, never the memory's limit."""


class LockedOut(HanbokError):
    code = "locked_out"
    message = Text(
        ko="로그인에 여러 번 실패해 이 주소에서는 잠시 들어올 수 없습니다",
        en="this address is locked out for a while after too many failed log-ins",
    )
    hint = Text(
        ko="{retry_after}초 뒤에 바른 키로 다시 시도하십시오.",
        en="Try again with the right key in {retry_after} seconds.",
    )


class KeyTooOld(HanbokError):
    code = "key_too_old"
    message = Text(
        ko="키 {key}은(는) 만든 지 {days}일이 지나 관리에 쓸 수 없습니다",
        en="the key {key} was made over {days} days ago and no longer opens the administration",
    )
    hint = Text(
        ko="관리자에게 새 키를 받으십시오. 기한 전에는 `POST /admin/v1/me/key`로 스스로 바꿀 수 있습니다.",
        en="Ask an administrator for a new key. Before that day, `POST /admin/v1/me/key` replaces it.",
    )


class KeyIdle(HanbokError):
    code = "key_idle"
    message = Text(
        ko="키 {key}을(를) {days}일 넘게 관리에 쓰지 않아 막았습니다",
        en="the key {key} has not opened the administration for over {days} days and no longer does",
    )
    hint = Text(ko="관리자에게 새 키를 받으십시오.", en="Ask an administrator for a new key.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntranceRules:
    failed_logins: int
    locked: timedelta
    key_age: timedelta
    idle: timedelta


@dataclass(slots=True)
class Lockout:
    """Failed log-ins by address, in the memory of one process. `fail` and `check` may be called from any thread."""

    _failures: OrderedDict[str, deque[datetime]] = field(default_factory=OrderedDict[str, deque[datetime]])
    _lock: Lock = field(default_factory=Lock)

    def check(self, origin: str, at: datetime, rules: EntranceRules) -> None:
        """Raise LockedOut while the address has failed too often."""
        with self._lock:
            failures = self._failures.get(origin)
            if failures is None or len(failures) < rules.failed_logins:
                return
            opens = failures[-1] + rules.locked
        if opens > at:
            raise LockedOut(retry_after=ceil((opens - at).total_seconds()))

    def fail(self, origin: str, at: datetime, rules: EntranceRules) -> bool:
        """Count a failure; tell whether it is the one that locks the address."""
        with self._lock:
            failures = self._failures.pop(origin, deque[datetime]())
            while failures and failures[0] + rules.locked <= at:
                failures.popleft()
            failures.append(at)
            self._failures[origin] = failures
            if len(self._failures) > _ADDRESSES:
                self._failures.popitem(last=False)
            return len(failures) == rules.failed_logins


@dataclass(frozen=True, slots=True)
class Entrance:
    identity: Identity
    register: Register
    store: Store
    lockout: Lockout = field(default_factory=Lockout)

    def admit(self, credentials: Credentials, at: datetime, rules: EntranceRules) -> Identified:
        """Return the person, or raise what `Identity.identify` does, LockedOut, KeyTooOld or KeyIdle. Blocks."""
        self.lockout.check(credentials.origin, at, rules)
        try:
            found = self.identity.identify(credentials, at)
        except (KeyUnknown, KeyRevoked, KeyExpired):
            if self.lockout.fail(credentials.origin, at, rules):
                self._tell(credentials.origin, rules)
            raise
        _still_good(self.register.card(found.principal.key), at, rules)
        self.register.note_use(found.principal.key, at)
        return found

    def _tell(self, origin: str, rules: EntranceRules) -> None:
        facts = {"failures": str(rules.failed_logins), "minutes": f"{rules.locked.total_seconds() / 60:g}"}
        with self.store.write() as connection:
            actor = Actor("hanbok", origin=origin)
            record_act(connection, actor, "admin.lock", "address", facts, organisation="")


def _still_good(card: KeyCard, at: datetime, rules: EntranceRules) -> None:
    made = datetime.fromisoformat(card.created)
    if at - made > rules.key_age:
        raise KeyTooOld(key=card.key.id, days=rules.key_age.days)
    if at - (card.used or made) > rules.idle:
        raise KeyIdle(key=card.key.id, days=rules.idle.days)
