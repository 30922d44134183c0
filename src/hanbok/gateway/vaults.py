"""The vault in force. A server whose settings ask for none loads none of it."""

import asyncio
import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar, cast

from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act, AnyDeed, Deed, Erasure, KeyAct, Reveal
from hanbok.evidence.outbox import put
from hanbok.gateway.errors import ContentsNotKept
from hanbok.gateway.path import Path, idle
from hanbok.gateway.step import Step
from hanbok.gateway.steps.record import Record
from hanbok.gateway.steps.witness import Witness
from hanbok.guard.kinds import Kind
from hanbok.store.database import Store
from hanbok.vault.config import VaultConfig

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from hanbok.gateway.steps.hold import Hold
    from hanbok.gateway.steps.keep import Keep
    from hanbok.vault.act import VaultAct
    from hanbok.vault.service import VaultService

_Deed = TypeVar("_Deed", bound=Deed)
_ERASURE = "개인정보 보호법 제36조"


def tell(connection: "Connection", act: "VaultAct") -> None:
    """Take an act of the vault to the evidence log, in the transaction of its change."""
    put(connection, entry_of(act))


def entry_of(act: "VaultAct") -> AnyDeed:
    """Return the log's entry of an act: of the kind that its verb is of."""
    facts = dict(act.facts)
    approvers = tuple(filter(None, facts.pop("approvers", "").split(", ")))
    deed = partial(
        _make,
        at=stamp(),
        actor=str(act.actor),
        verb=act.verb,
        object=act.object,
        organisation=facts.pop("organisation", ""),
        approvers=approvers,
        facts=facts,
    )
    if act.verb == "pseudonyms.reveal":
        shown = hashlib.sha256(facts.pop("pseudonym", "").encode()).hexdigest()
        return deed(Reveal, reason=facts.get("approval", ""), pseudonyms=(shown,))
    if act.verb == "subject.erase":
        return deed(Erasure, basis=_ERASURE, records=int(facts.get("calls", 0)))
    if act.verb.startswith("vault."):
        return deed(KeyAct, purpose=facts.pop("purpose", "contents"), provider=facts.pop("provider", ""))
    return deed(Act)


def _make(kind: "type[_Deed]", **values: Any) -> "_Deed":  # noqa: ANN401 - the fields of an entry
    return kind(**values)


class Vaults:
    """Keeps one vault over reloads while its settings stay the same."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._there: VaultService | None = None
        self._made: VaultService | None = None
        """The one made last, for settings that may not have come into force in the end."""
        self._retiring = set[asyncio.Task[None]]()

    def keeps(self, organisation: str) -> bool:
        """Whether contents of this organisation are kept."""
        return self._there is not None and self._there.keeps(organisation)

    def keeping(self, organisation: str) -> "VaultService":
        """Return the vault in force. Raises ContentsNotKept when nothing of this organisation is kept."""
        if self._there is None or not self._there.keeps(organisation):
            raise ContentsNotKept
        return self._there

    async def of(self, config: VaultConfig) -> "VaultService | None":
        """Return the one that the settings describe: that which is there, or a new one. Raises HanbokError."""
        if not config.active:
            return None
        if self._there is not None and self._there.config == config:
            return self._there
        await self._drop_unused()
        service = cast("type[VaultService]", import_module("hanbok.vault.service").VaultService)
        self._made = await service.open(config, self._store, tell)
        return self._made

    async def _drop_unused(self) -> None:
        made, self._made = self._made, None
        if made is not None and made is not self._there:
            await made.close()

    def put_in_force(self, vault: "VaultService | None", before: Sequence[Path]) -> None:
        """Use this one from now on; the one before is closed when no call of its paths is under way."""
        old, self._there, self._made = self._there, vault, None
        if old is not None and old is not vault:
            task = asyncio.create_task(_retire(old, before))
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)

    async def tidy(self) -> None:
        """Destroy what is old."""
        if self._there is not None:
            await self._there.tidy()

    async def close(self) -> None:
        """Write what waits, and forget every key."""
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*self._retiring, return_exceptions=True)
        await self._drop_unused()
        if self._there is not None:
            await self._there.close()


def with_vault(
    steps: Sequence[Step], vault: "VaultService | None", kinds: Mapping[str, Kind]
) -> Sequence[Step]:
    """Return the steps with those of the vault among them: its key is asked for before anything is looked at, and
    contents are kept when the intent is in the log.
    """
    if vault is None:
        return steps
    hold = cast("type[Hold]", import_module("hanbok.gateway.steps.hold").Hold)
    keep = cast("type[Keep]", import_module("hanbok.gateway.steps.keep").Keep)
    made: list[Step] = []
    for step in steps:
        made.append(step)
        if isinstance(step, Witness):
            made.append(hold(vault))
        elif isinstance(step, Record):
            made.append(keep(vault, kinds))
    return made


async def _retire(vault: "VaultService", before: Sequence[Path]) -> None:
    await idle(before)
    await vault.close()
