"""`transfers`: who processes data for you, where, on what basis, and until when that is proved."""

from typing import Annotated

from msgspec import Meta, field

from hanbok.policy.transfers import Controller, Processor
from hanbok.settings.section import Count, Section


class ControllerSettings(Section, frozen=True, kw_only=True):
    name: Annotated[str, Meta(description="Your organisation, as its privacy policy calls it.")] = ""
    officer: Annotated[str, Meta(description="Department or title in charge of personal data.")] = ""
    contact: Annotated[str, Meta(description="How that one is reached.")] = ""

    @property
    def value(self) -> Controller:
        return Controller(name=self.name, officer=self.officer, contact=self.contact)


class TransfersSettings(Section, frozen=True, kw_only=True):
    records_only: Annotated[
        bool,
        Meta(
            description="Outside the organisation only dated records count: what an endpoint merely declares "
            "(`data_use`, `certificates`) is ignored."
        ),
    ] = False
    warn_days: Annotated[
        Count, Meta(description="Days before its last one on which a record is warned of.")
    ] = 30
    controller: Annotated[
        ControllerSettings, Meta(description="You, for the disclosure and the register.")
    ] = ControllerSettings()
    processors: Annotated[
        dict[Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")], Processor],
        Meta(description="Who runs endpoints outside the organisation."),
    ] = field(default_factory=dict[str, Processor])
