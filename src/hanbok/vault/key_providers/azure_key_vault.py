"""Azure Key Vault and Managed HSM: wrapKey and unwrapKey, with a token of Microsoft Entra ID."""

import json
import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote, urlencode, urlsplit

from hanbok.vault.errors import KeyProviderFailed
from hanbok.vault.key_provider import Description, ProviderConfig, Wrapped
from hanbok.vault.rest import Rest, decoded, encoded, part, text

_AUTHORITY: Final = "https://login.microsoftonline.com"
_VERSION: Final = "7.4"
_EARLY: Final = 300.0
"""Seconds before its end at which a token is renewed."""
_MANAGED: Final = ".managedhsm."


class AzureKeyVault:
    """`url` is the vault or the managed HSM; options: `tenant`, `client_id` (`secret` is its secret), `authority`,
    `algorithm` (RSA-OAEP-256; A256KW for an `oct-HSM` key), `type` (RSA-HSM).
    """

    makes_keys: ClassVar[bool] = False

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._rest = Rest(config, config.url)
        options = config.options
        self._authority = Rest(config, options.get("authority", _AUTHORITY))
        self._tenant = options.get("tenant", "")
        host = urlsplit(config.url).hostname or ""
        resource = "https://managedhsm.azure.net" if _MANAGED in host else "https://vault.azure.net"
        self._grant = {
            "grant_type": "client_credentials",
            "client_id": options.get("client_id", ""),
            "scope": f"{options.get('resource', resource)}/.default",
        }
        self._secret = config.secret
        self._algorithm = options.get("algorithm", "RSA-OAEP-256")
        self._type = options.get("type", "RSA-HSM")
        self._token = ""
        self._renew_at = 0.0
        self._lock = threading.Lock()

    def create(self, key: str) -> None:
        self._ask("POST", f"{_path(key)}/create", {"kty": self._type, "key_ops": ["wrapKey", "unwrapKey"]})

    def wrap(self, key: str, secret: bytes, context: str) -> Wrapped:  # noqa: ARG002 - Azure binds no context
        said = self._ask(
            "POST", f"{_path(key)}/wrapkey", {"alg": self._algorithm, "value": encoded(secret, urlsafe=True)}
        )
        return Wrapped(blob=self._value(said), version=text(said, "kid").rpartition("/")[2])

    def unwrap(self, key: str, wrapped: Wrapped, context: str) -> bytes:  # noqa: ARG002 - as above
        path = f"{_path(key)}/{quote(wrapped.version, safe='')}/unwrapkey"
        asked = {"alg": self._algorithm, "value": encoded(wrapped.blob, urlsafe=True)}
        return self._value(self._ask("POST", path, asked))

    def rotate(self, key: str) -> str:
        said = self._ask("POST", f"{_path(key)}/rotate", {})
        return text(said, "key", "kid").rpartition("/")[2]

    def destroy(self, key: str) -> None:
        self._ask("DELETE", _path(key), None)

    def describe(self, key: str) -> Description:
        said = self._ask("GET", _path(key), None)
        enabled = bool(part(said, "attributes").get("enabled", False))
        return Description(
            key=key,
            version=text(said, "key", "kid").rpartition("/")[2],
            state="enabled" if enabled else "disabled",
            facts={"type": text(said, "key", "kty")},
        )

    def close(self) -> None:
        """Nothing is held."""

    def _value(self, said: Mapping[str, Any]) -> bytes:
        return decoded(self._name, said, "value", urlsafe=True)

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None) -> Mapping[str, Any]:
        headers = {"authorization": f"Bearer {self._bearer()}", "content-type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        return self._rest.ask(method, f"{path}?api-version={_VERSION}", headers, data)

    def _bearer(self) -> str:
        """Return a token that is good now (RFC 6749, 4.4)."""
        with self._lock:
            if time.monotonic() >= self._renew_at:
                form = urlencode(self._grant | {"client_secret": self._secret.reveal()}).encode()
                headers = {"content-type": "application/x-www-form-urlencoded"}
                said = self._authority.ask("POST", f"/{quote(self._tenant)}/oauth2/v2.0/token", headers, form)
                token, seconds = text(said, "access_token"), said.get("expires_in", 0)
                if not token or not isinstance(seconds, int):
                    raise KeyProviderFailed(provider=self._name, why="no access_token")
                self._token = token
                self._renew_at = time.monotonic() + seconds - min(_EARLY, seconds / 10)
            return self._token


def _path(key: str) -> str:
    return f"/keys/{quote(key, safe='')}"
