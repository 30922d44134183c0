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


def described() -> ToolServer:
    return ToolServer(
        name="crm",
        destination=Destination(endpoint="mcp:crm", country="KR", zone=Zone.HOME, operator="self"),
        allow=(AllowRule(tools=("*",)),),
        url="http://127.0.0.1:9/mcp",
    )


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


class Changing(Modern):
    """Speaks one generation at a time."""

    def __init__(self, refuses: int, *, modern: bool) -> None:
        super().__init__()
        self.down, self.refuses, self.modern = False, refuses, modern

    async def post(self, url: str, headers: object, body: bytes, timeouts: object) -> Answered:
        asked = json.loads(body)
        if self.modern is ("_meta" in asked.get("params", {})):
            if self.modern:
                return await super().post(url, headers, body, timeouts)
            self.asked.append(asked["method"])
            told = {"jsonrpc": "2.0", "id": asked.get("id"), "result": {"protocolVersion": "2025-11-25"}}
            return Answered(200, json.dumps(told).encode(), "application/json")
        self.asked.append(f"not {asked['method']}")
        error = {"jsonrpc": "2.0", "id": asked.get("id"), "error": {"code": -32600, "message": "no"}}
        if self.refuses > 0:
            return Answered(self.refuses, json.dumps(error).encode(), "application/json")
        return Answered(-self.refuses, b"no", "text/plain")


@pytest.mark.parametrize("refuses", [400, -400, -404, -405])
@pytest.mark.parametrize("modern", [True, False])
async def test_a_server_that_came_back_in_another_version_is_looked_at_again(refuses: int, modern: bool):
    behind = Changing(refuses, modern=modern)
    line = Remote(described(), behind, "0")
    assert (await line.ask("tools/list", {}, visitor="a:b")).error is None
    behind.modern = not modern
    failed = 0
    for _ in range(2):
        try:
            failed += (await line.ask("tools/list", {}, visitor="a:b")).error is not None
        except ToolServerFailed:
            failed += 1
    assert failed <= 1
    assert behind.asked[-1] == "tools/list"
    assert (await line.ask("tools/list", {}, visitor="a:b")).error is None
    assert behind.asked[-2:] == ["tools/list", "tools/list"]


async def test_a_server_that_was_down_at_the_first_look_is_asked_again_in_its_own_version():
    behind = Modern()
    line = Remote(described(), behind, "0")
    with pytest.raises(ToolServerFailed):
        await line.ask("tools/list", {}, visitor="")
    behind.down = False
    assert (await line.ask("tools/list", {}, visitor="")).error is None
    assert behind.asked == ["server/discover", "initialize", "server/discover", "tools/list"]
