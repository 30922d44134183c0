"""Tells alerts to a webhook, signed as Standard Webhooks does (https://www.standardwebhooks.com): HMAC-SHA256 over id,
time and body. It goes to the one place that the settings name, and to no other.
"""

import asyncio
import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from hanbok.core.clock import now
from hanbok.core.duty import Duty
from hanbok.core.errors import HanbokError
from hanbok.gateway.transport.egress import Egress
from hanbok.gateway.transport.origin import opening
from hanbok.gateway.upstream import Gate, Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.policy.alerts import Alerts, Due

PREFIX: Final = "whsec_"
_TIMEOUTS: Final = Timeouts(connect=5, first=10, idle=10, total=20)
_EVERY: Final = 2.0
_LIMIT: Final = 64 * 1024


class Webhook(NamedTuple):
    """Where alerts go, and the secret that both sides share."""

    url: str
    secret: bytes
    thresholds: Sequence[int]

    @property
    def gate(self) -> Gate:
        """The place that it is reached at; the operator chose it, so it may be inside."""
        origin, _ = opening(self.url, ())
        return Gate(host=origin.host, port=origin.port, endpoint="alerts", private=True)


def secret_of(text: str) -> bytes:
    """Return the bytes of a secret such as `whsec_...` (base64). Raises ValueError."""
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("the secret is `whsec_` and base64") from error
    if not text.startswith(PREFIX) or len(secret) < 24:  # noqa: PLR2004 - as the standard asks
        raise ValueError("the secret is `whsec_` and base64 of 24 bytes or more")
    return secret


def signed(secret: bytes, message: str, at: int, body: bytes) -> tuple[tuple[str, str], ...]:
    """Return the headers that prove a message."""
    digest = hmac.digest(secret, f"{message}.{at}.".encode() + body, "sha256")
    return (
        ("content-type", "application/json"),
        ("webhook-id", message),
        ("webhook-timestamp", str(at)),
        ("webhook-signature", f"v1,{base64.b64encode(digest).decode()}"),
    )


class Teller:
    """Tells alerts at least once. `configured` gives the webhook of the settings in force; None: nobody is told."""

    def __init__(
        self,
        alerts: Alerts,
        configured: Callable[[], Webhook | None],
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._alerts = alerts
        self._configured = configured
        self._clock = clock
        self._egress = Egress()
        self._upstream = Http1(egress=self._egress)

    def duties(self) -> list[Duty]:
        """Return what is to be repeated."""
        return [Duty(_EVERY, self.tell)]

    async def tell(self) -> None:
        """Note what budgets passed, and tell what is due."""
        webhook = self._configured()
        if webhook is None:
            return
        await asyncio.to_thread(self._alerts.note, self._clock(), webhook.thresholds)
        while claimed := await asyncio.to_thread(self._alerts.claim, self._clock()):
            for due in claimed:
                status = await self._post(webhook, due)
                await asyncio.to_thread(self._alerts.settle, due, self._clock(), status)

    async def close(self) -> None:
        """Close the connections."""
        await self._upstream.close()

    async def _post(self, webhook: Webhook, due: Due) -> str:
        headers = signed(webhook.secret, due.id, int(self._clock().timestamp()), due.body)
        try:
            self._egress.only([webhook.gate])
            exchange = await self._upstream.post(webhook.url, headers, due.body, _TIMEOUTS)
            try:
                await exchange.whole(_LIMIT)
            finally:
                exchange.close()
        except HanbokError as error:
            return error.code
        return "delivered" if exchange.status // 100 == 2 else f"HTTP {exchange.status}"  # noqa: PLR2004
