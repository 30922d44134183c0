"""Whose session it is: what is said in it becomes calls of theirs."""

import hashlib
from dataclasses import dataclass

from hanbok.gateway.call import Operation
from hanbok.gateway.calling import fresh_id
from hanbok.gateway.realtime.call import Said, Turn
from hanbok.gateway.realtime.line import Line
from hanbok.policy.key import Key

_ROUTE = "/v1/realtime"
_SAID_ROUTE = "/v1/realtime/said"
"""Of what asks for no response."""
_HEARD = ("audio",)


@dataclass(frozen=True, slots=True)
class Speaker:
    key: Key
    model: str
    origin: str
    secret: str = ""
    """Id of the call that made the secret which the session was opened with; empty: it was opened with a key."""

    def said(
        self,
        line: Line,
        body: bytes,
        *,
        sound: int = 0,
        raw: bytes | None = None,
        turn: Turn | None = None,
    ) -> Said:
        """Return a call, and note what it adds to the session; `sound` bytes of it are base64 of sound."""
        leaving = body if raw is None else raw
        line.words += max(len(leaving) - sound, 0)
        line.sound += sound
        call = Said(
            id=fresh_id(),
            route=_SAID_ROUTE if turn is None else _ROUTE,
            operation=Operation.REALTIME,
            body=body,
            headers={},
            origin=self.origin,
            digest=hashlib.sha256(leaving).hexdigest(),
            as_key=self.key.id,
            model=self.model,
            stream=False,
            line=line,
            turn=turn,
            raw=raw,
            sounds=sound > 0,
            unread=_HEARD if sound else (),
        )
        if self.secret:
            call.ending.steps["client_secret"] = f"opened with {self.secret}"
        return call

    def owes(self, line: Line) -> Said:
        """Return the call of what is owed and no response is left to be charged with."""
        call = self.said(line, b'{"type":"session.owes"}', raw=b"", turn=Turn())
        call.key, call.principal = self.key, self.key.principal
        return call
