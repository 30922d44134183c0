"""A remote MCP server: which generation it speaks is told by what succeeds, not by what fails once."""

import json
from collections.abc import AsyncIterator

import pytest

from hanbok.core.values import Destination, Zone
from hanbok.gateway.mcp.errors import ToolServerFailed
from hanbok.gateway.mcp.remote import Remote
from hanbok.gateway.mcp.server import AllowRule, ToolServer


class Answered:
    def __init__(self, status: int, body: bytes, media: str) -> None:
        self.status, self._body, self.headers = status, body, {"content-type": media}

    async def read(self) -> AsyncIterator[bytes]:
        yield self._body

    async def whole(self, _limit: int) -> bytes:
        return self._body

    def close(self) -> None:
        """Nothing is open."""


class Modern:
    """Speaks 2026-07-28 alone, when it is not `down`."""

    def __init__(self) -> None:
        self.down, self.asked = True, []

    def permit(self, _gate: object) -> None:
        """Everything is let through."""

    async def post(self, _url: str, _headers: object, body: bytes, _timeouts: object) -> Answered:
        asked = json.loads(body)
        self.asked.append(asked["method"])
        if self.down:
            return Answered(503, b"later", "text/plain")
        told = {"jsonrpc": "2.0", "id": asked["id"], "result": {"supportedVersions": ["2026-07-28"]}}
        if asked["method"] == "initialize":
            told = {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "no"}}
        return Answered(200, json.dumps(told).encode(), "application/json")


async def test_a_server_that_was_down_at_the_first_look_is_asked_again_in_its_own_version():
    behind = Modern()
    server = ToolServer(
        name="crm",
        destination=Destination(endpoint="mcp:crm", country="KR", zone=Zone.HOME, operator="self"),
        allow=(AllowRule(tools=("*",)),),
        url="http://127.0.0.1:9/mcp",
    )
    line = Remote(server, behind, "0")
    with pytest.raises(ToolServerFailed):
        await line.ask("tools/list", {}, visitor="")
    behind.down = False
    assert (await line.ask("tools/list", {}, visitor="")).error is None
    assert behind.asked == ["server/discover", "initialize", "server/discover", "tools/list"]
