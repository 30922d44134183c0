"""Whose session it is: what is said in it becomes calls of theirs."""

import hashlib
from dataclasses import dataclass

from hanbok.gateway.call import Operation
from hanbok.gateway.calling import fresh_id
from hanbok.gateway.realtime.call import Line, Said, Turn
from hanbok.policy.key import Key

_ROUTE = "/v1/realtime"
_SAID_ROUTE = "/v1/realtime/said"
"""Of what asks for no response."""
_HEARD = ("audio",)
_BYTES_PER_TOKEN = 64
"""Of sound, rather few: ten tokens stand for a second."""


def tokens_of(sound: bytes) -> int:
    """Return how many tokens an event of sound can count at most."""
    return len(sound) // _BYTES_PER_TOKEN


@dataclass(frozen=True, slots=True)
class Speaker:
    key: Key
    model: str
    origin: str

    def said(
        self,
        line: Line,
        body: bytes,
        *,
        sounds: bool = False,
        raw: bytes | None = None,
        turn: Turn | None = None,
    ) -> Said:
        """Return a call, and note what it adds to the session."""
        line.bound += len(body) if raw is None else tokens_of(raw)
        return Said(
            id=fresh_id(),
            route=_SAID_ROUTE if turn is None else _ROUTE,
            operation=Operation.REALTIME,
            body=body,
            headers={},
            origin=self.origin,
            digest=hashlib.sha256(body if raw is None else raw).hexdigest(),
            as_key=self.key.id,
            model=self.model,
            stream=False,
            line=line,
            turn=turn,
            raw=raw,
            sounds=sounds,
            unread=_HEARD if sounds else (),
        )

    def owes(self, line: Line) -> Said:
        """Return the call of what is owed and no response is left to be charged with."""
        call = self.said(line, b'{"type":"session.owes"}', raw=b"", turn=Turn())
        call.key, call.principal = self.key, self.key.principal
        return call
