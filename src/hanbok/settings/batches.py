"""`batches`: calls that nobody waits for."""

from typing import Annotated

from msgspec import Meta

from hanbok.settings.section import Section


class BatchSettings(Section, frozen=True, kw_only=True):
    at_once: Annotated[
        int, Meta(ge=1, le=256, description="Lines of batches that one process asks at the same time.")
    ] = 4
