"""The contract of a line to an MCP server."""

from collections.abc import Mapping
from typing import Any, Protocol

from hanbok.gateway.mcp.wire import Answer


class Line(Protocol):
    """Asks one server, in the generation of the protocol that it speaks."""

    async def ask(
        self,
        method: str,
        params: Mapping[str, Any],
        *,
        visitor: str,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Answer:
        """Return its answer: a result or an error of its own. Whoever asks with the same `visitor` shares what the
        server remembers. `headers` are those that repeat arguments. Raises ToolServerFailed, UpstreamUnreachable
        (nothing was sent), UpstreamTimeout, UpstreamCut, UpstreamGarbled.
        """
        ...

    async def leave(self, visitor: str) -> None:
        """Forget what was opened for this visitor."""
        ...

    async def close(self) -> None:
        """Let go of the server."""
        ...
