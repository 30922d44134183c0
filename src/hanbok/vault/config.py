"""What the vault is built from, as plain values: the settings stand above it in the tree."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hanbok.vault.key_provider import ProviderConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose keys wrap an organisation's data keys. Maps of pseudonyms have a key, or even a provider, of their own."""

    provider: str
    key: str = ""
    pseudonyms_provider: str = ""
    pseudonyms_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What is kept, of whom, for how long, and where."""

    keep: bool = False
    organisations: frozenset[str] = frozenset()
    """Empty: all."""
    days: int = 30
    url: str = ""
    held: bool = field(default=False, compare=False)
    """Whether something may be there from before, to be destroyed in time."""

    def covers(self, organisation: str) -> bool:
        return self.keep and (not self.organisations or organisation in self.organisations)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultConfig:
    providers: Mapping[str, ProviderConfig]
    default: str
    """Provider of organisations that hold no key of their own."""
    holders: Mapping[str, Holder] = field(default_factory=dict[str, Holder])
    """Organisations that hold their own key: they are served only while it answers."""
    contents: Keeping = field(default_factory=Keeping)
    required: bool = True
    waiting_bytes: int = 64 * 1024 * 1024
    pseudonyms: Keeping = field(default_factory=Keeping)
    purpose: str = ""
    """Why pseudonyms are kept, for the ledger."""
    check_every: float = 0.3
    lease: float = 0.9
    """Seconds that a good answer of a provider counts, and a data key stays in memory."""

    @property
    def active(self) -> bool:
        """Whether anything here is asked for: without that, a server loads none of it."""
        return bool(self.holders) or any(one.keep or one.held for one in (self.contents, self.pseudonyms))

    def holder(self, organisation: str) -> Holder:
        """Return who holds an organisation's keys, all names filled in."""
        own = self.holders.get(organisation) or Holder(provider=self.default)
        return Holder(
            provider=own.provider,
            key=own.key or f"hanbok-{organisation}",
            pseudonyms_provider=own.pseudonyms_provider or own.provider,
            pseudonyms_key=own.pseudonyms_key or f"hanbok-{organisation}-pseudonyms",
        )
