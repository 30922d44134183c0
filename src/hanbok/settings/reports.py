"""`reports`: what stands on reports."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from hanbok.settings.section import Section


class ReportSettings(Section, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="The organisation's name as reports show it.")] = ""
    documents: Annotated[
        Path | None,
        Meta(description="Folder of documents that are kept by law; none: `documents` in the state folder."),
    ] = None
