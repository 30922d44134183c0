"""Who calls: a virtual key becomes a principal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from hanbok.gateway.call import Call, Reply
from hanbok.gateway.step import Next
from hanbok.policy.keyring import Keys

_OTHERS = ("x-api-key", "x-goog-api-key")
"""Where clients of Anthropic's and of Google's APIs put their key."""


def bearer(headers: Mapping[str, str]) -> str:
    """Return the secret of a bearer token (RFC 6750) or of another API's own header; else an empty text."""
    scheme, _, secret = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return secret.strip()
    return next((headers[name].strip() for name in _OTHERS if name in headers), "")


@dataclass(frozen=True, slots=True)
class Authenticate:
    keyring: Keys
    now: Callable[[], datetime]

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if call.as_key:
            call.key = self.keyring.known(call.as_key, self.now())
        else:
            call.key = self.keyring.find(bearer(call.headers), self.now())
        call.principal = call.key.principal
        return await call_next(call)
