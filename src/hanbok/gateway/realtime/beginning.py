"""What a session is begun with before its client says anything."""

from typing import Any

from hanbok.gateway.errors import UpstreamFailed
from hanbok.gateway.realtime import events


class Beginning:
    """The client is shown no session before the provider has taken it."""

    def __init__(self, session: dict[str, Any], origin: str) -> None:
        """Take what the session is to be, in the provider's words."""
        self.event = {"type": events.UPDATE, "event_id": events.fresh_id(), "session": session}
        """What the session begins with."""
        self.over = False
        self._origin = origin

    def shown(self, event: bytes, told: events.Told) -> bytes | None:
        """Return what may be shown of an event of the provider; None: nothing. Raises UpstreamFailed if it refuses."""
        if told.type == "session.created":
            return None
        if told.type == "session.updated":
            self.over = True
            return events.as_created(event)
        if told.type == "error":
            raise UpstreamFailed(origin=self._origin, status=400, reason="session")
        return event
