"""Stand-ins of four key services on this machine. Each checks what the real one checks, keeps its keys, and can be
told to withdraw one. Signatures are worked out here from the services' own descriptions, not with hanbok's code.
"""

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import threading
import urllib.parse
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hanbok.vault.sealing import Sealer

_SECRET_PARTS = {"ciphertext", "plaintext", "CiphertextBlob", "Plaintext", "value"}
ACCESS, SECRET, TOKEN = "AKIDSTANDIN", "stand-in-secret", "hvs.stand-in"


class Said(Exception):
    """What is answered instead of a result."""

    def __init__(self, status: int, **body: object) -> None:
        self.status = status
        self.body = body


def _garbled(said: dict[str, Any], text: str) -> dict[str, Any]:
    return {
        name: _garbled(value, text) if isinstance(value, dict) else text if name in _SECRET_PARTS else value
        for name, value in said.items()
    }


class KeyService(ABC):
    """Versions of keys, and what all of these services do with them."""

    def __init__(self) -> None:
        self.keys: dict[str, list[bytes]] = {}
        self.withdrawn: set[str] = set()
        self.down = False
        self.requests: list[str] = []
        self.pause = 0.0
        self.garbled: str | None = None
        """Stands in place of whatever was wrapped or unwrapped."""

    def take(self, method: str, path: str, headers: Any, body: bytes) -> dict[str, Any]:
        if self.down:
            raise Said(503)
        said = self.answer(method, path, headers, body)
        return said if self.garbled is None else _garbled(said, self.garbled)

    @abstractmethod
    def answer(self, method: str, path: str, headers: Any, body: bytes) -> dict[str, Any]: ...

    def versions(self, key: str, missing: Said) -> list[bytes]:
        if key in self.withdrawn or not self.keys.get(key):
            raise missing
        return self.keys[key]

    def seal(self, key: str, data: bytes, bound: str, missing: Said) -> tuple[int, bytes]:
        versions = self.versions(key, missing)
        return len(versions), Sealer(versions[-1]).seal(data, bound)

    def open(self, key: str, version: int, sealed: bytes, bound: str, missing: Said) -> bytes:
        try:
            return Sealer(self.versions(key, missing)[version - 1]).open(sealed, bound, key)
        except Exception as error:
            raise missing from error


class TransitService(KeyService):
    def answer(self, method: str, path: str, headers: Any, body: bytes) -> dict[str, Any]:
        if headers["x-vault-token"] != TOKEN:
            raise Said(403, errors=["permission denied"])
        _, _, mount, verb, key, *rest = path.split("/")
        assert mount == "transit"
        missing = Said(400, errors=["encryption key not found"])
        asked = json.loads(body or b"{}")
        bound = asked.get("associated_data", "")
        if verb == "encrypt":
            number, sealed = self.seal(key, base64.b64decode(asked["plaintext"]), bound, missing)
            return {"data": {"ciphertext": f"vault:v{number}:{_text(sealed)}"}}
        if verb == "decrypt":
            _, number, sealed = asked["ciphertext"].split(":")
            plain = self.open(key, int(number[1:]), base64.b64decode(sealed), bound, missing)
            return {"data": {"plaintext": _text(plain)}}
        if method == "GET":
            return {"data": {"latest_version": len(self.versions(key, missing)), "type": "aes256-gcm96"}}
        if method == "DELETE":
            self.keys.pop(key)
        elif rest == ["rotate"]:
            self.versions(key, missing).append(secrets.token_bytes(32))
        elif not rest:
            self.keys.setdefault(key, [secrets.token_bytes(32)])
        return {}


class AwsService(KeyService):
    def answer(self, method: str, path: str, headers: Any, body: bytes) -> dict[str, Any]:
        self._check(method, path, headers, body)
        asked, act = json.loads(body), headers["x-amz-target"].removeprefix("TrentService.")
        missing = Said(400, __type="NotFoundException", message="no such key")
        key, bound = asked["KeyId"].rpartition("/")[2], json.dumps(asked.get("EncryptionContext", {}))
        arn = f"arn:aws:kms:ap-northeast-2:000000000000:key/{key}"
        if act == "Encrypt":
            number, sealed = self.seal(key, base64.b64decode(asked["Plaintext"]), bound, missing)
            return {"CiphertextBlob": _text(bytes([number]) + sealed), "KeyId": arn}
        if act == "Decrypt":
            blob = base64.b64decode(asked["CiphertextBlob"])
            return {"Plaintext": _text(self.open(key, blob[0], blob[1:], bound, missing)), "KeyId": arn}
        self.versions(key, missing)
        if act == "RotateKeyOnDemand":
            self.keys[key].append(secrets.token_bytes(32))
            return {"KeyId": arn}
        if act == "ScheduleKeyDeletion":
            assert asked["PendingWindowInDays"] == 7
            self.withdrawn.add(key)
            return {"KeyId": arn}
        return {"KeyMetadata": {"Arn": arn, "KeyState": "Enabled", "Origin": "AWS_KMS"}}

    def _check(self, method: str, path: str, headers: Any, body: bytes) -> None:
        scheme, _, rest = headers["authorization"].partition(" ")
        parts = dict(part.split("=", 1) for part in rest.split(", "))
        access, day, region, service, end = parts["Credential"].split("/")
        names = parts["SignedHeaders"].split(";")
        assert (scheme, access, service, end) == ("AWS4-HMAC-SHA256", ACCESS, "kms", "aws4_request")
        assert {"host", "x-amz-date", "x-amz-target"} <= set(names)
        lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
        canonical = "\n".join([method, path, "", lines, ";".join(names), hashlib.sha256(body).hexdigest()])
        moment = headers["x-amz-date"]
        to_sign = "\n".join(
            [
                "AWS4-HMAC-SHA256",
                moment,
                f"{day}/{region}/kms/aws4_request",
                hashlib.sha256(canonical.encode()).hexdigest(),
            ]
        )
        key = b"AWS4" + SECRET.encode()
        for part in (day, region, "kms", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        if hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest() != parts["Signature"]:
            raise Said(400, __type="InvalidSignatureException")


class NcpService(KeyService):
    def answer(self, method: str, path: str, headers: Any, body: bytes) -> dict[str, Any]:
        moment = headers["x-ncp-apigw-timestamp"]
        message = f"{method} {path}\n{moment}\n{ACCESS}".encode()
        signature = base64.b64encode(hmac.new(SECRET.encode(), message, hashlib.sha256).digest()).decode()
        if (headers["x-ncp-iam-access-key"], headers["x-ncp-apigw-signature-v2"]) != (ACCESS, signature):
            raise Said(401, error={"errorCode": "200", "message": "Authentication Failed"})
        _, keys, version, key, act = path.split("/")
        assert (keys, version, method) == ("keys", "v2", "POST")
        asked, missing = json.loads(body), Said(400, code="KEY_NOT_FOUND", msg="no key")
        bound = asked["context"]
        if act == "encrypt":
            number, sealed = self.seal(key, base64.b64decode(asked["plaintext"]), bound, missing)
            return {"code": "SUCCESS", "data": {"ciphertext": f"ncpkms:v{number}:{_text(sealed)}"}}
        _, number, sealed = asked["ciphertext"].split(":")
        plain = self.open(key, int(number[1:]), base64.b64decode(sealed), bound, missing)
        return {"code": "SUCCESS", "data": {"plaintext": _text(plain)}}


class AzureService(KeyService):
    """Vault and authority in one."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens = 0

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> dict[str, Any]:
        if path.endswith("/oauth2/v2.0/token"):
            form = dict(urllib.parse.parse_qsl(body.decode()))
            if (form["client_id"], form["client_secret"]) != (ACCESS, SECRET):
                raise Said(401, error="invalid_client")
            assert form["scope"] == "https://vault.azure.net/.default"
            assert form["grant_type"] == "client_credentials"
            self.tokens += 1
            return {"access_token": "azure-token", "expires_in": 3600}
        if headers["authorization"] != "Bearer azure-token":
            raise Said(401, error={"code": "Unauthorized"})
        route, _, query = path.partition("?")
        assert query == "api-version=7.4"
        _, _, key, *rest = route.split("/")
        asked, missing = (
            json.loads(body or b"{}"),
            Said(403, error={"code": "Forbidden", "message": "disabled"}),
        )
        kid = f"https://stand-in/keys/{key}"
        if rest == ["wrapkey"]:
            assert asked["alg"] == "RSA-OAEP-256"
            number, sealed = self.seal(key, _unurl(asked["value"]), "", missing)
            return {"kid": f"{kid}/{number}", "value": _url(sealed)}
        if rest[1:] == ["unwrapkey"]:
            return {"value": _url(self.open(key, int(rest[0]), _unurl(asked["value"]), "", missing))}
        if rest == ["create"]:
            self.keys.setdefault(key, [secrets.token_bytes(32)])
        versions = self.versions(key, missing)
        if rest == ["rotate"]:
            versions.append(secrets.token_bytes(32))
        if method == "DELETE":
            self.keys.pop(key)
        return {"key": {"kid": f"{kid}/{len(versions)}", "kty": "RSA-HSM"}, "attributes": {"enabled": True}}


@contextmanager
def served(service: KeyService, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve until the end of the block; give the address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def _do(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            service.requests.append(self.path)
            if service.pause:
                threading.Event().wait(service.pause)
            status, said = 200, dict[str, Any]()
            try:
                said = service.take(self.command, self.path, self.headers, body)
            except Said as instead:
                status, said = instead.status, dict(instead.body)
            data = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            with suppress(BrokenPipeError):  # a hasty client has left
                self.wfile.write(data)

        do_GET = do_POST = do_DELETE = _do  # noqa: N815 - the names that http.server looks for

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unurl(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
