"""`prices`: whose price tables are taken in."""

from typing import Annotated

from msgspec import Meta

from hanbok.evidence.note import Kind, NoteInvalid, VerifierKey
from hanbok.settings.section import Section


class PricesSettings(Section, frozen=True, kw_only=True):
    keys: Annotated[
        tuple[str, ...],
        Meta(
            description="Public keys (vkeys) whose signed price tables `hanbok models prices update` takes."
        ),
    ] = ()

    def __post_init__(self) -> None:
        """Raise ValueError for a key that is none."""
        try:
            kinds = {key.kind for key in self.trusted()}
        except NoteInvalid as error:
            raise ValueError(str(error)) from error
        if kinds - {Kind.NOTE}:
            raise ValueError("the key of a witness signs no tables")

    def trusted(self) -> tuple[VerifierKey, ...]:
        """Return the keys."""
        return tuple(map(VerifierKey.parse, self.keys))
