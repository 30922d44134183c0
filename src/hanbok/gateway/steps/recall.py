"""Give an answer again that was given to the very same request, where the settings ask for it.

It stands right before the call: guard, policy and record have done their part, and the way back does its own. What is
compared is what would leave, so values that were hidden never meet: each request puts its own back.
"""

from dataclasses import dataclass
from hashlib import sha256

import msgspec

from hanbok.gateway.cache import Cache, noted
from hanbok.gateway.call import Call, Operation, Reply
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
        if caching is None or not caching.seconds or call.operation not in _KEPT:
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
        used = call.ending.used
        if reply.status != _OK or used is None or used != call.plan[0]:
            # Another place may have been told more than the key's form shows: what it said is this caller's alone.
            return reply
        if call.ending.steps["cache"] != "miss":
            return reply  # it is the answer to another request, and grows old with that one
        return noted(reply, used, self.cache.largest, lambda one: self.cache.keep(key, one, caching.seconds))

    def _key(self, call: Call) -> bytes | None:
        """Return what tells this request from all others; None for one that cannot be put in one form."""
        if call.body_in is None:
            raise RuntimeError("the protect step must stand before the recall step")
        try:
            asked = msgspec.json.encode(msgspec.json.decode(call.body_in(call.plan[0].form)), order="sorted")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return sha256(circumstances(call, self.judge.version) + asked).digest()


def circumstances(call: Call, policy: str) -> bytes:
    """Return what keeps answers apart beside the requests themselves: an answer never crosses any of these."""
    first = call.plan[0]
    told = (
        call.principal.organisation,
        policy,
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
    return msgspec.json.encode(told)
