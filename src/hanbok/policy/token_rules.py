"""What access tokens of an authorization server must say, and whom they stand for."""

from dataclasses import dataclass, field

from hanbok.policy.key import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRules:
    issuer: str
    audience: str
    scopes: tuple[str, ...]
    """All of them must be in a token."""
    organisation: str
    team: str
    limits: Limits
    """Of each caller."""
    jwks: str = field(repr=False)
    """Public keys of the issuer (RFC 7517)."""
