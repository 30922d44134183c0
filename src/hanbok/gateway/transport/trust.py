"""Whom the client trusts over TLS, and why a connection failed."""

import socket
import ssl
from pathlib import Path

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamUnreachable

_NO_AUTHORITIES = Text(
    ko="CA 인증서 파일을 읽을 수 없습니다", en="its file of CA certificates cannot be read"
)


class Trust:
    """One TLS context per origin for life: making one for each request costs more than the request."""

    def __init__(self) -> None:
        """Trust the system's CA certificates."""
        self._authorities: dict[str, Path] = {}
        self._contexts: dict[str, ssl.SSLContext] = {}

    def set(self, origin: str, authorities: Path) -> None:
        """Trust, for this origin, this file from the next connection on."""
        if self._authorities.get(origin) != authorities:
            self._authorities[origin] = authorities
            self._contexts.pop(origin, None)

    def context(self, origin: str) -> ssl.SSLContext:
        """Return the origin's context. Raises UpstreamUnreachable when its file cannot be read."""
        context = self._contexts.get(origin)
        if context is None:
            try:
                context = ssl.create_default_context(cafile=self._authorities.get(origin))
            except OSError as error:
                raise UpstreamUnreachable(origin=origin, why=_NO_AUTHORITIES) from error
            context.set_alpn_protocols(["http/1.1"])
            self._contexts[origin] = context
        return context


def reason(error: OSError) -> Text | str:
    """Say why a connection failed, without the addresses that the system adds."""
    if isinstance(error, ssl.SSLCertVerificationError):
        message = error.verify_message
        return Text(ko=f"인증서를 믿을 수 없습니다 ({message})", en=f"its certificate is refused ({message})")
    if isinstance(error, ssl.SSLError):
        return Text(ko=f"TLS 연결에 실패했습니다 ({error.reason})", en=f"TLS failed ({error.reason})")
    if isinstance(error, socket.gaierror):
        return Text(ko="이름의 주소를 찾을 수 없습니다", en="its name cannot be resolved")
    return error.strerror or type(error).__name__
