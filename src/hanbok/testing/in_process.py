"""A client of a door in the same process: calls go down the real path, without HTTP in between."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import msgspec

from hanbok.app import App
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language
from hanbok.gateway.call import Call, Operation
from hanbok.gateway.head import read_head
from hanbok.gateway.upstream import Gate, Timeouts

_OK, _REFUSED = 200, 403


@dataclass(slots=True)
class Answered:
    """A whole answer, as an upstream's exchange."""

    status: int
    headers: dict[str, str]
    body: bytes

    async def read(self) -> AsyncIterator[bytes]:
        """Yield it in one piece."""
        yield self.body

    async def whole(self, limit: int) -> bytes:
        """Return it."""
        return self.body[:limit]

    def close(self) -> None:
        """Nothing is open."""


@dataclass(slots=True)
class InProcess:
    """Sends to the path of an app, as from the address `origin`."""

    app: App
    origin: str = "127.0.0.1"
    sent: "count[int]" = field(default_factory=count)
    """Numbers the calls; clients that share it never give two the same id."""

    async def post(
        self,
        url: str,
        headers: tuple[tuple[str, str], ...],
        body: bytes,
        timeouts: Timeouts,  # noqa: ARG002 - the shape of an upstream
    ) -> Answered:
        """Run a call; what the path refuses comes back with its code, as over HTTP."""
        call = self._call(url, dict(headers), body)
        try:
            reply = await self.app.runtime.path.run(call)
            whole = reply.body
            if reply.chunks is not None:
                whole = b"".join([chunk async for batch in reply.chunks for chunk in batch])
        except HanbokError as error:
            told = {"error": {"code": error.code, "message": error.say(Language.KO)}}
            return Answered(_REFUSED, {"x-hanbok-call": call.id}, msgspec.json.encode(told))
        finally:
            call.finish()
        used = call.ending.used
        endpoint = used.target.endpoint if used else ""
        return Answered(reply.status, {"x-hanbok-call": call.id, "x-hanbok-endpoint": endpoint}, whole)

    def trust(self, url: str, authorities: Path) -> None:
        """No connection is made."""

    def permit(self, gate: Gate) -> None:
        """No connection is made."""

    async def close(self) -> None:
        """Nothing is open."""

    def _call(self, url: str, headers: dict[str, str], body: bytes) -> Call:
        head, members = read_head(body)
        return Call(
            id=f"call-{next(self.sent):024x}",
            route="/v1/chat/completions" if url.endswith("completions") else "/v1/embeddings",
            operation=Operation.CHAT if url.endswith("completions") else Operation.EMBEDDINGS,
            body=body,
            headers=headers,
            origin=self.origin,
            digest=hashlib.sha256(body).hexdigest(),
            members=members,
            model=head.model,
            stream=bool(head.stream),
            choices=max(1, head.n or 1),
            max_output=head.max_completion_tokens or head.max_tokens,
        )
