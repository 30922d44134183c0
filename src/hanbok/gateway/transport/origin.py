"""Where a URL leads, and the bytes that open a request to it."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from hanbok.gateway.errors import UpstreamUnreachable

_PORTS = {"http": 80, "https": 443}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110, 5.5: no CR, LF or NUL
_URL = re.compile(r"[\x21-\x7e]+")
_OURS = frozenset({"accept-encoding", "connection", "content-length", "host", "te", "transfer-encoding"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """RFC 6454: connections and certificates belong to it. `name` is `https://host:port`."""

    name: str
    host: str
    port: int
    tls: bool


@lru_cache(maxsize=2048)
def opening(url: str, headers: tuple[tuple[str, str], ...]) -> tuple[Origin, bytes]:
    """Return the origin, and the request line and headers up to the length. Raises UpstreamUnreachable for a URL
    or header that could be read as more than itself.
    """
    parts = urlsplit(url) if _URL.fullmatch(url) else None
    if parts is None or parts.scheme not in _PORTS or not parts.hostname or parts.fragment:
        raise UpstreamUnreachable(origin="?", why="the URL is not a plain http or https one")
    if parts.username is not None or parts.password is not None:
        raise UpstreamUnreachable(origin="?", why="the URL holds credentials")
    try:
        port = parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise UpstreamUnreachable(origin="?", why="the URL's port is not a number") from error
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    name = f"{parts.scheme}://{host}:{port}"
    origin = Origin(name=name, host=parts.hostname, port=port, tls=parts.scheme == "https")
    asked = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    shown = host if port == _PORTS[parts.scheme] else f"{host}:{port}"
    lines = [f"POST {asked} HTTP/1.1", f"host: {shown}", "accept-encoding: identity"]
    for key, value in headers:
        if not _TOKEN.fullmatch(key) or key.lower() in _OURS:
            raise UpstreamUnreachable(origin=name, why="a header's name is not allowed")
        if not _VALUE.fullmatch(value):
            raise UpstreamUnreachable(
                origin=name, why=f"the header {key!r} holds a character that HTTP forbids"
            )
        lines.append(f"{key}: {value.strip()}")
    return origin, "\r\n".join([*lines, "content-length: "]).encode("latin-1")
