"""Who stands before the administration: the contract, and its first form, personal keys.

Single sign-on (OIDC, SAML) comes as another `Identity`: it turns another kind of credentials into the same value.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal, Text
from hanbok.policy.keyring import KeyRing
from hanbok.policy.recording import Actor


class NotAPerson(HanbokError):
    """Programs have no role: what they did could not be anyone's doing."""

    code = "not_a_person"
    message = Text(ko="사람의 키가 아닙니다: {key}", en="{key} is no person's key")
    hint = Text(
        ko="서버가 있는 기계에서 `hanbok person add`로 사람과 그 키를 만드십시오.",
        en="Make a person and their key with `hanbok person add`, on the server's machine.",
    )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credentials:
    """What a request brought, as it came. Never shown: it has no repr of its own."""

    scheme: str
    """Lower case, as in the header: `bearer`."""
    secret: str
    origin: str
    """The client's address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """A person, with the roles that the records give them, and how they were told."""

    principal: Principal
    method: str
    """`key`; single sign-on adds its own."""
    origin: str = ""

    @property
    def actor(self) -> Actor:
        """How the log names them."""
        return person_name(self.principal, origin=self.origin)


class Identity(Protocol):
    """Turns credentials into a person. Raises HanbokError when they are nobody's, or a program's."""

    def identify(self, credentials: Credentials, at: datetime) -> Identified: ...


@dataclass(frozen=True, slots=True)
class PersonalKeys:
    """A virtual key that belongs to a person. Costs one SHA-256 and one look-up: the roles are in the key ring."""

    keyring: KeyRing

    def identify(self, credentials: Credentials, at: datetime) -> Identified:
        """Raise KeyMissing, KeyUnknown, KeyRevoked, KeyExpired, NotAPerson."""
        key = self.keyring.find(credentials.secret if credentials.scheme == "bearer" else "", at)
        if not key.principal.person:
            raise NotAPerson(key=key.id)
        return Identified(principal=key.principal, method="key", origin=credentials.origin)


def person_name(who: Principal, *, origin: str = "") -> Actor:
    """Return how the log names a person: by ids, not by name."""
    return Actor(f"person:{who.organisation}/{who.person}", key=who.key, origin=origin)
