"""Where a URL leads, and the bytes that open a request to it."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamUnreachable

_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, 5.5: no CR, LF or NUL
_URL = re.compile(r"[\x21-\x7e]+")
_OURS = frozenset({"accept-encoding", "connection", "content-length", "host", "te", "transfer-encoding"})


_NO_URL = Text(ko="URL이 http나 https 주소가 아닙니다", en="the URL is not a plain http or https one")
_NO_PORT = Text(ko="URL의 포트가 숫자가 아닙니다", en="the URL's port is not a number")
_CREDENTIALS = Text(ko="URL에 인증 정보가 들어 있습니다", en="the URL holds credentials")
_NO_NAME = Text(ko="쓸 수 없는 헤더 이름이 있습니다", en="a header's name is not allowed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """RFC 6454: connections and certificates belong to it. `name` is `https://host:port`."""

    name: str
    host: str
    port: int
    tls: bool


@lru_cache(maxsize=2048)
def opening(url: str, headers: tuple[tuple[str, str], ...], method: str = "POST") -> tuple[Origin, bytes]:
    """Return the origin, and the request line and headers up to the length. Raises UpstreamUnreachable for a URL
    or header that could be read as more than itself.
    """
    parts = urlsplit(url) if _URL.fullmatch(url) else None
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or parts.fragment:
        raise UpstreamUnreachable(origin="?", why=_NO_URL)
    if parts.username is not None or parts.password is not None:
        raise UpstreamUnreachable(origin="?", why=_CREDENTIALS)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise UpstreamUnreachable(origin="?", why=_NO_PORT) from error
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    name = f"{parts.scheme}://{host}:{port}"
    origin = Origin(name=name, host=parts.hostname, port=port, tls=parts.scheme == "https")
    asked = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    shown = host if port == _PORTS[parts.scheme] else f"{host}:{port}"
    lines = [f"{method} {asked} HTTP/1.1", f"host: {shown}", "accept-encoding: identity"]
    for key, value in headers:
        if not _TOKEN.fullmatch(key) or key.lower() in _OURS:
            raise UpstreamUnreachable(origin=name, why=_NO_NAME)
        if not _VALUE.fullmatch(value):
            raise UpstreamUnreachable(origin=name, why=_unfit(key))
        lines.append(f"{key}: {value.strip()}")
    return origin, "\r\n".join([*lines, "content-length: "]).encode("latin-1")


def _unfit(header: str) -> Text:
    return Text(
        ko=f"헤더 {header!r}의 값에 HTTP가 금하는 문자가 있습니다",
        en=f"the header {header!r} holds a character that HTTP forbids",
    )
