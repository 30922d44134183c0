"""Access tokens by the client credentials grant (RFC 6749, 4.4)."""

import time
from collections.abc import Callable
from urllib.parse import urlencode

from hanbok.gateway.transport.access_tokens import AccessTokens
from hanbok.gateway.upstream import Upstream


class ClientCredentials(AccessTokens):
    """Tokens of an application with a secret of its own."""

    def __init__(
        self,
        *,
        endpoint: str,
        url: str,
        client_id: str,
        client_secret: str,
        scope: str,
        upstream: Upstream,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`endpoint` names the endpoint in errors."""
        form = urlencode(
            {
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": client_secret,
                "scope": scope,
            }
        ).encode()
        super().__init__(endpoint=endpoint, url=url, form=lambda: form, upstream=upstream, clock=clock)
