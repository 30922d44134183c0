"""`limits`: where limits and budgets are counted."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, field

from hanbok.core.secret import Secret
from hanbok.policy.shared.address import parse
from hanbok.policy.shared.at import At
from hanbok.settings.section import Section


class SharedLimitsSettings(Section, frozen=True, kw_only=True):
    url: Annotated[
        Secret,
        Meta(
            description="Address of the Redis or Valkey: `redis://HOST:6379/0` or `unix://SOCKET` of one server, "
            "`redis+sentinel://HOST,HOST,HOST/NAME` of the master that Sentinels know by that name, "
            "`redis+cluster://HOST,HOST,HOST` of a cluster, each with `rediss` for TLS. `USER:PASSWORD@` may stand "
            "before the hosts. Read at a start only, as all of `limits` is."
        ),
    ]
    username: Annotated[str, Meta(description="User of Redis (ACL); empty: the default user.")] = ""
    password: Annotated[
        Secret,
        Meta(description="Password of Redis, as it is: without `%` for signs that an address cannot have."),
    ] = field(default_factory=Secret)
    sentinel_username: Annotated[str, Meta(description="User of the Sentinels; empty: the default user.")] = (
        ""
    )
    sentinel_password: Annotated[Secret, Meta(description="Password of the Sentinels, if they want one.")] = (
        field(default_factory=Secret)
    )
    authorities: Annotated[
        Path | None,
        Meta(
            description="PEM file of who may have signed the certificates of Redis and its Sentinels; none: whom the "
            "system trusts."
        ),
    ] = None
    certificate: Annotated[
        Path | None, Meta(description="PEM file with our own certificate, if Redis wants one of its clients.")
    ] = None
    key: Annotated[Path | None, Meta(description="PEM file with its private key.")] = None
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
        """Raise ValueError for an address that is none, and for what does not go with it."""
        address = parse(self.url.reveal())
        files = {"authorities": self.authorities, "certificate": self.certificate, "key": self.key}
        if not address.tls and (named := [name for name, path in files.items() if path]):
            raise ValueError(f"`{named[0]}` is for TLS: the address must begin with rediss")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("`certificate` and `key` go together")
        if address.login and (self.username or self.password.reveal()):
            raise ValueError(
                "the address has a user or a password already: leave out `username` and `password`"
            )
        if address.kind != "sentinel" and (self.sentinel_username or self.sentinel_password.reveal()):
            raise ValueError("`sentinel_password` needs an address of Sentinels: redis+sentinel://")

    def at(self) -> At:
        """Return it as those who count need it."""
        return At(
            url=self.url.reveal(),
            username=self.username,
            password=self.password.reveal(),
            sentinel_username=self.sentinel_username,
            sentinel_password=self.sentinel_password.reveal(),
            authorities=str(self.authorities or ""),
            certificate=str(self.certificate or ""),
            key=str(self.key or ""),
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
