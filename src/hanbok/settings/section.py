"""What every part of the settings is built on."""

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=0)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One mapping of `hanbok.yaml`. Each value has a type and a description, which become the schema and the docs."""
