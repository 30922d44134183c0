"""`vault`: whose keys seal what is kept, and what is kept at all."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, field

from hanbok.core.secret import Secret
from hanbok.settings.section import Section
from hanbok.vault.config import Holder, Keeping, VaultConfig
from hanbok.vault.key_provider import ProviderConfig

FILE = "file"
_Days = Annotated[int, Meta(ge=1, le=3660)]
_MIB = 1024 * 1024


class KeyProviderSettings(Section, frozen=True, kw_only=True):
    kind: Annotated[
        str,
        Meta(description="`file`, `pkcs11`, `transit`, `azure_key_vault`, `aws_kms` or `ncp_kms`."),
    ]
    url: Annotated[
        str,
        Meta(description="Address of the service, `https` unless on this machine; none: the kind's own."),
    ] = ""
    secret: Annotated[
        Secret, Meta(description="PIN, token or secret key that hanbok shows it, best as `${NAME}`.")
    ] = field(default_factory=Secret)
    ca: Annotated[
        Path | None, Meta(description="PEM file of its certificate authorities; none: the system's.")
    ] = None
    options: Annotated[
        dict[str, str], Meta(description="What only this kind knows, as `module`, `token`.")
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise ValueError for an address where keys and tokens would cross a network in the clear."""
        for address in (self.url, self.options.get("authority", "")):
            if address and not _is_sealed(address):
                raise ValueError("a key provider is reached by https, or on this machine")


class HolderSettings(Section, frozen=True, kw_only=True):
    provider: Annotated[str, Meta(description="Name of the key provider where its key is.")]
    key: Annotated[str, Meta(description="Name of its key there; none: `hanbok-ORGANISATION`.")] = ""
    pseudonyms_provider: Annotated[
        str, Meta(description="Key provider for maps of pseudonyms; none: the same.")
    ] = ""
    pseudonyms_key: Annotated[
        str, Meta(description="Key for maps of pseudonyms; none: `hanbok-ORGANISATION-pseudonyms`.")
    ] = ""


class ContentsSettings(Section, frozen=True, kw_only=True):
    keep: Annotated[bool, Meta(description="Whether prompts and answers are kept, encrypted.")] = False
    required: Annotated[
        bool, Meta(description="Refuse a call whose contents cannot be kept; else only say so in the log.")
    ] = True
    days: Annotated[_Days, Meta(description="Days after which contents and their key are destroyed.")] = 30
    organisations: Annotated[
        tuple[str, ...], Meta(description="Organisations whose contents are kept; none: all.")
    ] = ()
    url: Annotated[
        Secret | None, Meta(description="SQLAlchemy URL of the contents' own database; none: SQLite.")
    ] = None
    waiting_mib: Annotated[float, Meta(gt=0, description="Contents that may wait to be written, MiB.")] = 64


class PseudonymsSettings(Section, frozen=True, kw_only=True):
    keep: Annotated[bool, Meta(description="Whether maps from pseudonyms to real values are kept.")] = False
    days: Annotated[_Days, Meta(description="Days after which maps and their key are destroyed.")] = 30
    organisations: Annotated[
        tuple[str, ...], Meta(description="Organisations whose maps are kept; none: all.")
    ] = ()
    purpose: Annotated[str, Meta(description="Why, as it stands in the ledger of pseudonymised data.")] = (
        "AI 모델 이용"
    )
    url: Annotated[
        Secret | None, Meta(description="SQLAlchemy URL of the maps' own database; none: SQLite.")
    ] = None


class VaultSettings(Section, frozen=True, kw_only=True):
    providers: Annotated[
        dict[str, KeyProviderSettings],
        Meta(description="Key providers by name; `file` is there without being named."),
    ] = field(default_factory=dict)
    default: Annotated[
        str, Meta(description="Key provider of organisations that hold no key of their own.")
    ] = FILE
    organisations: Annotated[
        dict[str, HolderSettings],
        Meta(description="Organisations that hold their own key: served only while it answers."),
    ] = field(default_factory=dict)
    check_every: Annotated[
        float, Meta(ge=0.05, le=60, description="Seconds between two questions whether such a key answers.")
    ] = 0.3
    lease: Annotated[
        float, Meta(ge=0.1, le=300, description="Seconds that a good answer counts and an open key is held.")
    ] = 0.9
    contents: Annotated[ContentsSettings, Meta(description="Prompts and answers.")] = ContentsSettings()
    pseudonyms: Annotated[PseudonymsSettings, Meta(description="Maps of pseudonyms.")] = PseudonymsSettings()

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for names that stand for nothing."""
        known = {FILE, *self.providers}
        for name in (self.default, *(one.provider for one in self.organisations.values())):
            if name not in known:
                raise ValueError(f"there is no key provider {name!r}")
        for one in self.organisations.values():
            if one.pseudonyms_provider and one.pseudonyms_provider not in known:
                raise ValueError(f"there is no key provider {one.pseudonyms_provider!r}")
        if self.check_every >= self.lease:
            raise ValueError("`check_every` must be shorter than `lease`")

    def config(self, state: Path) -> VaultConfig:
        """Return what the vault is built from."""
        return VaultConfig(
            providers={
                name: ProviderConfig(
                    name=name,
                    kind=one.kind,
                    url=one.url,
                    secret=one.secret,
                    options=one.options,
                    ca=one.ca,
                    folder=state / "keys" / name,
                )
                for name, one in ({FILE: KeyProviderSettings(kind=FILE)} | self.providers).items()
            },
            default=self.default,
            holders={
                name: Holder(
                    provider=one.provider,
                    key=one.key,
                    pseudonyms_provider=one.pseudonyms_provider,
                    pseudonyms_key=one.pseudonyms_key,
                )
                for name, one in self.organisations.items()
            },
            contents=_keeping(self.contents, state, "contents.db"),
            required=self.contents.required,
            waiting_bytes=int(self.contents.waiting_mib * _MIB),
            pseudonyms=_keeping(self.pseudonyms, state, "pseudonyms.db"),
            purpose=self.pseudonyms.purpose,
            check_every=self.check_every,
            lease=self.lease,
        )


def _is_sealed(address: str) -> bool:
    parts = urlsplit(address)
    if parts.scheme != "http":
        return parts.scheme == "https"
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _keeping(one: ContentsSettings | PseudonymsSettings, state: Path, file: str) -> Keeping:
    return Keeping(
        keep=one.keep,
        organisations=frozenset(one.organisations),
        days=one.days,
        url=one.url.reveal() if one.url else f"sqlite:///{state.absolute() / file}",
        held=one.url is not None or (state / file).exists(),
    )
