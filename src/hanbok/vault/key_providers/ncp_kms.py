"""Naver Cloud Platform Key Management Service, by its REST API and signatures of version 2."""

import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Final
from urllib.parse import quote

from hanbok.vault.errors import KeyActUnsupported, KeyProviderFailed, KeyRefused
from hanbok.vault.key_provider import Description, ProviderConfig, Wrapped
from hanbok.vault.rest import Rest, decoded, encoded, part, text

_URL: Final = "https://kms.apigw.ntruss.com"
_GOOD: Final = "SUCCESS"


class NcpKms:
    """Option `access_key`, and `secret` its secret key. A key is its tag. `url` for the public-sector or another zone,
    such as `https://kms.apigw.gov-ntruss.com`.
    """

    makes_keys: ClassVar[bool] = False

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._rest = Rest(config, config.url or _URL)
        self._access = config.options.get("access_key", "")
        self._secret = config.secret

    def create(self, key: str) -> None:
        raise KeyActUnsupported(provider=self._name, act=f"create {key}")

    def wrap(self, key: str, secret: bytes, context: str) -> Wrapped:
        said = self._ask(key, "encrypt", {"plaintext": encoded(secret), "context": encoded(context.encode())})
        blob = text(said, "data", "ciphertext")
        if not blob:
            raise KeyProviderFailed(provider=self._name, why="no ciphertext")
        # It reads ncpkms:v1:..., and so tells its version itself.
        return Wrapped(blob=blob.encode(), version=blob.rpartition(":")[0])

    def unwrap(self, key: str, wrapped: Wrapped, context: str) -> bytes:
        asked = {"ciphertext": wrapped.blob.decode(), "context": encoded(context.encode())}
        return decoded(self._name, self._ask(key, "decrypt", asked), "data", "plaintext")

    def rotate(self, key: str) -> str:
        raise KeyActUnsupported(provider=self._name, act=f"rotate {key}")

    def destroy(self, key: str) -> None:
        raise KeyActUnsupported(provider=self._name, act=f"destroy {key}")

    def describe(self, key: str) -> Description:
        """Return what wrapping shows: this API has nothing that only looks."""
        return Description(key=key, version=self.wrap(key, bytes(32), "describe").version, state="enabled")

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, key: str, act: str, body: Mapping[str, str]) -> Mapping[str, Any]:
        path, moment = f"/keys/v2/{quote(key, safe='')}/{act}", str(int(time.time() * 1000))
        to_sign = f"POST {path}\n{moment}\n{self._access}"
        signature = hmac.digest(self._secret.reveal().encode(), to_sign.encode(), "sha256")
        headers = {
            "content-type": "application/json",
            "x-ncp-apigw-timestamp": moment,
            "x-ncp-iam-access-key": self._access,
            "x-ncp-apigw-signature-v2": encoded(signature),
        }
        said = self._rest.ask("POST", path, headers, json.dumps(body).encode())
        if text(said, "code") != _GOOD:
            raise KeyRefused(provider=self._name, why=text(said, "code") or "no code")
        if not part(said, "data"):
            raise KeyProviderFailed(provider=self._name, why="no data")
        return said
