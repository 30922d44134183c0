"""Settings: one `hanbok.yaml`, read and validated at the edge into frozen values.

The only module that reads configuration files and the environment. Values may name environment variables as
`${NAME}` or `${NAME:-fallback}`. Unknown names, wrong types and dangling references are errors with file and line.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from hanbok.core.errors import HanbokError
from hanbok.core.values import DataUse, Destination, Language, Text, Zone
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.upstream import Timeouts

DEFAULT_FILE = "hanbok.yaml"
DEFAULT_PACKS = ("pipa", "credit_information", "efsr", "n2sf", "network")


class SettingsInvalid(HanbokError):
    code = "settings_invalid"
    message = Text(ko="설정이 잘못되었습니다\n{problems}", en="the settings are not valid\n{problems}")
    hint = Text(
        ko="`hanbok config schema`가 쓸 수 있는 이름과 형식을 보여 줍니다.",
        en="`hanbok config schema` shows the names and types that may stand there.",
    )


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TlsSettings(_Model):
    certificate: Path = Field(description="PEM file with the certificate chain.")
    key: Path = Field(description="PEM file with the private key.")


class ServerSettings(_Model):
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(
        default=8700, ge=0, le=65535, description="Port to listen on; 0 lets the system choose."
    )
    body_limit_mib: float = Field(default=10, gt=0, le=1024, description="Largest request body, MiB.")
    read_timeout: float = Field(
        default=30, gt=0, description="Seconds within which a request must have arrived."
    )
    drain_timeout: float = Field(
        default=30, ge=0, description="Seconds that running calls get when the server stops."
    )
    tls: TlsSettings | None = Field(
        default=None, description="Serve HTTPS with this certificate; none: plain HTTP."
    )


class StoreSettings(_Model):
    url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL of the database; none: SQLite in the state folder."
    )


class EvidenceSettings(_Model):
    directory: Path | None = Field(
        default=None, description="Folder of the log; none: `evidence` in the state folder."
    )
    segment_mib: float = Field(
        default=64, gt=0, description="A segment of the log is closed at this size, MiB."
    )


class CustomTypeSettings(_Model):
    name: str = Field(pattern=r"^[A-Z][A-Z0-9_]*$", description="Type name, capitals.")
    pattern: str = Field(min_length=1, description="Regular expression of the value.")
    check: Literal["", "luhn", "rrn", "frn", "brn", "crn"] = Field(
        default="", description="Check digit rule."
    )
    context: tuple[str, ...] = Field(
        default=(), description="Words of which one must stand near; none: always."
    )
    like: str = Field(default="PHONE", description="Existing type whose class and grade it takes.")
    label: str = Field(default="", description="Label in placeholders and pages; none: the name.")


class GuardSettings(_Model):
    mask_replies: tuple[str, ...] = Field(
        default=("RRN", "FRN", "PASSPORT", "DRIVER_LICENSE", "CARD", "SECRET"),
        description="Types that are masked in a model's answer, unless they came from the request itself.",
    )
    custom: tuple[CustomTypeSettings, ...] = Field(default=(), description="Types of your own.")


class PolicySettings(_Model):
    packs: tuple[str, ...] = Field(default=DEFAULT_PACKS, description="Law packs in force, by name.")
    extra: tuple[Path, ...] = Field(
        default=(), description="Cedar files with the organisation's own policies."
    )


class DataUseSettings(_Model):
    trains: bool = Field(default=True, description="Whether the operator may train on what it is sent.")
    retention_days: int | None = Field(
        default=None, ge=0, description="Days that it keeps contents; none: not known."
    )
    basis: str = Field(
        default="", description="Legal basis on record for provision or outsourcing, as a citation."
    )


class TimeoutSettings(_Model):
    connect: float = Field(default=5, gt=0, description="Seconds to connect.")
    first: float = Field(default=120, gt=0, description="Seconds from the request sent to the answer's head.")
    idle: float = Field(default=60, gt=0, description="Seconds between two reads of an answer.")
    total: float = Field(default=600, gt=0, description="Seconds for the whole exchange.")


class EndpointSettings(_Model):
    kind: str = Field(description="How it is reached: a name from `hanbok models kinds`.")
    url: str = Field(default="", description="Base address; none: the kind's own.")
    key: SecretStr = Field(default=SecretStr(""), description="The provider's key, best as `${NAME}`.")
    country: str = Field(
        default="KR", pattern=r"^[A-Z]{2}$", description="Country of the machines, ISO 3166-1 alpha-2."
    )
    zone: Zone = Field(description="`home`, `domestic` (a cloud in Korea) or `foreign`.")
    operator: str = Field(
        min_length=1, description="Who runs it: the processor in the sense of PIPA art. 26."
    )
    data_use: DataUseSettings = Field(
        default=DataUseSettings(), description="What its operator may do with the data."
    )
    certificates: tuple[str, ...] = Field(
        default=(), description="Certificates, such as `CSAP:중`, `ISMS-P`, `SOC2`."
    )
    timeouts: TimeoutSettings = Field(default=TimeoutSettings(), description="Time limits.")
    options: dict[str, str] = Field(
        default={}, description="What only this kind knows, such as `api_version`."
    )

    @model_validator(mode="after")
    def _place(self) -> "EndpointSettings":
        if self.zone is not Zone.FOREIGN and self.country != "KR":
            raise ValueError("an endpoint outside KR is in the zone `foreign`")
        return self


class PriceSettings(_Model):
    currency: Literal["KRW", "USD"] = Field(default="KRW", description="Currency of the amounts.")
    input: Decimal = Field(ge=0, description="Per million input tokens.")
    output: Decimal = Field(ge=0, description="Per million output tokens.")
    cached_input: Decimal | None = Field(
        default=None, ge=0, description="Per million cached input tokens; none: as input."
    )
    as_of: date = Field(description="Day of the price.")


class TargetSettings(_Model):
    endpoint: str = Field(description="Name of an endpoint.")
    model: str = Field(
        min_length=1, description="The provider's name of the model (on Azure: of the deployment)."
    )
    facts: str = Field(default="", description="Id of the model in the catalogue of facts; none: `model`.")


class ModelSettings(_Model):
    targets: tuple[TargetSettings, ...] = Field(
        min_length=1, description="Where it is reached, in the order in which they are tried."
    )
    instead: str = Field(
        default="", description="Model that answers when policy lets the data go to none of the targets."
    )
    price: PriceSettings | None = Field(default=None, description="Declared price; none: the catalogue's.")


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$")]


class Settings(_Model):
    """All settings. Built by `load`; frozen."""

    language: Language = Field(
        default=Language.KO, description="Language of messages where the client asks for none."
    )
    state: Path = Field(default=Path("var"), description="Folder for everything that hanbok keeps.")
    server: ServerSettings = Field(default=ServerSettings(), description="The listening side.")
    store: StoreSettings = Field(default=StoreSettings(), description="Keys, organisations, spending.")
    evidence: EvidenceSettings = Field(default=EvidenceSettings(), description="The evidence log.")
    guard: GuardSettings = Field(default=GuardSettings(), description="What is looked for in texts.")
    policy: PolicySettings = Field(default=PolicySettings(), description="Who may send what where.")
    endpoints: dict[Name, EndpointSettings] = Field(
        default_factory=lambda: {
            "home": EndpointSettings(
                kind="embedded", zone=Zone.HOME, operator="self", data_use=DataUseSettings(trains=False)
            )
        },
        description="Places where models are reached.",
    )
    models: dict[Name, ModelSettings] = Field(
        default_factory=lambda: {
            "hanbok-mini": ModelSettings(targets=(TargetSettings(endpoint="home", model="gemma-3-270m"),))
        },
        description="Names that clients may ask for.",
    )

    @model_validator(mode="after")
    def _references(self) -> "Settings":
        for name, model in self.models.items():
            for target in model.targets:
                if target.endpoint not in self.endpoints:
                    raise ValueError(f"models.{name}: there is no endpoint {target.endpoint!r}")
            if model.instead and model.instead not in self.models:
                raise ValueError(f"models.{name}: there is no model {model.instead!r} for `instead`")
        return self

    @property
    def store_url(self) -> str:
        """URL of the database, with its password."""
        if self.store.url is not None:
            return self.store.url.get_secret_value()
        return f"sqlite:///{self.state.absolute() / 'hanbok.db'}"

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
            secret=one.key.get_secret_value(),
            options=one.options,
            state=self.state / "endpoints" / name,
        )

    def timeouts(self, name: str) -> Timeouts:
        """Return the time limits of an endpoint. Raises KeyError."""
        one = self.endpoints[name].timeouts
        return Timeouts(connect=one.connect, first=one.first, idle=one.idle, total=one.total)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and the texts of the files that they name."""

    settings: Settings
    source: Path | None
    """None: the built-in defaults."""
    policies: Mapping[str, str] = field(default_factory=dict[str, str])
    """Extra Cedar texts by file name."""


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read `path`, else `$HANBOK_CONFIG`, else `hanbok.yaml` here, else the defaults. Raises SettingsInvalid."""
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["HANBOK_CONFIG"]) if environ.get("HANBOK_CONFIG") else None)
    source = named or (Path(DEFAULT_FILE) if Path(DEFAULT_FILE).exists() else None)
    if source is None:
        return Loaded(Settings(), None)
    tree = _parse(source)
    problems = list(_fill(tree, environ, ()))
    if problems:
        raise _invalid(source, tree, problems)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        found = [(tuple(one["loc"]), one["msg"]) for one in error.errors(include_url=False)]
        raise _invalid(source, tree, found) from None
    return Loaded(settings, source, _texts(source, tree, settings))


def client(environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return what `hanbok ask` needs: the server's address (empty: not set) and the caller's key (empty: none)."""
    environ = os.environ if environ is None else environ
    return environ.get("HANBOK_URL", ""), environ.get("HANBOK_KEY", "")


def speaks(environ: Mapping[str, str] | None = None) -> Language:
    """Return the language of the terminal: English where the locale says so, Korean otherwise."""
    environ = os.environ if environ is None else environ
    tongue = environ.get("HANBOK_LANGUAGE") or environ.get("LC_ALL") or environ.get("LANG") or ""
    return Language.EN if tongue.startswith("en") else Language.KO


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `hanbok.yaml`, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Settings.model_json_schema()


_Problem = tuple[tuple[int | str, ...], str]
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


def _parse(source: Path) -> Any:  # noqa: ANN401 - whatever the file holds; pydantic narrows it
    try:
        tree: Any = YAML(typ="rt").load(source.read_text(encoding="utf-8"))  # pyright: ignore[reportUnknownMemberType]
    except YAMLError as error:
        mark: Any = getattr(error, "problem_mark", None)
        problem: Any = getattr(error, "problem", None) or error
        raise SettingsInvalid(problems=f"  {source}:{mark.line + 1 if mark else 1}: {problem}") from None
    except UnicodeDecodeError as error:
        raise SettingsInvalid(problems=f"  {source}: byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise SettingsInvalid(problems=f"  {source}: {error.strerror}") from None
    return {} if tree is None else tree


def _members(node: Any) -> list[tuple[int | str, Any]]:  # noqa: ANN401
    if isinstance(node, dict):
        mapping: dict[str, Any] = node  # pyright: ignore[reportUnknownVariableType] - isinstance tells no more
        return list(mapping.items())
    if isinstance(node, list):
        items: list[Any] = node  # pyright: ignore[reportUnknownVariableType] - isinstance tells no more
        return list(enumerate(items))
    return []


def _fill(node: Any, environ: Mapping[str, str], path: tuple[int | str, ...]) -> Iterator[_Problem]:  # noqa: ANN401
    """Replace `${NAME}` in place; yield the references that cannot be filled."""
    for key, value in _members(node):
        if not isinstance(value, str):
            yield from _fill(value, environ, (*path, key))
            continue
        missing = [m[1] for m in _REFERENCE.finditer(value) if m[2] is None and m[1] not in environ]
        if missing:
            yield (*path, key), f"the environment variable {missing[0]} is not set"
        elif "${" in value:
            node[key] = _REFERENCE.sub(lambda m: environ.get(m[1]) or m[2] or "", value)


def _texts(source: Path, tree: Any, settings: Settings) -> dict[str, str]:  # noqa: ANN401
    """Read the files that the settings name; relative paths start at the settings file."""
    texts: dict[str, str] = {}
    for index, path in enumerate(settings.policy.extra):
        file = source.parent / path
        try:
            texts[str(path)] = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise _invalid(source, tree, [(("policy", "extra", index), f"{file}: {error}")]) from None
    return texts


def _invalid(source: Path, tree: Any, problems: list[_Problem]) -> SettingsInvalid:  # noqa: ANN401
    lines = [
        f"  {source}:{_line(tree, path)}: {'.'.join(str(part) for part in path) or 'hanbok.yaml'}: {text}"
        for path, text in problems
    ]
    return SettingsInvalid(problems="\n".join(lines))


def _line(tree: Any, path: tuple[int | str, ...]) -> int:  # noqa: ANN401
    """Return the line (from 1) of the deepest part of `path` that the file holds."""
    line, node = 1, tree
    for part in path:
        inner = dict(_members(node))
        if part not in inner:
            break
        marks: Any = node.lc
        line = int((marks.key(part) if isinstance(node, dict) else marks.item(part))[0]) + 1
        node = inner[part]
    return line
