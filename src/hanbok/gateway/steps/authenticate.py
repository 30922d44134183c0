"""Who calls: a virtual key becomes a principal."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from hanbok.gateway.call import Call, Reply
from hanbok.gateway.step import Next
from hanbok.policy.keyring import KeyRing


@dataclass(frozen=True, slots=True)
class Authenticate:
    keyring: KeyRing
    now: Callable[[], datetime]

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        scheme, _, secret = call.headers.get("authorization", "").partition(" ")
        call.key = self.keyring.find(secret.strip() if scheme.lower() == "bearer" else "", self.now())
        call.principal = call.key.principal
        return await call_next(call)
