"""Access tokens of OAuth 2.0 (RFC 6749): kept while they live, renewed before they end, beside the calls."""

import asyncio
import time
from collections.abc import Callable

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.spelling.failure import failure_code
from hanbok.gateway.upstream import Timeouts, Upstream

_FORM = (("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"))
_TIMEOUTS = Timeouts(connect=5, first=10, idle=10, total=15)
_EARLY = 300.0
"""Seconds before its end at which a token is renewed, while the old one still serves; a tenth of a short life."""
_LIMIT = 256 * 1024
_OK = 200


class _Answer(msgspec.Struct):
    access_token: str
    expires_in: int | str = 3600  # some authorities write it as a text


_DECODE = msgspec.json.Decoder(_Answer, strict=False).decode


class AccessTokens:
    """Fetches a token when there is none, once for all who wait; no call waits for a renewal."""

    def __init__(
        self,
        *,
        endpoint: str,
        url: str,
        form: Callable[[], bytes],
        upstream: Upstream,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`endpoint` names the endpoint in errors, `form` writes the body of a request for a token."""
        self._endpoint = endpoint
        self._url = url
        self._form = form
        self._upstream = upstream
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0
        self._end = 0.0
        self._lock = asyncio.Lock()
        self._renewing: asyncio.Task[None] | None = None

    async def token(self) -> str:
        """Return a token that is good now. Raises EndpointUnavailable."""
        now = self._clock()
        if now < self._renew_at:
            return self._token
        if now < self._end:
            if self._renewing is None or self._renewing.done():
                self._renewing = asyncio.create_task(self._renew_beside())
            return self._token
        async with self._lock:
            if self._clock() >= self._end:  # else another call fetched it while this one waited
                await self._fetch()
        return self._token

    async def close(self) -> None:
        """End a renewal that is under way."""
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.gather(self._renewing, return_exceptions=True)

    async def _renew_beside(self) -> None:
        async with self._lock:
            try:
                await self._renew()
            except HanbokError:
                # The old token still serves, and the next call tries again: at its end the failure is told.
                return

    async def _fetch(self) -> None:
        try:
            await self._renew()
        except HanbokError as error:
            reason = error.facts.get("reason", error.code)
            why = Text(ko=f"접근 토큰을 받지 못했습니다 ({reason})", en=f"no access token ({reason})")
            raise EndpointUnavailable(endpoint=self._endpoint, why=why) from error

    async def _renew(self) -> None:
        began = self._clock()
        exchange = await self._upstream.post(self._url, _FORM, self._form(), _TIMEOUTS)
        try:
            body = await exchange.whole(_LIMIT)
        finally:
            exchange.close()
        if exchange.status != _OK:
            raise EndpointUnavailable(endpoint=self._endpoint, why="", reason=failure_code(body))
        try:
            answer = _DECODE(body)
            seconds = float(answer.expires_in)
        except (msgspec.MsgspecError, UnicodeDecodeError, ValueError) as error:
            raise EndpointUnavailable(endpoint=self._endpoint, why="", reason="unreadable") from error
        self._token, self._end = answer.access_token, began + seconds
        self._renew_at = self._end - min(_EARLY, seconds / 10)
