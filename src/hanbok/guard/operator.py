"""The contract of an operator: what is done to found values, by the techniques of 가명정보 처리 가이드라인 (2026.3)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.guard.kinds import Kind, kinds
from hanbok.guard.normalise import normalise
from hanbok.guard.pseudonym import Edit, apart
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import digits_of

KEY_BYTES = 32
"""The least length of a key: as long as the digest of HMAC-SHA-256 and the key of AES-256."""


class OperatorKeyMissing(HanbokError):
    code = "operator_key_missing"
    message = Text(
        ko="{operator} 기법에는 {needed}바이트 이상의 키가 필요합니다(지금 {given}바이트)",
        en="the operator {operator} needs a key of at least {needed} bytes (given: {given})",
    )
    hint = Text(
        ko="`openssl rand -hex 32`로 만든 키를 환경 변수에 두고 `--key-env`로 그 이름을 알려 주십시오.",
        en="Put a key made by `openssl rand -hex 32` into an environment variable, and name it by `--key-env`.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What an operator is built from. Shows no key."""

    kinds: Mapping[str, Kind] = field(default_factory=kinds)
    key: bytes = field(default=b"", repr=False)

    def key_for(self, operator: str) -> bytes:
        """Return the key. Raises OperatorKeyMissing when it is too short to protect anything."""
        if len(self.key) < KEY_BYTES:
            raise OperatorKeyMissing(operator=operator, needed=KEY_BYTES, given=len(self.key))
        return self.key

    def label(self, kind: str) -> str:
        """Return what stands in place of a value of this kind when nothing of it may stay."""
        return self.kinds[kind].mask if kind in self.kinds else "[개인정보]"


class Operator(Protocol):
    """Treats values in place. One object treats equal values alike in all texts that it is given."""

    lifelike: ClassVar[bool]
    """Whether what it writes may read like personal data, so that a guard that reads the result will find it."""

    def __init__(self, setting: Setting) -> None: ...

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        """Return what to put where, in order and without overlaps."""
        ...


def each(text: str, findings: Iterable[Finding], new: Callable[[str, str], str]) -> list[Edit]:
    """Return the edits of an operator that treats every value by itself: `new(kind, value)`."""
    return [(start, end, new(kind, text[start:end])) for start, end, kind in apart(text, findings)]


_NUMBERS = frozenset(
    {"RRN", "FRN", "DRIVER_LICENSE", "BRN", "CRN", "HEALTH_INS", "CARD", "ACCOUNT", "PHONE", "POSTAL"}
)


def plain(kind: str, value: str) -> str:
    """Return a value without what does not tell it from others: disguises, separators, the case of an address."""
    return plain_of(kind, normalise(value).text)


def plain_of(kind: str, spelt: str) -> str:
    """Return the same of a value whose disguises are undone already."""
    squeezed = "".join(spelt.split())
    digits = digits_of(spelt)
    if kind in _NUMBERS and len(digits) == sum(map(str.isalnum, spelt)):
        return digits or squeezed
    return squeezed.casefold() if kind in {"EMAIL", "IP"} else squeezed
