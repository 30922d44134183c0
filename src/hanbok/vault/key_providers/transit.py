"""The transit engine of a HashiCorp-style Vault: keys that encrypt by API and never leave it."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from hanbok.vault.errors import KeyProviderFailed
from hanbok.vault.key_provider import Description, ProviderConfig, Wrapped
from hanbok.vault.rest import Rest, decoded, encoded, part, text


class Transit:
    """`url` is the server, `secret` a token that may encrypt and decrypt; options: `mount`, `namespace`, `type`."""

    makes_keys: ClassVar[bool] = False

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._rest = Rest(config, config.url)
        self._mount = config.options.get("mount", "transit")
        self._type = config.options.get("type", "aes256-gcm96")
        self._headers = {"x-vault-token": config.secret.reveal(), "content-type": "application/json"}
        if namespace := config.options.get("namespace"):
            self._headers["x-vault-namespace"] = namespace

    def create(self, key: str) -> None:
        self._ask("POST", "keys", key, {"type": self._type})

    def wrap(self, key: str, secret: bytes, context: str) -> Wrapped:
        said = self._ask("POST", "encrypt", key, {"plaintext": encoded(secret)} | _bound(context))
        blob = text(said, "data", "ciphertext")
        if blob.count(":") < 2:  # noqa: PLR2004 - vault, version, ciphertext
            raise KeyProviderFailed(provider=self._name, why="no ciphertext")
        # It reads vault:v3:..., and so tells its version itself.
        return Wrapped(blob=blob.encode(), version=blob.split(":")[1])

    def unwrap(self, key: str, wrapped: Wrapped, context: str) -> bytes:
        said = self._ask("POST", "decrypt", key, {"ciphertext": wrapped.blob.decode()} | _bound(context))
        return decoded(self._name, said, "data", "plaintext")

    def rotate(self, key: str) -> str:
        self._ask("POST", "keys", key, {}, "/rotate")
        return self.describe(key).version

    def destroy(self, key: str) -> None:
        self._ask("POST", "keys", key, {"deletion_allowed": True}, "/config")
        self._ask("DELETE", "keys", key, None)

    def describe(self, key: str) -> Description:
        facts = part(self._ask("GET", "keys", key, None), "data")
        return Description(
            key=key,
            version=f"v{facts.get('latest_version', '?')}",
            state="enabled",
            facts={
                "type": str(facts.get("type", "?")),
                "min_decryption_version": str(facts.get("min_decryption_version", "?")),
            },
        )

    def close(self) -> None:
        """Nothing is held."""

    def _ask(
        self, method: str, verb: str, key: str, body: Mapping[str, object] | None, tail: str = ""
    ) -> Mapping[str, Any]:
        path = f"/v1/{self._mount}/{verb}/{quote(key, safe='')}{tail}"
        return self._rest.ask(method, path, self._headers, b"" if body is None else json.dumps(body).encode())


def _bound(context: str) -> dict[str, object]:
    return {"associated_data": encoded(context.encode())}
