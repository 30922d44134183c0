"""What was asked and answered is kept, where the settings say so; encrypted, and apart from everything else."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

from hanbok.core.values import Form
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.identifiers import identifiers_in
from hanbok.gateway.step import Next
from hanbok.guard.kinds import Kind
from hanbok.vault.contents import Body, Piece
from hanbok.vault.errors import ContentsUnavailable
from hanbok.vault.keeper import Keeper
from hanbok.vault.maps import Hidden
from hanbok.vault.service import VaultService


@dataclass(frozen=True, slots=True)
class Keep:
    """Where keeping is required, the request is durable before it leaves, and an answer ends only when it is: without
    that no `[DONE]` is sent. Else both are written behind the answer.
    """

    vault: VaultService
    kinds: Mapping[str, Kind]

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        keeper, organisation = self.vault.keeper, call.principal.organisation
        if keeper is None or not self.vault.config.contents.covers(organisation):
            reply = await call_next(call)
            self._map(call)
            return reply
        await _keep(keeper, call, Body(pieces=(call.body,)), "request", self._identifiers(call))
        reply = await call_next(call)
        self._map(call)
        if reply.chunks is None:
            await _keep(keeper, call, Body(pieces=(reply.body,)), "reply")
        else:
            reply.chunks = _stream(keeper, call, reply.chunks)
        return reply

    def _identifiers(self, call: Call) -> tuple[tuple[str, str], ...]:
        """Return kind and value of what was found of people, each once and undisguised."""
        if call.texts is None:
            raise RuntimeError("the inspect step must stand before the keep step")
        return identifiers_in(call.texts.text, call.findings, self.kinds)

    def _map(self, call: Call) -> None:
        """Keep what stands behind the pseudonyms that left."""
        used, organisation = call.ending.used, call.principal.organisation
        if not call.hidden or used is None or used.form is not Form.PSEUDONYMISED:
            return
        if self.vault.config.pseudonyms.covers(organisation):
            hidden = (Hidden(*one) for one in call.hidden)
            self.vault.post_map(organisation, call.id, hidden, used.target.destination.operator)


async def _stream(
    keeper: Keeper, call: Call, chunks: AsyncGenerator[list[bytes], None]
) -> AsyncGenerator[list[bytes], None]:
    pieces: list[bytes] = []
    state = "cut"
    try:
        async with aclosing(chunks):
            async for batch in chunks:
                pieces += batch
                yield batch
        state = "completed"
        await _keep(keeper, call, Body(pieces=tuple(pieces)), "reply")
    finally:
        if state == "cut" and pieces:
            # The client has left, or the answer broke off: what it was given until then is kept behind it.
            _post(keeper, call, Body(pieces=tuple(pieces), state=state))


async def _keep(
    keeper: Keeper, call: Call, body: Body, part: str, identifiers: tuple[tuple[str, str], ...] = ()
) -> None:
    piece = Piece(
        organisation=call.principal.organisation,
        call=call.id,
        part=part,
        body=body,
        identifiers=identifiers,
    )
    try:
        done = keeper.keep(piece)
    except ContentsUnavailable as error:
        if keeper.required:
            raise
        call.ending.steps["keep"] = f"not kept: {error.facts['why']}"
        return
    if keeper.required:
        await done
    call.ending.steps.setdefault("keep", "kept" if keeper.required else "handed over")


def _post(keeper: Keeper, call: Call, body: Body) -> None:
    piece = Piece(organisation=call.principal.organisation, call=call.id, part="reply", body=body)
    try:
        keeper.keep(piece)
    except ContentsUnavailable as error:
        call.ending.steps["keep"] = f"not kept: {error.facts['why']}"
