"""Vertex AI: Gemini's and Anthropic's own forms at a regional address, with a service account. Extra: `google`."""

import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote, urlencode

import msgspec
from google.auth.crypt import RSASigner
from google.auth.jwt import encode  # pyright: ignore[reportUnknownVariableType] - untyped

from hanbok.core.values import Text
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.vertex import Vertex as VertexDialect
from hanbok.gateway.dialects.vertex_anthropic import VertexAnthropic
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.regions import region_of
from hanbok.gateway.spelling.options import base_url, header_options, invalid, known_options, permit, secret
from hanbok.gateway.transport.access_tokens import AccessTokens
from hanbok.gateway.upstream import Upstream

_OPTIONS: Final = frozenset({"ca_file", "location", "project", "publisher"})
_DIALECTS: Final = {"google": VertexDialect, "anthropic": VertexAnthropic}
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_GRANT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFE: Final = 3600


class _Account(msgspec.Struct):
    client_email: str
    private_key: str
    private_key_id: str
    project_id: str = ""
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


class Vertex:
    """The key is the JSON text of a service account's key. `url` is needed only for a proxy or a private endpoint.

    Options: `location` (such as `asia-northeast3`; the endpoint's `country` must be the location's; `global` is in no
    country), `project` (none: the account's own), `publisher` (`google`, or `anthropic` for Claude), `ca_file` (CA
    certificates of a private authority), `header.NAME`.

    A target's model is a publisher's (`gemini-2.5-flash`) or, of Google's, a path below the location
    (`endpoints/123`).
    """

    def __init__(self, config: EndpointConfig, upstream: Upstream) -> None:
        """Raise EndpointOptionUnknown, EndpointOptionInvalid."""
        known_options("vertex", config, _OPTIONS, prefix="header.")
        self.destination = config.destination
        publisher = config.options.get("publisher", "google")
        if publisher not in _DIALECTS:
            why = Text(ko="google이나 anthropic이어야 합니다", en="it must be google or anthropic")
            raise invalid(config, "publisher", why)
        self.dialect: Dialect = _DIALECTS[publisher](config.destination.endpoint)
        location = region_of(config, "google", "location")
        account = _read(config)
        project = config.options.get("project") or account.project_id
        if not project:
            raise invalid(config, "project", Text(ko="필요합니다", en="it is needed"))
        host = "aiplatform" if location == "global" else f"{location}-aiplatform"
        url = base_url(config, upstream, f"https://{host}.googleapis.com")
        self._url = f"{url}/v1/projects/{quote(project, safe='')}/locations/{location}"
        self._headers = header_options(config)
        permit(config, upstream, account.token_uri)
        self._tokens = AccessTokens(
            endpoint=config.destination.endpoint,
            url=account.token_uri,
            form=_assertion(config, account),
            upstream=upstream,
        )

    async def address(self, operation: Operation, model: str) -> Address:  # noqa: ARG002 - the same for all
        """Return where to send, with a fresh token."""
        who = ("authorization", f"Bearer {await self._tokens.token()}")
        return Address(url=self._url, headers=(who, *self._headers))

    async def start(self) -> None:
        """Nothing runs beside it: a token is fetched when the first call needs it."""

    async def close(self) -> None:
        """End a renewal of the token."""
        await self._tokens.close()


def _read(config: EndpointConfig) -> _Account:
    try:
        return msgspec.json.decode(secret(config), type=_Account)
    except msgspec.MsgspecError as error:
        why = Text(ko="서비스 계정 키의 JSON이 아닙니다", en="it is no JSON of a service account's key")
        raise invalid(config, "key", why) from error


def _assertion(config: EndpointConfig, account: _Account) -> Callable[[], bytes]:
    """Return what writes a request for a token (RFC 7523, 2.1)."""
    try:
        signer = RSASigner.from_string(  # type: ignore[no-untyped-call]  # pyright: ignore[reportUnknownMemberType] - untyped
            account.private_key, account.private_key_id
        )
    except ValueError:
        why = Text(ko="private_key를 읽을 수 없습니다", en="its private_key cannot be read")
        raise invalid(config, "key", why) from None

    def form() -> bytes:
        now = int(time.time())
        claims = {
            "iss": account.client_email,
            "scope": _SCOPE,
            "aud": account.token_uri,
            "iat": now,
            "exp": now + _LIFE,
        }
        assertion = encode(signer, claims).decode()  # type: ignore[no-untyped-call]  # untyped
        return urlencode({"grant_type": _GRANT, "assertion": assertion}).encode()

    return form
