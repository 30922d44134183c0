"""The vault in a running server: leases watched, contents and maps written beside the path, what is old destroyed."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.store.database import Store
from hanbok.vault.act import Tell, VaultAct
from hanbok.vault.config import VaultConfig
from hanbok.vault.contents import Body, Piece
from hanbok.vault.keeper import Keeper
from hanbok.vault.leases import Leases
from hanbok.vault.maps import Hidden
from hanbok.vault.vault import Vault

_MAPS_AT_ONCE: Final = 1000
_log = logging.getLogger("hanbok.vault")


class VaultService:
    """One event loop's. Made by `open`, ended by `close`."""

    def __init__(self, vault: Vault, leases: Leases, keeper: Keeper | None) -> None:
        """Use `open`."""
        self.vault = vault
        self.leases = leases
        self.keeper = keeper
        self.config = vault.config
        self._writing = set[asyncio.Task[None]]()
        self._sweeping: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, config: VaultConfig, store: Store, tell: Tell) -> "VaultService":
        """Open the stores apart, destroy what is old, and ask every key for the first time. Raises StoreUnavailable."""
        vault = await asyncio.to_thread(Vault, config, store, tell)
        leases = Leases(
            config.holders,
            check=vault.keys.probe,
            tell=lambda organisation, why: vault.tell(_changed(organisation, why)),
            every=config.check_every,
            lasts=config.lease,
        )
        keeper = None
        if config.contents.keep:
            contents = await asyncio.to_thread(lambda: vault.contents)
            keeper = Keeper(contents, required=config.required, limit=config.waiting_bytes)
        if config.pseudonyms.keep:
            await asyncio.to_thread(lambda: vault.maps)
        service = cls(vault, leases, keeper)
        await service.tidy()
        await leases.start()
        service._sweeping = asyncio.create_task(service._sweep())
        return service

    def admit(self, organisation: str) -> None:
        """Raise KeyWithdrawn or ContentsUnavailable when a call of this organisation must not begin."""
        self.leases.require(organisation)
        if self.keeper is not None and self.config.contents.covers(organisation):
            self.keeper.admit()

    def post_map(self, organisation: str, call: str, hidden: Iterable[Hidden], recipient: str) -> None:
        """Keep a call's map in a moment; what cannot be kept is told in the server's log."""
        if len(self._writing) >= _MAPS_AT_ONCE:
            _log.error("the map of call %s is not kept: too many wait", call)
            return
        task = asyncio.create_task(self._keep_map(organisation, call, list(hidden), recipient))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    def keeps(self, organisation: str) -> bool:
        """Whether contents of this organisation are kept at all."""
        return self.keeper is not None and self.config.contents.covers(organisation)

    async def put(
        self,
        organisation: str,
        name: str,
        parts: Mapping[str, tuple[bytes, ...]],
        identifiers: tuple[tuple[str, str], ...] = (),
        also: str = "",
    ) -> None:
        """Keep what a caller leaves here; it is durable when this returns. Raises StoreUnavailable, KeyWithdrawn."""
        pieces = [
            Piece(
                organisation=organisation,
                call=name,
                part=part,
                body=Body(pieces=body),
                identifiers=identifiers,
                also=also,
            )
            for part, body in parts.items()
        ]
        for error in await asyncio.to_thread(self.vault.contents.put, pieces):
            if error is not None:
                raise error

    async def find(self, organisation: str, name: str, part: str) -> tuple[bytes, ...] | None:
        """Return what was put there. Raises DataKeyDestroyed, SealBroken, StoreUnavailable, KeyWithdrawn."""
        kept = await asyncio.to_thread(self.vault.contents.find, organisation, name, part)
        return None if kept is None else kept.body.pieces

    async def names(self, organisation: str, first: str, last: str, part: str) -> list[str]:
        """Return which names from `first` to `last` have this part."""
        return await asyncio.to_thread(self.vault.contents.names, organisation, first, last, part)

    async def remove(self, organisation: str, first: str, last: str, *parts: str) -> int:
        """Delete what was put there; return how many parts there were."""
        return await asyncio.to_thread(self.vault.contents.remove, organisation, first, last, parts)

    async def tidy(self) -> None:
        """Destroy what is old."""
        gone = await asyncio.to_thread(self.vault.expire)
        if gone:
            _log.info("%d keys and records were destroyed in time", gone)

    async def close(self) -> None:
        """Write what waits, and forget every key."""
        if self.keeper is not None:
            await self.keeper.close()
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self.leases.close()
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)
        await asyncio.to_thread(self.vault.close)

    async def _sweep(self) -> None:
        """Let no unwrapped key lie about, also when nobody calls."""
        while True:
            await asyncio.sleep(self.config.lease)
            self.vault.keys.sweep()

    async def _keep_map(self, organisation: str, call: str, hidden: list[Hidden], recipient: str) -> None:
        try:
            await asyncio.to_thread(self.vault.keep_map, organisation, call, hidden, recipient)
        except HanbokError as error:
            _log.error("the map of call %s is not kept: %s", call, error.code)


def _changed(organisation: str, why: str) -> VaultAct:
    if why:
        return VaultAct(
            actor="hanbok",
            verb="vault.withdrawn",
            object=organisation,
            facts={"organisation": organisation, "why": why},
        )
    return VaultAct(
        actor="hanbok", verb="vault.returned", object=organisation, facts={"organisation": organisation}
    )
