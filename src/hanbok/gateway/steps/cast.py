"""Have some calls answered by another model too, once their client has its answer.

A copy goes down a path of its own: it is decided for its own place, recorded under the id of its call with a suffix,
and paid by a key of its own. What it may not do, or what the key cannot pay, the client never notices.
"""

import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.gateway.answering.shadows import SUFFIX, Noted, Shadows
from hanbok.gateway.call import Call, Ending, Operation, Reply
from hanbok.gateway.catalogue import Shadow
from hanbok.gateway.path import Path
from hanbok.gateway.step import Next
from hanbok.policy.keyring import Keys

_SECRETS: Final = frozenset({"authorization", "x-api-key", "x-goog-api-key", "cookie"})
_OK: Final = 200


@dataclass(slots=True)
class Cast:
    shadows: Shadows
    keys: Keys
    now: Callable[[], datetime]
    draw: Callable[[], float] = field(default=random.random)
    path: Path | None = None
    """Of the copies. Set once it is laid: it is made of the same steps."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        shadow = call.offer.shadow if call.offer else None
        if shadow is None or call.operation is not Operation.CHAT or self.draw() * 100 >= shadow.percent:
            return await call_next(call)
        key = self._key(call.principal.organisation, shadow)
        if not key:
            self.shadows.dropped(call.model, "no_key")
            return await call_next(call)
        copy = _copy(call, shadow, key)
        noted = Noted()
        reply = await call_next(call)
        if reply.status != _OK:
            return reply
        if reply.chunks is None:
            noted.add([reply.body])
            noted.end()
        else:
            reply.chunks = _overheard(reply.chunks, noted)
        call.at_end(lambda: self._begin(call, copy, noted, shadow))
        return reply

    def _key(self, organisation: str, shadow: Shadow) -> str:
        """Return the key of this organisation that pays for copies; empty: it has none."""
        for name in shadow.keys:
            try:
                key = self.keys.known(name, self.now())
            except HanbokError:
                continue  # it was revoked, or has expired: no copies are made in its name
            if key.principal.organisation == organisation:
                return name
        return ""

    def _begin(self, call: Call, copy: Call, noted: Noted, shadow: Shadow) -> None:
        if self.path is None:
            raise RuntimeError("the path of copies was not laid")
        if call.ending.status == "completed":
            self.shadows.begin(self.path, copy, noted, call.model, shadow.at_once)
        else:
            self.shadows.dropped(call.model, "client_left")


def _copy(call: Call, shadow: Shadow, key: str) -> Call:
    """Return the call as it is asked again: what was found in it is known already."""
    steps = {"shadow_of": call.id, "inspect": call.ending.steps.get("inspect", "")}
    return replace(
        call,
        id=call.id + SUFFIX,
        headers={name: value for name, value in call.headers.items() if name not in _SECRETS},
        as_key=key,
        behalf=call.principal,
        model=shadow.model,
        key=None,
        offer=None,
        reserved=0,
        refusal=None,
        plan=(),
        body_in=None,
        hidden=(),
        recorded=False,
        ending=Ending(steps=steps),
        hooks=[],
    )


async def _overheard(
    chunks: AsyncGenerator[list[bytes], None], noted: Noted
) -> AsyncGenerator[list[bytes], None]:
    async with aclosing(chunks):
        async for batch in chunks:
            noted.add(batch)
            yield batch
    noted.end()
