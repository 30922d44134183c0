"""The vault as a whole: keys, contents, maps, and the acts that touch more than one of them."""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from threading import Lock

from hanbok.core.clock import today
from hanbok.store.database import Store
from hanbok.vault.act import Tell, VaultAct
from hanbok.vault.config import VaultConfig
from hanbok.vault.contents import Contents
from hanbok.vault.data_keys import DataKeys, Purpose
from hanbok.vault.dual_control import Approval, require_second
from hanbok.vault.key_acts import KeyActs
from hanbok.vault.ledger import PseudonymLedger
from hanbok.vault.maps import Hidden, Maps


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What was deleted of a person."""

    calls: tuple[str, ...]
    maps: int


class Vault:
    """All methods block. `actor` names who asked, for the log."""

    def __init__(self, config: VaultConfig, store: Store, tell: Tell) -> None:
        """Open nothing yet: a store apart is opened when it is first used."""
        self.config = config
        self.keys = DataKeys(config, store, tell)
        self.acts = KeyActs(self.keys, store, tell)
        self.ledger = PseudonymLedger(store, tell)
        self._store = store
        self._tell = tell
        self._contents: Contents | None = None
        self._maps: Maps | None = None
        self._opening = Lock()

    @property
    def contents(self) -> Contents:
        """The store of contents. Raises StoreUnavailable and its kin."""
        with self._opening:
            if self._contents is None:
                self._contents = Contents.open(self.config.contents.url, self.keys)
            return self._contents

    @property
    def maps(self) -> Maps:
        """The store of maps. Raises StoreUnavailable and its kin."""
        with self._opening:
            if self._maps is None:
                self._maps = Maps.open(self.config.pseudonyms.url, self.keys)
            return self._maps

    def close(self) -> None:
        self.keys.close()
        for one in (self._contents, self._maps):
            if one is not None:
                one.close()

    def tell(self, act: VaultAct) -> None:
        """Put an act on its way to the log."""
        with self._store.write() as connection:
            self._tell(connection, act)

    def keep_map(self, organisation: str, call: str, hidden: list[Hidden], recipient: str) -> None:
        """Keep the map of a call, and write down in the ledger what was pseudonymised for whom."""
        day = today().isoformat()
        self.ledger.daily(
            organisation,
            purpose=self.config.purpose,
            items={one.kind for one in hidden},
            recipient=recipient,
            day=day,
            until=_later(day, self.config.pseudonyms.days),
        )
        self.maps.put(organisation, call, hidden)

    def erase_subject(self, organisation: str, value: str, *, actor: str) -> Erased:
        """Delete what is kept of a person, by an identifier, and end the keys that could open copies of it.

        The log says so before it is done; its entries of the calls stay, for they hold no content.
        """
        calls = tuple(one.call for one in self.contents.mentions(organisation, value))
        entries = self._map_entries(organisation, value)
        facts = {
            "organisation": organisation,
            "calls": str(len(calls)),
            "calls_sha256": hashlib.sha256("\n".join(calls).encode()).hexdigest(),
            "maps": str(entries),
        }
        self.tell(VaultAct(actor=actor, verb="subject.erase", object=organisation, facts=facts))
        for day in sorted(self.contents.erase(organisation, calls)):
            self.shred(organisation, day, actor=actor)
        maps = self.maps.erase(organisation, value) if entries else 0
        return Erased(calls=calls, maps=maps)

    def _map_entries(self, organisation: str, value: str) -> int:
        if not (self.config.pseudonyms.keep or self.config.pseudonyms.held):
            return 0
        return len(self.maps.concerning(organisation, value))

    def shred(self, organisation: str, day: str, *, actor: str) -> None:
        """Give a day's contents a new key and destroy the old ones: what was deleted cannot be read in any copy.

        It may be done while a server writes, and again after it was cut off.
        """
        old = self.acts.rows(organisation, Purpose.CONTENTS, day)
        self.acts.retire(organisation, Purpose.CONTENTS, day, actor=actor)
        new = self.keys.current(organisation, Purpose.CONTENTS, day)
        self.contents.reseal(organisation, day, [row.id for row in old], new)
        for row in old:
            self.acts.destroy(row, actor=actor, why="erasure")

    def destroy(
        self, organisation: str, purpose: Purpose, period: str, *, actor: str, approval: Approval
    ) -> int:
        """Destroy the data keys of a period; return how many. Raises SecondPersonNeeded."""
        require_second(approval)
        rows = self.acts.rows(organisation, purpose, period)
        for row in rows:
            self.acts.destroy(row, actor=actor, why=f"approval {approval.id or 'waived'}")
        return len(rows)

    def expire(self) -> int:
        """Destroy what is older than the settings let it be; return how many keys and records went."""
        gone, day = 0, today().isoformat()
        for purpose, keeping in (
            (Purpose.CONTENTS, self.config.contents),
            (Purpose.PSEUDONYMS, self.config.pseudonyms),
        ):
            first = _later(day, -keeping.days)
            overdue = self.acts.overdue(purpose, first)
            for row in overdue:
                self.acts.destroy(row, actor="hanbok", why="retention")
            gone += len(overdue)
            if keeping.keep or keeping.held:
                gone += (self.contents if purpose is Purpose.CONTENTS else self.maps).expire(first)
        for _, entry in self.ledger.overdue(day):
            self.ledger.end(entry, day=day, actor="hanbok")
        return gone + self.ledger.forget(day)


def _later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()
