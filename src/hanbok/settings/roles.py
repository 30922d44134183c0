"""`roles`: how people prove who they are, and what needs two of them."""

from typing import Annotated

from msgspec import Meta

from hanbok.settings.section import Section


class RoleSettings(Section, frozen=True, kw_only=True):
    dual_control: Annotated[
        bool,
        Meta(
            description="Reveals, changes of policy and the other kinds of approval need a second person. Without it "
            "one is enough, and the log says so each time."
        ),
    ] = False
    failed_logins: Annotated[
        int,
        Meta(ge=1, le=100, description="An address that fails to log in so often is locked out of /admin."),
    ] = 5
    locked_minutes: Annotated[
        float,
        Meta(gt=0, le=1440, description="Minutes over which failures count, and for which it stays locked."),
    ] = 15
    admin_key_days: Annotated[
        int, Meta(ge=1, description="A personal key opens /admin for so many days after it was made.")
    ] = 90
    admin_idle_days: Annotated[
        int,
        Meta(ge=1, description="A personal key that has not opened /admin for so many days no longer does."),
    ] = 30
