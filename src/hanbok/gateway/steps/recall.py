"""Give an answer again that was given to the very same request, where the settings ask for it.

It stands right before the call: guard, policy and record have done their part, and the way back does its own. What is
compared is what would leave, so values that were hidden never meet: each request puts its own back.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from hashlib import sha256

import msgspec

from hanbok.gateway.cache import Answer, Cache
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.catalogue import Caching
from hanbok.gateway.rules import TASK
from hanbok.gateway.step import Next
from hanbok.policy.ruling import Judge

_KEPT = frozenset({Operation.CHAT, Operation.EMBEDDINGS})
_TELLING = ("anthropic-beta", TASK)
"""Headers of clients that change who answers, or what."""
_OK = 200


@dataclass(frozen=True, slots=True)
class Recall:
    cache: Cache
    judge: Judge

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        caching = call.offer.caching if call.offer else None
        if caching is None or call.operation not in _KEPT:
            return await call_next(call)
        key = self._key(call) if caching.covers(call.principal.organisation, call.grade) else None
        if key is None:
            call.ending.steps["cache"] = "not run"
            return await call_next(call)
        found = self.cache.find(key)
        if found is not None and found.planned == call.plan[0]:
            call.ending.used, call.ending.steps["cache"] = found.planned, "hit"
            return found.reply()
        call.ending.steps["cache"] = "miss"
        reply = await call_next(call)
        return self._noted(call, key, caching, reply) if reply.status == _OK else reply

    def _key(self, call: Call) -> bytes | None:
        """Return what tells this request from all others; None for one that cannot be put in one form."""
        if call.body_in is None:
            raise RuntimeError("the protect step must stand before the recall step")
        first = call.plan[0]
        try:
            asked = msgspec.json.encode(msgspec.json.decode(call.body_in(first.form)), order="sorted")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        told = (
            call.principal.organisation,
            self.judge.version,
            call.grade,
            call.operation,
            call.front.name if call.front else "",
            call.model,
            first.target.endpoint,
            first.target.model,
            first.form,
            call.stream,
            [call.headers.get(name, "") for name in _TELLING],
        )
        return sha256(msgspec.json.encode(told) + asked).digest()

    def _noted(self, call: Call, key: bytes, caching: Caching, reply: Reply) -> Reply:
        used = call.ending.used
        if used is None or used != call.plan[0]:
            # Another place may have been told more than the key's form shows: what it said is this caller's alone.
            return reply
        if reply.chunks is not None:
            whole = Answer(planned=used, headers=reply.headers)
            reply.chunks = self._noting(reply.chunks, key, caching, whole)
        else:
            answer = Answer(planned=used, headers=reply.headers, media=reply.media, body=reply.body)
            self.cache.keep(key, answer, caching.seconds)
        return reply

    async def _noting(
        self, chunks: AsyncGenerator[list[bytes], None], key: bytes, caching: Caching, answer: Answer
    ) -> AsyncGenerator[list[bytes], None]:
        """Pass a stream on, and keep it once it has ended properly."""
        batches: list[tuple[bytes, ...]] = []
        size = 0
        async with aclosing(chunks):
            async for batch in chunks:
                size += sum(map(len, batch))
                if size <= self.cache.largest:
                    batches.append(tuple(batch))
                yield batch
        if size <= self.cache.largest:
            self.cache.keep(key, replace(answer, batches=tuple(batches)), caching.seconds)
