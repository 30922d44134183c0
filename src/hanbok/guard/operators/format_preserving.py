"""Encrypts each value into one of the same form (형태보존암호): digits stay digits, letters stay letters.

FF1 of NIST SP 800-38G with AES-256 from libffx, radix 10 for digits alone; a mixed value is one number among all of
its form (FF1 in radix 2, walking until it is in range). What has fewer than a million forms, such as a postal code,
cannot be protected so and is redacted. A number may come out with a right check digit: the result is pseudonymised
data, not anonymous. `undo` turns one value back.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import ClassVar

from ffx import FF1

from hanbok.guard.operator import Setting, each
from hanbok.guard.pseudonym import Edit
from hanbok.guard.recogniser import Finding

_LEAST = 1_000_000
_CLASSES = (("0", 10), ("A", 26), ("a", 26), ("０", 10), ("가", 11172))
"""First sign and size of each run of signs that stay in their run."""
_FIXED = {"DOB": "년월일"}
"""Signs that say nothing about a value of this kind."""


class FormatPreserving:
    lifelike: ClassVar[bool] = True

    def __init__(self, setting: Setting) -> None:
        key = setting.key_for("format_preserving")
        self._setting = setting
        self._cipher = FF1(hmac.digest(key, b"hanbok format preserving 1", hashlib.sha256), radix=10)

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        return each(text, findings, self._encrypt)

    def undo(self, kind: str, value: str) -> str:
        """Return the value that was encrypted. Raises ValueError when it has too few forms for that."""
        turned = self._turn(kind, value, encrypt=False)
        if turned is None:
            raise ValueError("a value of this form is not encrypted")
        return turned

    def _encrypt(self, kind: str, value: str) -> str:
        return self._turn(kind, value, encrypt=True) or self._setting.label(kind)

    def _turn(self, kind: str, value: str, *, encrypt: bool) -> str | None:
        fixed = _FIXED.get(kind, "")
        classes = [None if sign in fixed else _class_of(sign) for sign in value]
        signs = [(sign, one) for sign, one in zip(value, classes, strict=True) if one]
        domain = 1
        for _, (_, size) in signs:
            domain *= size
        if domain < _LEAST:
            return None
        if all(first == "0" for _, (first, _) in signs):
            digits = "".join(sign for sign, _ in signs)
            turn = self._cipher.encrypt if encrypt else self._cipher.decrypt
            turned = iter(turn(digits, tweak=kind.encode()))
        else:
            number = 0
            for sign, (first, size) in signs:
                number = number * size + ord(sign) - ord(first)
            turn_number = self._cipher.encrypt_int if encrypt else self._cipher.decrypt_int
            turned = iter(
                _spell(turn_number(number, domain=domain, tweak=kind.encode()), [one for _, one in signs])
            )
        return "".join(next(turned) if one else sign for sign, one in zip(value, classes, strict=True))


def _class_of(sign: str) -> tuple[str, int] | None:
    return next((one for one in _CLASSES if ord(one[0]) <= ord(sign) < ord(one[0]) + one[1]), None)


def _spell(number: int, classes: list[tuple[str, int]]) -> str:
    signs: list[str] = []
    for first, size in reversed(classes):
        number, place = divmod(number, size)
        signs.append(chr(ord(first) + place))
    return "".join(reversed(signs))
