"""Hardware security modules, by PKCS#11: AES keys that never leave the token."""

import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar, Final, TypeVar

import pkcs11
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import (
    NoSuchKey,
    NoSuchToken,
    PinExpired,
    PinIncorrect,
    PinLocked,
    PKCS11Error,
    TokenNotPresent,
    TokenNotRecognised,
)
from pkcs11.mechanisms import GCMParams

from hanbok.vault.errors import KeyProviderFailed, KeyRefused
from hanbok.vault.key_provider import Description, ProviderConfig, Wrapped

_NO: Final = (NoSuchKey, NoSuchToken, PinExpired, PinLocked, TokenNotPresent, TokenNotRecognised)
_NONCE: Final = 12
_TAG: Final = 16
_TRIES: Final = 2
_PAUSE: Final = 0.05
_Result = TypeVar("_Result")
_LOCKS: Final = defaultdict[str, threading.Lock](threading.Lock)
"""One for each module: whether somebody is logged in is the whole process's affair."""


class Pkcs11:
    """Options: `module` (the device's library), `token` (its label); `secret` is the PIN. A key's versions are objects
    with its label and the ids 1, 2, ... Each use opens a session of its own, so a token that was pulled is noticed.
    """

    makes_keys: ClassVar[bool] = False

    def __init__(self, config: ProviderConfig) -> None:
        self._name = config.name
        self._module = config.options.get("module", "")
        self._token = config.options.get("token", "")
        self._pin = config.secret
        self._pin_refused = False

    def create(self, key: str) -> None:
        self._with(lambda session: None if _versions(session, key) else _generate(session, key, 1), rw=True)

    def wrap(self, key: str, secret: bytes, context: str) -> Wrapped:
        nonce = secrets.token_bytes(_NONCE)

        def use(session: Any) -> Wrapped:  # noqa: ANN401 - the library's, partly typed
            version, found = _newest(session, key)
            sealed = found.encrypt(secret, **_gcm(nonce, context))
            return Wrapped(blob=nonce + sealed, version=str(version))

        return self._with(use)

    def unwrap(self, key: str, wrapped: Wrapped, context: str) -> bytes:
        nonce, sealed = wrapped.blob[:_NONCE], wrapped.blob[_NONCE:]

        def use(session: Any) -> bytes:  # noqa: ANN401 - as above
            found = _versions(session, key).get(int(wrapped.version))
            if found is None:
                raise NoSuchKey
            return bytes(found.decrypt(sealed, **_gcm(nonce, context)))

        return self._with(use)

    def rotate(self, key: str) -> str:
        def use(session: Any) -> str:  # noqa: ANN401 - as above
            version = _newest(session, key)[0] + 1
            _generate(session, key, version)
            return str(version)

        return self._with(use, rw=True)

    def destroy(self, key: str) -> None:
        def use(session: Any) -> None:  # noqa: ANN401 - as above
            for found in _versions(session, key).values():
                found.destroy()

        self._with(use, rw=True)

    def describe(self, key: str) -> Description:
        version = self._with(lambda session: _newest(session, key)[0])
        return Description(key=key, version=str(version), state="enabled", facts={"token": self._token})

    def close(self) -> None: ...

    def _with(self, use: Callable[[Any], _Result], *, rw: bool = False) -> _Result:
        if self._pin_refused:
            # Another try or two, and the device would lock itself for everybody.
            raise KeyRefused(provider=self._name, why="PinIncorrect")
        with _LOCKS[self._module]:
            try:
                return self._once(use, rw=rw)
            except PinIncorrect:
                self._pin_refused = True
                raise KeyRefused(provider=self._name, why="PinIncorrect") from None
            except _NO as error:
                raise KeyRefused(provider=self._name, why=type(error).__name__) from None
            except (PKCS11Error, RuntimeError, OSError) as error:
                raise KeyProviderFailed(provider=self._name, why=type(error).__name__) from None

    def _once(self, use: Callable[[Any], _Result], *, rw: bool) -> _Result:
        library = pkcs11.lib(self._module)
        for _ in range(_TRIES):
            try:
                return self._in_session(library, use, rw=rw)
            except (PinIncorrect, PinLocked):
                raise
            except PKCS11Error:
                # A device that was away, or looked empty while another process wrote to it, is seen again only by
                # a library that begins anew.
                time.sleep(_PAUSE)
                library.reinitialize()
        return self._in_session(library, use, rw=rw)

    def _in_session(self, library: Any, use: Callable[[Any], _Result], *, rw: bool) -> _Result:  # noqa: ANN401 - as above
        token = library.get_token(token_label=self._token)
        with token.open(rw=rw, user_pin=self._pin.reveal()) as session:
            return use(session)


def _versions(session: Any, key: str) -> dict[int, Any]:  # noqa: ANN401 - as above
    found = session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: key})
    return {int(one.id): one for one in found if (one.id or b"").isdigit()}  # others' ids need be no numbers


def _newest(session: Any, key: str) -> tuple[int, Any]:  # noqa: ANN401 - as above
    versions = _versions(session, key)
    if not versions:
        raise NoSuchKey
    return max(versions.items(), key=lambda pair: pair[0])


def _generate(session: Any, key: str, version: int) -> None:  # noqa: ANN401 - as above
    template = {Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True}
    session.generate_key(KeyType.AES, 256, label=key, id=str(version).encode(), store=True, template=template)


def _gcm(nonce: bytes, context: str) -> dict[str, Any]:
    parameter = GCMParams(nonce, context.encode(), _TAG * 8)
    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": parameter}
