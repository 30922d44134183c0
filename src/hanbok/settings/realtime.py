"""`realtime`: sessions over WebSocket, at `/v1/realtime`."""

from typing import Annotated

from msgspec import Meta

from hanbok.core.values import Zone
from hanbok.settings.section import Section


class RealtimeSettings(Section, frozen=True, kw_only=True):
    models: Annotated[
        tuple[str, ...],
        Meta(description="Names in `models` that sessions may be opened with; none: the route is not there."),
    ] = ()
    transcription: Annotated[
        tuple[str, ...],
        Meta(
            description="Names in `models` that sessions of transcription may be opened with; "
            "the first is taken where a client names none."
        ),
    ] = ()
    sound_zones: Annotated[
        tuple[Zone, ...],
        Meta(description="Zones that sound may go to, which nobody can inspect for personal data."),
    ] = (Zone.HOME, Zone.DOMESTIC, Zone.FOREIGN)
    message_mib: Annotated[
        float, Meta(gt=0, le=64, description="Largest message of a client or a provider, MiB.")
    ] = 16
    idle: Annotated[
        float, Meta(gt=0, description="Seconds without an event, after which a session ends.")
    ] = 600
    longest: Annotated[float, Meta(gt=0, description="Seconds after which a session ends in any case.")] = (
        3600
    )
    sessions: Annotated[int, Meta(ge=1, le=65536, description="Sessions that one process may have open.")] = (
        256
    )
