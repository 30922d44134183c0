"""Puts a keyed digest in place of each value (일방향 암호): equal values, however written, get equal digests.

HMAC-SHA-256 under a salt of 32 bytes, as long as the digest, that is derived from the key for each kind: digests of
two kinds cannot be compared, and without the key nobody can try out telephone numbers.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import ClassVar

from hanbok.guard.operator import Setting, each, plain
from hanbok.guard.pseudonym import Edit
from hanbok.guard.recogniser import Finding


class KeyedHash:
    lifelike: ClassVar[bool] = True

    def __init__(self, setting: Setting) -> None:
        self._key = setting.key_for("keyed_hash")

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        return each(text, findings, self._digest)

    def _digest(self, kind: str, value: str) -> str:
        salt = hmac.digest(self._key, b"hanbok keyed hash 1 " + kind.encode(), hashlib.sha256)
        return hmac.new(salt, plain(kind, value).encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
