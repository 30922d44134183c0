"""`evidence`: the evidence log."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from hanbok.settings.section import Section


class EvidenceSettings(Section, frozen=True, kw_only=True):
    directory: Annotated[
        Path | None, Meta(description="Folder of the log; none: `evidence` in the state folder.")
    ] = None
    segment_mib: Annotated[
        float, Meta(gt=0, description="A segment of the log is closed at this size, MiB.")
    ] = 64
