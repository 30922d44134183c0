"""`limits`: where limits and budgets are counted."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from hanbok.core.secret import Secret
from hanbok.policy.shared.at import At
from hanbok.settings.section import Section

_SCHEMES = ("redis://", "rediss://", "unix://")


class SharedLimitsSettings(Section, frozen=True, kw_only=True):
    url: Annotated[
        Secret,
        Meta(
            description="Address of the Redis or Valkey, with its password: `rediss://:PASSWORD@HOST:6379/0`; "
            "`redis://` without TLS, `unix://` for a socket. Read at a start only, as all of `limits` is."
        ),
    ]
    authorities: Annotated[
        Path | None,
        Meta(description="PEM file of who may have signed its certificate; none: whom the system trusts."),
    ] = None
    prefix: Annotated[
        str,
        Meta(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="What the names of all its entries begin with."),
    ] = "hanbok"
    timeout: Annotated[
        float, Meta(gt=0, le=60, description="Seconds that a call waits for it before it is refused.")
    ] = 2
    lease: Annotated[
        float,
        Meta(
            ge=2, le=3600, description="Seconds after which the slots of a machine that fell silent are free."
        ),
    ] = 10
    away: Annotated[
        Literal["refuse", "allow"],
        Meta(
            description="What happens to calls while it is away: `refuse` (503), or `allow` them without limits; "
            "they are charged when it is back."
        ),
    ] = "refuse"

    def __post_init__(self) -> None:
        """Raise ValueError for an address that is none, and for authorities without TLS."""
        if not self.url.reveal().startswith(_SCHEMES):
            raise ValueError(f"the address must begin with {', '.join(_SCHEMES)}")
        if self.authorities and not self.url.reveal().startswith("rediss://"):
            raise ValueError("`authorities` sign certificates: the address must begin with rediss://")

    def at(self) -> At:
        """Return it as those who count need it."""
        return At(
            url=self.url.reveal(),
            authorities=str(self.authorities or ""),
            prefix=self.prefix,
            patience=self.timeout,
            lease=self.lease,
        )


class LimitsSettings(Section, frozen=True, kw_only=True):
    shared: Annotated[
        SharedLimitsSettings | None,
        Meta(
            description="Count together with other machines, in Redis or Valkey; none: each counts for itself."
        ),
    ] = None
