"""Asking an endpoint that speaks OpenAI's API: lean, patient where patience helps, counted."""

import asyncio
import email.utils
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from hanbok.core.clock import now
from hanbok.core.secret import Secret
from hanbok.gateway.errors import (
    EndpointUnavailable,
    UpstreamCut,
    UpstreamGarbled,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from hanbok.gateway.upstream import Timeouts, Upstream
from hanbok.studio.evaluate.errors import EndpointGone, EndpointRefuses
from hanbok.studio.evaluate.item import Chat

_LIMIT: Final = 64 << 20
_AGAIN: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_HOPELESS: Final = frozenset({401, 402, 403, 404, 405, 407})
_BELOW_FAULT: Final = 300
_OF_THE_LINE: Final = (
    UpstreamUnreachable,
    UpstreamTimeout,
    UpstreamCut,
    UpstreamGarbled,
    EndpointUnavailable,
)


class RowRefused(Exception):
    """The endpoint takes no such row (too long, filtered), though it takes others."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Patience(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long one goes on asking. Seconds."""

    tries: int = 6
    first: float = 0.5
    longest: float = 60.0
    answer: float = 600.0


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A token that might have come, and its log-probability."""

    token: str = ""
    logprob: float = -9999.0


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()
    tried: tuple[Tried, ...] = ()
    """What the first token might have been, where that was asked for and is told."""


class _Function(msgspec.Struct):
    name: str = ""
    arguments: Any = ""


class _Call(msgspec.Struct):
    function: _Function = msgspec.field(default_factory=_Function)


class _Message(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_Call] | None = None


class _Step(msgspec.Struct):
    top_logprobs: list[Tried] = []


class _Steps(msgspec.Struct):
    content: list[_Step] | None = None
    """Of a chat, and of llama.cpp also in completions."""
    top_logprobs: list[dict[str, float] | None] | None = None
    """Of a completion."""


class _Choice(msgspec.Struct):
    message: _Message | None = None
    text: str | None = None
    logprobs: _Steps | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Reply(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None


class Counter:
    """What the asking for one row took."""

    __slots__ = ("input", "output", "requests", "seconds")

    def __init__(self) -> None:
        self.requests = self.input = self.output = 0
        self.seconds = 0.0


class Door:
    """One model at one endpoint. Holds nothing of what is asked."""

    def __init__(
        self,
        upstream: Upstream,
        where: str | Callable[[], Awaitable[str]],
        model: str,
        key: Secret,
        patience: Patience,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """`where` is the base URL, which ends in /v1, or what tells it. `fields` go into every request."""
        self.model = model
        self._where = where
        self._upstream, self._patience = upstream, patience
        self._fields = dict(fields or {})
        secret = key.reveal()
        self._headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
        if secret:
            self._headers += (("authorization", f"Bearer {secret}"),)
        self._decode = msgspec.json.Decoder(_Reply)
        self._encode = msgspec.json.Encoder()
        self._timeouts = Timeouts(first=patience.answer, idle=patience.answer, total=patience.answer)
        self._taken = 0
        self._refused = 0

    async def chat(self, messages: Chat, counter: Counter, **fields: Any) -> Said:  # noqa: ANN401 - of the API
        """Return the answer of a chat. Raises EndpointGone, EndpointRefuses, RowRefused."""
        return await self._ask("/chat/completions", {"messages": messages, **fields}, counter)

    async def complete(self, prompt: str, counter: Counter, **fields: Any) -> Said:  # noqa: ANN401 - of the API
        """Return how a text goes on. Raises as `chat`."""
        return await self._ask("/completions", {"prompt": prompt, **fields}, counter)

    async def post(self, path: str, body: Mapping[str, Any], counter: Counter) -> bytes:
        """Send, again while that may help, and return the body. A path with // replaces the base's /v1."""
        payload = self._encode.encode({"model": self.model, **self._fields, **body})
        delay, failure = self._patience.first, ""
        for attempt in range(1, self._patience.tries + 1):
            began = time.perf_counter()
            counter.requests += 1
            wait = 0.0
            try:
                url = await self._url(path)
                exchange = await self._upstream.post(url, self._headers, payload, self._timeouts)
                body_read = await exchange.whole(_LIMIT)
            except _OF_THE_LINE as error:
                failure = error.code
            else:
                counter.seconds += time.perf_counter() - began
                if exchange.status < _BELOW_FAULT:
                    self._taken += 1
                    return body_read
                reason = _reason(body_read)
                if exchange.status not in _AGAIN:
                    raise self._no(exchange.status, reason)
                failure = f"HTTP {exchange.status} {reason}".strip()
                wait = _asked_to_wait(exchange.headers.get("retry-after", ""))
            if attempt < self._patience.tries:
                pause = min(self._patience.longest, max(wait, delay * random.uniform(0.5, 1.0)))
                await asyncio.sleep(pause)
                delay *= 2
        raise EndpointGone(tries=self._patience.tries, why=failure)

    async def _url(self, path: str) -> str:
        where = self._where if isinstance(self._where, str) else await self._where()
        where = where.rstrip("/")
        return where.removesuffix("/v1") + path[1:] if path.startswith("//") else where + path

    def _no(self, status: int, reason: str) -> Exception:
        """Tell a row that is refused from an endpoint that has taken none of many: that one is asked wrongly."""
        self._refused += 1
        if status in _HOPELESS or (not self._taken and self._refused >= self._patience.tries):
            return EndpointRefuses(status=status, reason=reason)
        return RowRefused(f"{status} {reason}".strip())

    async def _ask(self, path: str, body: dict[str, Any], counter: Counter) -> Said:
        for _ in range(self._patience.tries):
            answered = await self.post(path, body, counter)
            try:
                reply = self._decode.decode(answered)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue  # garbage: ask again
            if reply.usage is not None:
                counter.input += reply.usage.prompt_tokens
                counter.output += reply.usage.completion_tokens
            return _said(reply)
        raise EndpointGone(tries=self._patience.tries, why="JSON")


def _said(reply: _Reply) -> Said:
    if not reply.choices:
        return Said()
    choice = reply.choices[0]
    message = choice.message or _Message(content=choice.text)
    calls = tuple((one.function.name, _arguments(one.function.arguments)) for one in message.tool_calls or [])
    return Said(text=message.content or "", calls=calls, tried=_tried(choice.logprobs))


def _tried(steps: _Steps | None) -> tuple[Tried, ...]:
    if steps is None:
        return ()
    if steps.content:
        return tuple(steps.content[0].top_logprobs)
    tops = next((one for one in steps.top_logprobs or [] if one), {})
    return tuple(Tried(token=token, logprob=value) for token, value in tops.items())


def _arguments(given: object) -> str:
    return given if isinstance(given, str) else msgspec.json.encode(given).decode()


def _reason(body: bytes) -> str:
    """Return the provider's code, never its message, which may quote the request."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    error = found.get("error") if isinstance(found, dict) else None
    code = (error.get("code") or error.get("type")) if isinstance(error, dict) else None
    return str(code)[:64] if code else ""


def _asked_to_wait(header: str) -> float:
    """Return the seconds of a Retry-After, which is a number or a date (RFC 9110, 10.2.3)."""
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(header) - now()).total_seconds())
    except (ValueError, TypeError):
        return 0.0
