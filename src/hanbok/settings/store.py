"""`store`: keys, organisations, spending."""

from typing import Annotated

from msgspec import Meta

from hanbok.core.secret import Secret
from hanbok.settings.section import Section


class StoreSettings(Section, frozen=True, kw_only=True):
    url: Annotated[
        Secret | None, Meta(description="SQLAlchemy URL of the database; none: SQLite in the state folder.")
    ] = None
