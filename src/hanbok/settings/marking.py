"""`marking`: how answers are marked as made by AI (AI Basic Act art. 31, its decree art. 23)."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from hanbok.gateway.steps.mark import Marks
from hanbok.settings.section import Section


class MediaMarkSettings(Section, frozen=True, kw_only=True):
    certificate: Annotated[
        Path, Meta(description="PEM file with the certificate chain that C2PA manifests are signed with.")
    ]
    key: Annotated[Path, Meta(description="PEM file with its private key.")]
    algorithm: Annotated[
        Literal["es256", "es384", "es512", "ps256", "ps384", "ps512", "ed25519"],
        Meta(description="Signature algorithm that fits the key."),
    ] = "es256"


class MarkingSettings(Section, frozen=True, kw_only=True):
    field: Annotated[
        bool,
        Meta(
            description="Also put `hanbok_ai_generated` into the body of chat answers and the first chunk of streams."
        ),
    ] = False
    internal_only: Annotated[
        str,
        Meta(
            description="Why no mark is due, where answers serve work inside the organisation only; recorded."
        ),
    ] = ""
    footer: Annotated[
        str, Meta(description="Line that `hanbok mark` puts under exported texts; none: hanbok's own.")
    ] = ""
    media: Annotated[
        MediaMarkSettings | None, Meta(description="Keys for C2PA manifests in pictures, sound and video.")
    ] = None

    @property
    def marks(self) -> Marks:
        """How answers are marked on their way back."""
        if self.internal_only:
            return Marks.EXEMPT
        return Marks.FIELD if self.field else Marks.HEADER
