"""HTTP for jobs elsewhere: small requests now and then, sent again when the other side is busy or gone for a moment."""

import http.client
import secrets
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from hanbok.studio.jobs.errors import ProviderRefused, ProviderUnreachable

_AGAIN: Final = frozenset({408, 409, 429, 500, 502, 503, 504})
_CONFLICT: Final = 409
_LONGEST: Final = 60.0
_MOST: Final = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an API is, and who asks. It is reached at this address and no other: a redirection is refused."""

    endpoint: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    query: str = ""
    ca_file: str = ""
    attempts: int = 6
    seconds: float = 120.0
    sleep: Callable[[float], None] = time.sleep

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        """Return the JSON answer. Raises ProviderRefused, ProviderUnreachable after `attempts`."""
        why = ""
        for attempt in range(self.attempts):
            try:
                status, headers, answer = self._once(method, path, body, kind)
            except (OSError, http.client.HTTPException) as error:
                why = type(error).__name__
                self.sleep(min(_LONGEST, 2.0**attempt))
                continue
            if 200 <= status < 300:  # noqa: PLR2004 - RFC 9110, 15.3: successful
                return _decoded(self.endpoint, status, answer)
            why = f"HTTP {status}"
            if status not in _AGAIN or (status == _CONFLICT and method == "POST"):
                raise ProviderRefused(endpoint=self.endpoint, status=status, reason=_code_in(answer))
            self.sleep(_wait(headers.get("retry-after", ""), attempt))
        raise ProviderUnreachable(endpoint=self.endpoint, why=why, attempts=self.attempts)

    def form(self, path: str, fields: Mapping[str, str], name: str, content: bytes) -> dict[str, Any]:
        """Send a form with a file. Raises as `ask`."""
        edge = secrets.token_hex(16)
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
            for key, value in fields.items()
        ]
        head = (
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/jsonl\r\n\r\n"
        )
        body = "".join([*parts, head]).encode() + content + f"\r\n--{edge}--\r\n".encode()
        return self.ask("POST", path, body, f"multipart/form-data; boundary={edge}")

    def _once(
        self, method: str, path: str, body: bytes | None, kind: str
    ) -> tuple[int, Mapping[str, str], bytes]:
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        if parts.scheme == "https":
            context = ssl.create_default_context(cafile=self.ca_file or None)
            line: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, parts.port, timeout=self.seconds, context=context
            )
        else:
            line = http.client.HTTPConnection(host, parts.port, timeout=self.seconds)
        target = parts.path.rstrip("/") + path
        if self.query:
            target += ("&" if "?" in path else "?") + self.query
        headers = {**self.headers, "accept": "application/json"} | ({"content-type": kind} if body else {})
        try:
            line.request(method, target, body, headers)
            answer = line.getresponse()
            found = {key.lower(): value for key, value in answer.getheaders()}
            return answer.status, found, answer.read(_MOST)
        finally:
            line.close()


def _wait(told: str, attempt: int) -> float:
    try:
        return min(_LONGEST, max(0.0, float(told)))
    except ValueError:
        return min(_LONGEST, 2.0**attempt)


def _decoded(endpoint: str, status: int, answer: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(answer or b"{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise ProviderRefused(endpoint=endpoint, status=status, reason="no JSON") from error


class _Error(msgspec.Struct):
    code: str | int | None = None
    type: str | None = None


class _Body(msgspec.Struct):
    error: _Error | None = None


def _code_in(answer: bytes) -> str:
    """Return the error's code alone: a provider's message may quote what it was sent."""
    try:
        error = msgspec.json.decode(answer, type=_Body).error
    except msgspec.DecodeError:
        return ""
    return str(error.code or error.type or "")[:80] if error else ""
