"""`policy`: who may send what where."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from hanbok.settings.section import Section

DEFAULT_PACKS = ("pipa", "credit_information", "efsr", "n2sf", "network")


class PolicySettings(Section, frozen=True, kw_only=True):
    packs: Annotated[tuple[str, ...], Meta(description="Law packs in force, by name.")] = DEFAULT_PACKS
    extra: Annotated[
        tuple[Path, ...], Meta(description="Cedar files with the organisation's own policies.")
    ] = ()
