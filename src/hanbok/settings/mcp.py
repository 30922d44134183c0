"""`mcp`: servers of tools (Model Context Protocol) that callers reach through hanbok."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated

from msgspec import Meta, field

from hanbok.core.secret import Secret
from hanbok.core.values import Zone
from hanbok.settings.endpoints import DataUseSettings, TimeoutSettings
from hanbok.settings.section import Count, Section

_ServerName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class ToolAllowSettings(Section, frozen=True, kw_only=True):
    tools: Annotated[
        tuple[str, ...], Meta(description="Names of tools; `*` stands for any run of letters.")
    ] = ()
    prompts: Annotated[
        tuple[str, ...], Meta(description="Names of prompts; `*` stands for any run of letters.")
    ] = ()
    resources: Annotated[
        tuple[str, ...],
        Meta(
            description="Addresses (URI) of resources, and of their templates; `*` stands for any run of letters."
        ),
    ] = ()
    organisations: Annotated[tuple[str, ...], Meta(description="Organisations; none: all.")] = ()
    teams: Annotated[tuple[str, ...], Meta(description="Teams; none: all.")] = ()
    applications: Annotated[tuple[str, ...], Meta(description="Applications; none: all.")] = ()
    keys: Annotated[tuple[str, ...], Meta(description="Ids of keys; none: all.")] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a rule that allows nothing."""
        if not (self.tools or self.prompts or self.resources):
            raise ValueError("a rule names `tools`, `prompts` or `resources`")


class ToolServerSettings(Section, frozen=True, kw_only=True):
    url: Annotated[str, Meta(description="Address of its streamable HTTP endpoint.")] = ""
    headers: Annotated[
        dict[str, Secret],
        Meta(description="Headers that it is sent, best as `${NAME}`: its own credentials."),
    ] = field(default_factory=dict[str, Secret])
    command: Annotated[
        tuple[str, ...],
        Meta(description="Instead of `url`: a program to start, which speaks on stdin and stdout."),
    ] = ()
    environment: Annotated[
        dict[str, Secret], Meta(description="Environment of the program, besides `PATH`, `HOME` and `LANG`.")
    ] = field(default_factory=dict[str, Secret])
    zone: Annotated[Zone, Meta(description="`home`, `domestic` (a cloud in Korea) or `foreign`.")]
    country: Annotated[
        str, Meta(pattern=r"^[A-Z]{2}$", description="Country of the machines, ISO 3166-1 alpha-2.")
    ] = "KR"
    operator: Annotated[
        str, Meta(min_length=1, description="Who runs it: the processor in the sense of PIPA art. 26.")
    ]
    processor: Annotated[
        str, Meta(description="Its record in `transfers.processors`; none: only what is declared here holds.")
    ] = ""
    private: Annotated[
        bool | None,
        Meta(description="Whether its name may lead to a private address; none: only in the zone `home`."),
    ] = None
    data_use: Annotated[DataUseSettings, Meta(description="What its operator may do with the data.")] = (
        DataUseSettings()
    )
    certificates: Annotated[
        tuple[str, ...], Meta(description="Certificates, such as `CSAP:중`, `ISMS-P`, `SOC2`.")
    ] = ()
    allow: Annotated[
        tuple[ToolAllowSettings, ...],
        Meta(min_length=1, description="Who may use what; what no rule allows is hidden and refused."),
    ]
    approve: Annotated[
        tuple[str, ...],
        Meta(description="Patterns of names and addresses of which another person allows each use."),
    ] = ()
    refuse: Annotated[
        tuple[str, ...], Meta(description="Types that a result must not hold: it is not passed on then.")
    ] = ("INJECTION",)
    price: Annotated[Decimal, Meta(description="Won of one use, counted against budgets.")] = Decimal(0)
    timeouts: Annotated[TimeoutSettings, Meta(description="Time limits.")] = TimeoutSettings()

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for a server that cannot be."""
        if bool(self.url) == bool(self.command):
            raise ValueError("a server has either a `url` or a `command`")
        if self.zone is not Zone.FOREIGN and self.country != "KR":
            raise ValueError("a server outside KR is in the zone `foreign`")
        if self.price < 0:
            raise ValueError("a price cannot be negative")


class OauthSettings(Section, frozen=True, kw_only=True):
    issuer: Annotated[str, Meta(min_length=1, description="The authorization server, as its tokens name it.")]
    keys: Annotated[Path, Meta(description="File with its public keys (JWKS), seen from this file.")]
    resource: Annotated[
        str,
        Meta(min_length=1, description="Audience that a token must name: hanbok's own address with `/mcp`."),
    ]
    scopes: Annotated[tuple[str, ...], Meta(description="Scopes, all of which a token must have.")] = ()
    organisation: Annotated[str, Meta(description="Organisation that callers with tokens belong to.")] = (
        "default"
    )
    team: Annotated[str, Meta(description="Team that they belong to; none: no team.")] = ""
    requests_per_minute: Annotated[Count | None, Meta(description="Requests that each may make.")] = 60


class McpSettings(Section, frozen=True, kw_only=True):
    servers: Annotated[
        dict[_ServerName, ToolServerSettings],
        Meta(description="Servers by name; a tool is offered as `name__tool`."),
    ] = field(default_factory=dict[str, ToolServerSettings])
    url: Annotated[
        str,
        Meta(description="hanbok's own address as clients know it, for OAuth; none: what the request names."),
    ] = ""
    origins: Annotated[
        tuple[str, ...], Meta(description="Origins of web pages that may ask; none: no browser may.")
    ] = ()
    oauth: Annotated[
        OauthSettings | None,
        Meta(description="Take access tokens of an authorization server besides keys; none: keys alone."),
    ] = None
