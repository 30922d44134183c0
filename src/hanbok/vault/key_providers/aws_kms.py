"""AWS Key Management Service, by its JSON API and signatures of version 4."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from hanbok.core.clock import now
from hanbok.vault.errors import KeyActUnsupported
from hanbok.vault.key_provider import Description, ProviderConfig, Wrapped
from hanbok.vault.rest import Rest, decoded, encoded, text

_SEOUL: Final = "ap-northeast-2"
_TYPE: Final = "application/x-amz-json-1.1"
_WAITING_DAYS: Final = 7
"""The least time that AWS keeps a key that is to be destroyed."""


class AwsKms:
    """Option `access_key`, and `secret` its secret; options: `region` (Seoul), `session_token`. A key is an id, ARN or
    `alias/NAME`. What a data key is for is its encryption context, which AWS writes into its own log.
    """

    makes_keys: ClassVar[bool] = False

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._region = config.options.get("region", _SEOUL)
        self._rest = Rest(config, config.url or f"https://kms.{self._region}.amazonaws.com")
        self._access = config.options.get("access_key", "")
        self._secret = config.secret
        self._session = config.options.get("session_token", "")

    def create(self, key: str) -> None:
        raise KeyActUnsupported(provider=self._name, act=f"create {key}")

    def wrap(self, key: str, secret: bytes, context: str) -> Wrapped:
        said = self._ask("Encrypt", {"KeyId": key, "Plaintext": encoded(secret)} | _bound(context))
        # The blob names the key and its version by itself; what is noted here is for people.
        return Wrapped(blob=decoded(self._name, said, "CiphertextBlob"), version=text(said, "KeyId"))

    def unwrap(self, key: str, wrapped: Wrapped, context: str) -> bytes:
        asked = {"KeyId": key, "CiphertextBlob": encoded(wrapped.blob)} | _bound(context)
        return decoded(self._name, self._ask("Decrypt", asked), "Plaintext")

    def rotate(self, key: str) -> str:
        return text(self._ask("RotateKeyOnDemand", {"KeyId": self.describe(key).version}), "KeyId")

    def destroy(self, key: str) -> None:
        asked = {"KeyId": self.describe(key).version, "PendingWindowInDays": _WAITING_DAYS}
        self._ask("ScheduleKeyDeletion", asked)

    def describe(self, key: str) -> Description:
        said = self._ask("DescribeKey", {"KeyId": key})
        return Description(
            key=key,
            version=text(said, "KeyMetadata", "Arn"),
            state=text(said, "KeyMetadata", "KeyState").lower(),
            facts={"origin": text(said, "KeyMetadata", "Origin"), "region": self._region},
        )

    def close(self) -> None:
        """Nothing is held."""

    def _ask(self, act: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        data = json.dumps(body).encode()
        moment = now().strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "content-type": _TYPE,
            "host": self._rest.host,
            "x-amz-date": moment,
            "x-amz-target": f"TrentService.{act}",
        }
        if self._session:
            headers["x-amz-security-token"] = self._session
        headers["authorization"] = self._sign(headers, data, moment)
        return self._rest.ask("POST", "/", headers, data)

    def _sign(self, headers: Mapping[str, str], data: bytes, moment: str) -> str:
        """Return the `Authorization` header (AWS Signature Version 4)."""
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(data).hexdigest()}"
        scope = f"{moment[:8]}/{self._region}/kms/aws4_request"
        to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{self._secret.reveal()}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        return f"AWS4-HMAC-SHA256 Credential={self._access}/{scope}, SignedHeaders={names}, Signature={signature}"


def _bound(context: str) -> dict[str, object]:
    return {"EncryptionContext": {"hanbok": context}}
