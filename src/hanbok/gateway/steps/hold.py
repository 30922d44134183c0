"""Hold your own key: an organisation that does is served only while its key answers, to the last chunk."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from hanbok.gateway.call import Call, Reply
from hanbok.gateway.step import Next
from hanbok.vault.service import VaultService


@dataclass(frozen=True, slots=True)
class Hold:
    """Raises KeyWithdrawn, and ContentsUnavailable where contents must be kept and cannot be."""

    vault: VaultService

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        organisation = call.principal.organisation
        self.vault.admit(organisation)
        reply = await call_next(call)
        if not self.vault.leases.holds(organisation):
            return reply
        self.vault.leases.require(organisation)
        if reply.chunks is not None:
            reply.chunks = self._watch(reply.chunks, organisation)
        return reply

    async def _watch(
        self, chunks: AsyncGenerator[list[bytes], None], organisation: str
    ) -> AsyncGenerator[list[bytes], None]:
        async with aclosing(chunks):
            async for batch in chunks:
                self.vault.leases.require(organisation)
                yield batch
