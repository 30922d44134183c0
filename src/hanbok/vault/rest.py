"""JSON over HTTP for key providers: blocking, small, one TLS context for life."""

import http.client
import json
import ssl
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import urlsplit

from hanbok.vault.errors import KeyProviderFailed, KeyRefused
from hanbok.vault.key_provider import ProviderConfig

_LIMIT: Final = 1024 * 1024
_SECONDS: Final = 2.0
_OK: Final = range(200, 300)
_NO: Final = range(400, 500)
_BUSY: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: its status, and its JSON object (empty when it sent none)."""

    status: int
    body: Mapping[str, Any]


class Rest:
    """Sends requests to one server. Each has a connection of its own: a pause of hours leaves no dead one behind."""

    def __init__(self, config: ProviderConfig, url: str) -> None:
        """Take the base URL; its path stands before that of every request."""
        parts = urlsplit(url)
        self._name = config.name
        self._tls = ssl.create_default_context(cafile=config.ca) if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port
        self.host = parts.netloc.rpartition("@")[2]
        """As the `Host` header names it."""
        self._base = parts.path.rstrip("/")
        self._seconds = float(config.options.get("timeout", _SECONDS))

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Mapping[str, Any]:
        """Return the JSON object of a good answer. Raises KeyRefused for a no, KeyProviderFailed for anything else."""
        answer = self._exchange(method, self._base + path, headers, body)
        if answer.status in _OK:
            return answer.body
        why = f"HTTP {answer.status} {_said(answer.body)}".strip()
        if answer.status in _NO and answer.status not in _BUSY:
            raise KeyRefused(provider=self._name, why=why)
        raise KeyProviderFailed(provider=self._name, why=why)

    def _line(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._seconds)
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._seconds, context=self._tls)

    def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        line = self._line()
        try:
            line.request(method, path, body or None, dict(headers))
            response = line.getresponse()
            data = response.read(_LIMIT)
            found: object = json.loads(data) if data.strip() else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise KeyProviderFailed(provider=self._name, why=type(error).__name__) from None
        finally:
            line.close()
        return Answer(response.status, _mapping(found))


def encoded(data: bytes, *, urlsafe: bool = False) -> str:
    """Return bytes as base64, for a request; `urlsafe` as JOSE writes it, without padding (RFC 7515, 2)."""
    return urlsafe_b64encode(data).rstrip(b"=").decode() if urlsafe else b64encode(data).decode()


def decoded(provider: str, body: Mapping[str, Any], *names: str, urlsafe: bool = False) -> bytes:
    """Return the bytes that an answer holds as base64. Raises KeyProviderFailed when there are none: no bytes would
    pass for a key that anybody can guess.
    """
    value = text(body, *names)
    try:
        found = (urlsafe_b64decode if urlsafe else b64decode)(value + "=" * (-len(value) % 4))
    except ValueError:
        found = b""
    if not found:
        raise KeyProviderFailed(provider=provider, why=f"no {names[-1]}")
    return found


def text(body: Mapping[str, Any], *names: str) -> str:
    """Return a text in an answer, by the names that lead to it; empty when it is not there."""
    value: object = body
    for name in names:
        value = _mapping(value).get(name)
    return value if isinstance(value, str) else ""


def part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return an object in an answer; empty when it is not there."""
    return _mapping(body.get(name))


def _mapping(value: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def _said(body: Mapping[str, Any]) -> str:
    """Return the code of an error, as the providers spell it; their sentences may name what is not ours to tell."""
    for names in (("__type",), ("error", "code"), ("error",), ("code",)):
        if code := text(body, *names):
            return code[:100]
    return ""
