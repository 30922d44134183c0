"""Settings: one `hanbok.yaml`, read and validated at the edge into frozen values.

The only module that reads configuration files and the environment. Values may name environment variables as
`${NAME}` or `${NAME:-fallback}`. Unknown names, wrong types and dangling references are errors with file and line.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, ValidationError, convert, field, to_builtins
from msgspec.json import schema as json_schema

from hanbok.core.errors import HanbokError
from hanbok.core.secret import Secret
from hanbok.core.values import DataUse, Destination, Language, Text, Zone
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.upstream import Timeouts
from hanbok.guard.kinds import kinds
from hanbok.located_yaml import LocatedYaml, Problem, Problems, Where

DEFAULT_FILE = "hanbok.yaml"
DEFAULT_PACKS = ("pipa", "credit_information", "efsr", "n2sf", "network")


class SettingsInvalid(HanbokError):
    code = "settings_invalid"
    message = Text(ko="설정이 잘못되었습니다\n{problems}", en="the settings are not valid\n{problems}")
    hint = Text(
        ko="`hanbok config schema`가 쓸 수 있는 이름과 형식을 보여 줍니다.",
        en="`hanbok config schema` shows the names and types that may stand there.",
    )


_Count = Annotated[int, Meta(ge=0)]


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class TlsSettings(_Section, frozen=True, kw_only=True):
    certificate: Annotated[Path, Meta(description="PEM file with the certificate chain.")]
    key: Annotated[Path, Meta(description="PEM file with the private key.")]


class ServerSettings(_Section, frozen=True, kw_only=True):
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="Port to listen on; 0 lets the system choose.")] = (
        8700
    )
    body_limit_mib: Annotated[float, Meta(gt=0, le=1024, description="Largest request body, MiB.")] = 10
    read_timeout: Annotated[
        float, Meta(gt=0, description="Seconds within which a request must have arrived.")
    ] = 30
    drain_timeout: Annotated[
        float, Meta(ge=0, description="Seconds that running calls get when the server stops.")
    ] = 30
    tls: Annotated[
        TlsSettings | None, Meta(description="Serve HTTPS with this certificate; none: plain HTTP.")
    ] = None


class StoreSettings(_Section, frozen=True, kw_only=True):
    url: Annotated[
        Secret | None, Meta(description="SQLAlchemy URL of the database; none: SQLite in the state folder.")
    ] = None


class EvidenceSettings(_Section, frozen=True, kw_only=True):
    directory: Annotated[
        Path | None, Meta(description="Folder of the log; none: `evidence` in the state folder.")
    ] = None
    segment_mib: Annotated[
        float, Meta(gt=0, description="A segment of the log is closed at this size, MiB.")
    ] = 64


class CustomTypeSettings(_Section, frozen=True, kw_only=True):
    name: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]*$", description="Type name, capitals.")]
    pattern: Annotated[str, Meta(min_length=1, description="Regular expression of the value.")]
    check: Annotated[
        Literal["", "luhn", "rrn", "frn", "brn", "crn"], Meta(description="Check digit rule.")
    ] = ""
    context: Annotated[
        tuple[str, ...], Meta(description="Words of which one must stand near; none: always.")
    ] = ()
    like: Annotated[str, Meta(description="Existing type whose class and grade it takes.")] = "PHONE"
    label: Annotated[str, Meta(description="Label in placeholders and pages; none: the name.")] = ""

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for what the guard could not be built with."""
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise ValueError(f"`pattern` is not a regular expression: {error}") from None
        if self.like not in kinds():
            raise ValueError(f"`like` must be one of {', '.join(kinds())}")


class GuardSettings(_Section, frozen=True, kw_only=True):
    mask_replies: Annotated[
        tuple[str, ...],
        Meta(
            description="Types that are masked in a model's answer, unless they came from the request itself."
        ),
    ] = ("RRN", "FRN", "PASSPORT", "DRIVER_LICENSE", "CARD", "SECRET")
    custom: Annotated[tuple[CustomTypeSettings, ...], Meta(description="Types of your own.")] = ()


class PolicySettings(_Section, frozen=True, kw_only=True):
    packs: Annotated[tuple[str, ...], Meta(description="Law packs in force, by name.")] = DEFAULT_PACKS
    extra: Annotated[
        tuple[Path, ...], Meta(description="Cedar files with the organisation's own policies.")
    ] = ()


class DataUseSettings(_Section, frozen=True, kw_only=True):
    trains: Annotated[bool, Meta(description="Whether the operator may train on what it is sent.")] = True
    retention_days: Annotated[
        _Count | None, Meta(description="Days that it keeps contents; none: not known.")
    ] = None
    basis: Annotated[
        str, Meta(description="Legal basis on record for provision or outsourcing, as a citation.")
    ] = ""


class TimeoutSettings(_Section, frozen=True, kw_only=True):
    connect: Annotated[float, Meta(gt=0, description="Seconds to connect.")] = 5
    first: Annotated[float, Meta(gt=0, description="Seconds from the request sent to the answer's head.")] = (
        120
    )
    idle: Annotated[float, Meta(gt=0, description="Seconds between two reads of an answer.")] = 60
    total: Annotated[float, Meta(gt=0, description="Seconds for the whole exchange.")] = 600


class EndpointSettings(_Section, frozen=True, kw_only=True):
    kind: Annotated[str, Meta(description="How it is reached: a name from `hanbok models kinds`.")]
    url: Annotated[str, Meta(description="Base address; none: the kind's own.")] = ""
    key: Annotated[Secret, Meta(description="The provider's key, best as `${NAME}`.")] = field(
        default_factory=Secret
    )
    country: Annotated[
        str, Meta(pattern=r"^[A-Z]{2}$", description="Country of the machines, ISO 3166-1 alpha-2.")
    ] = "KR"
    zone: Annotated[Zone, Meta(description="`home`, `domestic` (a cloud in Korea) or `foreign`.")]
    operator: Annotated[
        str, Meta(min_length=1, description="Who runs it: the processor in the sense of PIPA art. 26.")
    ]
    data_use: Annotated[DataUseSettings, Meta(description="What its operator may do with the data.")] = (
        DataUseSettings()
    )
    certificates: Annotated[
        tuple[str, ...], Meta(description="Certificates, such as `CSAP:중`, `ISMS-P`, `SOC2`.")
    ] = ()
    timeouts: Annotated[TimeoutSettings, Meta(description="Time limits.")] = TimeoutSettings()
    options: Annotated[dict[str, str], Meta(description="What only this kind knows, as `api_version`.")] = {}

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for a place that cannot be."""
        if self.zone is not Zone.FOREIGN and self.country != "KR":
            raise ValueError("an endpoint outside KR is in the zone `foreign`")


class PriceSettings(_Section, frozen=True, kw_only=True):
    currency: Annotated[Literal["KRW", "USD"], Meta(description="Currency of the amounts.")] = "KRW"
    input: Annotated[Decimal, Meta(description="Per million input tokens.")]
    output: Annotated[Decimal, Meta(description="Per million output tokens.")]
    cached_input: Annotated[
        Decimal | None, Meta(description="Per million cached input tokens; none: as input.")
    ] = None
    as_of: Annotated[date, Meta(description="Day of the price.")]

    def __post_init__(self) -> None:
        """Raise ValueError for a price below nothing."""
        if min(self.input, self.output, self.cached_input or 0) < 0:
            raise ValueError("a price cannot be negative")


class TargetSettings(_Section, frozen=True, kw_only=True):
    endpoint: Annotated[str, Meta(description="Name of an endpoint.")]
    model: Annotated[
        str, Meta(min_length=1, description="The provider's name of the model (on Azure: of the deployment).")
    ]
    facts: Annotated[str, Meta(description="Id of the model in the catalogue of facts; none: `model`.")] = ""


class ModelSettings(_Section, frozen=True, kw_only=True):
    targets: Annotated[
        tuple[TargetSettings, ...],
        Meta(min_length=1, description="Where it is reached, in the order in which they are tried."),
    ]
    instead: Annotated[
        str, Meta(description="Model that answers when policy lets the data go to none of the targets.")
    ] = ""
    price: Annotated[PriceSettings | None, Meta(description="Declared price; none: the catalogue's.")] = None


_Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]


class Settings(_Section, frozen=True, kw_only=True):
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
    guard: Annotated[GuardSettings, Meta(description="What is looked for in texts.")] = GuardSettings()
    policy: Annotated[PolicySettings, Meta(description="Who may send what where.")] = PolicySettings()
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

    @property
    def store_url(self) -> str:
        """URL of the database, with its password."""
        return (
            self.store.url.reveal() if self.store.url else f"sqlite:///{self.state.absolute() / 'hanbok.db'}"
        )

    @property
    def evidence_directory(self) -> Path:
        return self.evidence.directory or self.state / "evidence"

    def endpoint_config(self, name: str) -> EndpointConfig:
        """Return what an endpoint's kind is built from. Raises KeyError."""
        one = self.endpoints[name]
        use = DataUse(
            trains=one.data_use.trains, retention_days=one.data_use.retention_days, basis=one.data_use.basis
        )
        destination = Destination(
            endpoint=name,
            country=one.country,
            zone=one.zone,
            operator=one.operator,
            data_use=use,
            certificates=one.certificates,
        )
        return EndpointConfig(
            destination=destination,
            url=one.url,
            secret=one.key.reveal(),
            options=one.options,
            state=self.state / "endpoints" / name,
        )

    def timeouts(self, name: str) -> Timeouts:
        """Return the time limits of an endpoint. Raises KeyError."""
        one = self.endpoints[name].timeouts
        return Timeouts(connect=one.connect, first=one.first, idle=one.idle, total=one.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Settings and the texts of the files that they name."""

    settings: Settings
    source: Path | None = None
    """None: the built-in defaults."""
    policies: tuple[tuple[str, str], ...] = ()
    """File name and text of each extra Cedar file."""


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read `path`, else `$HANBOK_CONFIG`, else `hanbok.yaml` here, else the defaults. Raises SettingsInvalid."""
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["HANBOK_CONFIG"]) if environ.get("HANBOK_CONFIG") else None)
    source = named or (Path(DEFAULT_FILE) if Path(DEFAULT_FILE).exists() else None)
    if source is None:
        return Loaded(settings=Settings())
    file = LocatedYaml(source, environ)
    try:
        settings = _settings(file.tree())
        return Loaded(settings=settings, source=source, policies=_policies(source, settings))
    except Problems as problems:
        raise SettingsInvalid(problems="\n".join(file.told(problems))) from None


def shown(settings: Settings) -> object:
    """Return the settings as JSON values, secrets hidden."""
    return to_builtins(settings, enc_hook=str)


def client(environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return what `hanbok ask` needs: the server's address and the caller's key; empty: not set."""
    environ = os.environ if environ is None else environ
    return environ.get("HANBOK_URL", ""), environ.get("HANBOK_KEY", "")


def speaks(environ: Mapping[str, str] | None = None) -> Language:
    """Return the language of the terminal: English where the locale says so, Korean otherwise."""
    environ = os.environ if environ is None else environ
    tongue = environ.get("HANBOK_LANGUAGE") or environ.get("LC_ALL") or environ.get("LANG") or ""
    return Language.EN if tongue.startswith("en") else Language.KO


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `hanbok.yaml`, for editors."""
    body = json_schema(Settings, schema_hook=lambda _: {"type": "string"})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | body


_AT = re.compile(r"^(.*?)(?: - at (?:`key` in )?`\$\.?(.*)`)?$", re.DOTALL)
_NAMED = ("endpoints", "models")


def _settings(tree: Any) -> Settings:  # noqa: ANN401 - as `tree`
    try:
        settings = convert(tree, Settings, dec_hook=_decode)
    except ValidationError as whole:
        # One error at a time is tiresome: try the parts that can be judged alone, and tell all of theirs.
        problems = [problem for part, path in _parts(tree) if (problem := _problem_of(part, path))]
        raise Problems(problems or [_problem(whole, ())]) from None
    if dangling := list(_dangling(settings)):
        raise Problems(dangling)
    return settings


def _dangling(settings: Settings) -> Iterator[Problem]:
    """Yield names that stand for nothing."""
    for name, model in settings.models.items():
        for index, target in enumerate(model.targets):
            if target.endpoint not in settings.endpoints:
                where = ("models", name, "targets", index, "endpoint")
                yield where, f"there is no endpoint {target.endpoint!r}"
        if model.instead and model.instead not in settings.models:
            yield ("models", name, "instead"), f"there is no model {model.instead!r}"


def _parts(tree: Any) -> Iterator[tuple[Any, Where]]:  # noqa: ANN401 - as `tree`
    for name, value in _members(tree):
        if name in _NAMED and isinstance(value, dict):
            for key, one in _members(value):
                yield {name: {key: one}}, (name, key)
        else:
            yield {name: value}, (name,)


def _members(tree: Any) -> list[tuple[str, Any]]:  # noqa: ANN401 - as `tree`
    return list(tree.items()) if isinstance(tree, dict) else []  # pyright: ignore[reportUnknownArgumentType] - Any


def _problem_of(part: Any, path: Where) -> Problem | None:  # noqa: ANN401 - as `tree`
    try:
        convert(part, Settings, dec_hook=_decode)
    except ValidationError as error:
        return _problem(error, path)
    return None


def _problem(error: ValidationError, part: Where) -> Problem:
    """Split msgspec's message into place and text; it writes `[...]` for the name of an entry."""
    found = _AT.match(str(error))
    text, place = (found[1], found[2] or "") if found else (str(error), "")
    names = [int(one) if one.isdigit() else one for one in re.findall(r"[^.\[\]]+|\.\.\.", place)]
    path = [part[1] if one == "..." and len(part) > 1 else one for one in names]
    unknown = re.search(r"unknown field `(.*)`", text)
    return (*path, *((unknown[1],) if unknown else ())), text


def _decode(kind: type, value: object) -> object:
    if kind in (Path, Secret) and isinstance(value, str):
        return kind(value)
    raise ValidationError(f"Expected `str`, got `{type(value).__name__}`")


def _policies(source: Path, settings: Settings) -> tuple[tuple[str, str], ...]:
    """Read the Cedar files that the settings name; relative paths start at the settings file."""
    texts: list[tuple[str, str]] = []
    for index, path in enumerate(settings.policy.extra):
        try:
            texts.append((str(path), (source.parent / path).read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError) as error:
            raise Problems([(("policy", "extra", index), str(error))]) from None
    return tuple(texts)
