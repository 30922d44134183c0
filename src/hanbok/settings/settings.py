"""The whole of the settings: one frozen value, made of the parts beside this file."""

from datetime import date
from pathlib import Path
from typing import Annotated

from msgspec import Meta, field

from hanbok.core.values import DataUse, Destination, Language, Zone
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.mcp.server import AllowRule, ToolServer
from hanbok.gateway.upstream import Timeouts
from hanbok.policy.key import Limits
from hanbok.policy.token_rules import TokenRules
from hanbok.policy.transfers import Placed
from hanbok.settings.alerts import AlertsSettings
from hanbok.settings.batches import BatchSettings
from hanbok.settings.breaker import BreakerSettings
from hanbok.settings.cache import CacheSettings
from hanbok.settings.endpoints import DataUseSettings, EndpointSettings, TimeoutSettings
from hanbok.settings.environment import inherited
from hanbok.settings.evidence import EvidenceSettings
from hanbok.settings.guard import GuardSettings
from hanbok.settings.limits import LimitsSettings
from hanbok.settings.marking import MarkingSettings
from hanbok.settings.mcp import McpSettings, ToolServerSettings
from hanbok.settings.models import ModelSettings, TargetSettings
from hanbok.settings.plugins import PluginSettings
from hanbok.settings.policy import PolicySettings
from hanbok.settings.prices import PricesSettings
from hanbok.settings.realtime import RealtimeSettings
from hanbok.settings.reports import ReportSettings
from hanbok.settings.roles import RoleSettings
from hanbok.settings.section import Section
from hanbok.settings.server import ServerSettings
from hanbok.settings.store import StoreSettings
from hanbok.settings.transfers import TransfersSettings
from hanbok.settings.vault import VaultSettings

_MICRO = 1_000_000
_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]


class Settings(Section, frozen=True, kw_only=True):
    """All settings. Built by `load`; frozen."""

    language: Annotated[
        Language, Meta(description="Language of messages where the client asks for none.")
    ] = Language.KO
    state: Annotated[Path, Meta(description="Folder for everything that hanbok keeps.")] = field(
        default_factory=lambda: Path("var")
    )
    server: Annotated[ServerSettings, Meta(description="The listening side.")] = ServerSettings()
    store: Annotated[StoreSettings, Meta(description="Keys, organisations, spending.")] = StoreSettings()
    evidence: Annotated[EvidenceSettings, Meta(description="The evidence log.")] = EvidenceSettings()
    limits: Annotated[LimitsSettings, Meta(description="Where limits and budgets are counted.")] = (
        LimitsSettings()
    )
    vault: Annotated[VaultSettings, Meta(description="What is kept encrypted, and by whose key.")] = (
        VaultSettings()
    )
    guard: Annotated[GuardSettings, Meta(description="What is looked for in texts.")] = GuardSettings()
    policy: Annotated[PolicySettings, Meta(description="Who may send what where.")] = PolicySettings()
    transfers: Annotated[
        TransfersSettings, Meta(description="Who processes data for you, and on what basis.")
    ] = TransfersSettings()
    roles: Annotated[
        RoleSettings, Meta(description="How people prove who they are, and what needs two of them.")
    ] = RoleSettings()
    marking: Annotated[MarkingSettings, Meta(description="Marks of what AI made.")] = MarkingSettings()
    reports: Annotated[ReportSettings, Meta(description="Reports from the evidence log.")] = ReportSettings()
    endpoints: Annotated[
        dict[_Name, EndpointSettings], Meta(description="Places where models are reached.")
    ] = field(
        default_factory=lambda: {
            "home": EndpointSettings(
                kind="embedded", zone=Zone.HOME, operator="self", data_use=DataUseSettings(trains=False)
            )
        }
    )
    models: Annotated[dict[_Name, ModelSettings], Meta(description="Names that clients may ask for.")] = (
        field(
            default_factory=lambda: {
                "hanbok-mini": ModelSettings(targets=(TargetSettings(endpoint="home", model="gemma-3-270m"),))
            }
        )
    )

    cache: Annotated[CacheSettings, Meta(description="Answers that are given again.")] = CacheSettings()
    alerts: Annotated[AlertsSettings, Meta(description="Who is told when a budget runs out.")] = field(
        default_factory=AlertsSettings
    )
    prices: Annotated[PricesSettings, Meta(description="Whose price tables are taken in.")] = PricesSettings()
    batches: Annotated[BatchSettings, Meta(description="Files of requests that are asked one by one.")] = (
        BatchSettings()
    )
    breaker: Annotated[BreakerSettings, Meta(description="When a target that fails is left alone.")] = (
        BreakerSettings()
    )

    plugins: Annotated[PluginSettings, Meta(description="Parts that other packages bring.")] = (
        PluginSettings()
    )
    realtime: Annotated[RealtimeSettings, Meta(description="Sessions over WebSocket.")] = RealtimeSettings()
    mcp: Annotated[McpSettings, Meta(description="Tools that callers reach through hanbok.")] = McpSettings()

    @property
    def store_url(self) -> str:
        """URL of the database, with its password."""
        return (
            self.store.url.reveal() if self.store.url else f"sqlite:///{self.state.absolute() / 'hanbok.db'}"
        )

    @property
    def evidence_directory(self) -> Path:
        return self.evidence.directory or self.state / "evidence"

    def placed(self, name: str) -> Placed:
        """Return what is declared of an endpoint, with the record of its processor. Raises KeyError."""
        return self._placed(name, self.endpoints[name])

    def _placed(self, name: str, one: EndpointSettings | ToolServerSettings) -> Placed:
        use = DataUse(
            trains=one.data_use.trains, retention_days=one.data_use.retention_days, basis=one.data_use.basis
        )
        declared = Destination(
            endpoint=name,
            country=one.country,
            zone=one.zone,
            operator=one.operator,
            data_use=use,
            certificates=one.certificates,
        )
        return Placed(declared=declared, processor=self.transfers.processors.get(one.processor))

    def destination(self, name: str, on: date) -> Destination:
        """Return what holds of an endpoint on this day. Raises KeyError."""
        return self.placed(name).on(on, records_only=self.transfers.records_only)

    @property
    def configured(self) -> dict[str, tuple[str, EndpointConfig]]:
        """Kind and config of every endpoint, by name."""
        return {name: (one.kind, self.endpoint_config(name)) for name, one in self.endpoints.items()}

    def endpoint_config(self, name: str) -> EndpointConfig:
        """Return what an endpoint's kind is built from. Raises KeyError."""
        one = self.endpoints[name]
        return EndpointConfig(
            destination=self.placed(name).declared,
            url=one.url,
            secret=one.key.reveal(),
            secrets=tuple(key.reveal() for key in one.keys),
            options=one.options,
            private=one.zone is Zone.HOME if one.private is None else one.private,
            state=self.state / "endpoints" / name,
            releases=self.state / "models",
        )

    def tool_servers(self, on: date) -> dict[str, ToolServer]:
        """Return the MCP servers, each with what holds of it on this day."""
        return {name: self._tool_server(name, one, on) for name, one in self.mcp.servers.items()}

    def token_rules(self, jwks: str) -> TokenRules | None:
        """Return what access tokens must say; None: none are taken. `jwks` are the issuer's keys."""
        one = self.mcp.oauth
        if one is None:
            return None
        return TokenRules(
            issuer=one.issuer,
            audience=one.resource,
            scopes=one.scopes,
            organisation=one.organisation,
            team=one.team,
            limits=Limits(requests_per_minute=one.requests_per_minute),
            jwks=jwks,
        )

    def _tool_server(self, name: str, one: ToolServerSettings, on: date) -> ToolServer:
        placed = self._placed(f"mcp:{name}", one)
        return ToolServer(
            name=name,
            destination=placed.on(on, records_only=self.transfers.records_only),
            allow=tuple(
                AllowRule(
                    tools=rule.tools,
                    prompts=rule.prompts,
                    resources=rule.resources,
                    organisations=frozenset(rule.organisations),
                    teams=frozenset(rule.teams),
                    applications=frozenset(rule.applications),
                    keys=frozenset(rule.keys),
                )
                for rule in one.allow
            ),
            url=one.url,
            headers=tuple((header.lower(), secret.reveal()) for header, secret in one.headers.items()),
            private=one.zone is Zone.HOME if one.private is None else one.private,
            command=one.command,
            environment=(
                *inherited(),
                *((variable, secret.reveal()) for variable, secret in one.environment.items()),
            ),
            approve=one.approve,
            refuse=frozenset(one.refuse),
            price=int(one.price * _MICRO),
            timeouts=_timeouts(one.timeouts),
        )

    def timeouts(self, name: str) -> Timeouts:
        """Return the time limits of an endpoint. Raises KeyError."""
        return _timeouts(self.endpoints[name].timeouts)


def _timeouts(one: TimeoutSettings) -> Timeouts:
    return Timeouts(connect=one.connect, first=one.first, idle=one.idle, total=one.total)
