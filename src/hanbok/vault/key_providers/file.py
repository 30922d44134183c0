"""Keys in files of hanbok's own, readable by its user alone."""

import fcntl
import json
import os
import secrets
from base64 import b64decode, b64encode
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

from hanbok.vault.errors import KeyProviderFailed, KeyRefused, SealBroken
from hanbok.vault.key_provider import Description, ProviderConfig, Wrapped
from hanbok.vault.sealing import Sealer

_OTHERS: Final = 0o077


class File:
    """One JSON file for each key, all its versions in it. Taking the file away withdraws the key."""

    makes_keys: ClassVar[bool] = True

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._folder = Path(config.options["folder"]) if "folder" in config.options else config.folder

    def create(self, key: str) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = os.open(self._folder, os.O_RDONLY)
        except OSError as error:
            raise KeyProviderFailed(provider=self._name, why=f"{self._folder}: {error.strerror}") from None
        try:
            # Of several that begin at once one makes it: what another had wrapped with its own would be lost.
            fcntl.flock(folder, fcntl.LOCK_EX)
            if not self._path(key).exists():
                self._write(key, {"1": secrets.token_bytes(32)})
        finally:
            os.close(folder)

    def wrap(self, key: str, secret: bytes, context: str) -> Wrapped:
        versions = self._read(key)
        version = _newest(versions)
        return Wrapped(blob=Sealer(versions[version]).seal(secret, context), version=version)

    def unwrap(self, key: str, wrapped: Wrapped, context: str) -> bytes:
        secret = self._read(key).get(wrapped.version)
        if secret is None:
            raise KeyRefused(provider=self._name, why=f"no version {wrapped.version}")
        try:
            return Sealer(secret).open(wrapped.blob, context, key)
        except SealBroken as error:
            raise KeyRefused(provider=self._name, why="another key wrapped it") from error

    def rotate(self, key: str) -> str:
        versions = self._read(key)
        version = str(int(_newest(versions)) + 1)
        self._write(key, versions | {version: secrets.token_bytes(32)})
        return version

    def destroy(self, key: str) -> None:
        path = self._path(key)
        try:
            # Over itself first: on most disks, what a removed file held can be read for long.
            with path.open("r+b") as file:
                file.write(secrets.token_bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        except FileNotFoundError:
            return
        except OSError as error:
            raise KeyProviderFailed(provider=self._name, why=f"{path}: {error.strerror}") from None

    def describe(self, key: str) -> Description:
        versions = self._read(key)
        facts = {"file": str(self._path(key)), "versions": str(len(versions))}
        return Description(key=key, version=_newest(versions), state="enabled", facts=facts)

    def close(self) -> None:
        """Nothing is held."""

    def _path(self, key: str) -> Path:
        return self._folder / f"{quote(key, safe='')}.json"

    def _read(self, key: str) -> dict[str, bytes]:
        path = self._path(key)
        try:
            if path.stat().st_mode & _OTHERS:
                raise KeyRefused(provider=self._name, why=f"{path}: others may read it (chmod 600)")
            held: dict[str, str] = json.loads(path.read_text(encoding="ascii"))
            versions = {version: b64decode(secret) for version, secret in held.items()}
            _newest(versions)
        except FileNotFoundError:
            raise KeyRefused(provider=self._name, why=f"{path} is not there") from None
        except (OSError, ValueError, AttributeError) as error:
            raise KeyProviderFailed(provider=self._name, why=f"{path}: {type(error).__name__}") from None
        return versions

    def _write(self, key: str, versions: dict[str, bytes]) -> None:
        path = self._path(key)
        text = json.dumps({version: b64encode(secret).decode() for version, secret in versions.items()})
        new = path.with_suffix(".new")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.unlink(missing_ok=True)
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123 - the mode from the first moment on
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            new.replace(path)
            folder = os.open(self._folder, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        except OSError as error:
            raise KeyProviderFailed(provider=self._name, why=f"{path}: {error.strerror}") from None


def _newest(versions: dict[str, bytes]) -> str:
    return max(versions, key=int)
