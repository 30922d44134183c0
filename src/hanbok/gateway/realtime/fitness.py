"""What of a client's events is not taken at all: what would have the provider act where no control of ours stands."""

from typing import Any

from hanbok.core.values import Text
from hanbok.gateway.message import Json
from hanbok.gateway.realtime.errors import EventUnfit

_KEPT_THERE = ("prompt", "tracing")
"""Members that name what is kept at the provider, or have something kept there."""


def require_fit(tree: dict[str, Any], model: str) -> None:
    """Let a client name the model that it has. Raises EventUnfit for another, for what only writes down, for tools
    that the provider would call itself, and for what is kept at the provider.
    """
    session: Json = tree.get("session")
    response: Json = tree.get("response")
    items: list[Json] = [tree.get("item")]
    for held in (session, response):
        if isinstance(held, dict):
            _require_own_tools(held.get("tools"))
            _require_nothing_kept(held)
            if isinstance(inputs := held.get("input"), list):
                items += inputs
    if any(isinstance(item, dict) and str(item.get("type", "")).startswith("mcp") for item in items):
        raise EventUnfit(why=Text(ko="MCP 항목은 받지 않습니다", en="items of MCP are not taken"))
    if isinstance(session, dict):
        _require_model(session, model)


def _require_nothing_kept(held: dict[str, Json]) -> None:
    for name in _KEPT_THERE:
        if held.get(name) is not None:
            raise EventUnfit(why=Text(ko=f"{name} 항목은 받지 않습니다", en=f"`{name}` is not served"))


def _require_own_tools(tools: Json) -> None:
    # The provider calls any other tool itself: a server of MCP would get the session's data past policy.
    if tools is None:
        return
    if not isinstance(tools, list) or any(
        not isinstance(one, dict) or one.get("type") != "function" for one in tools
    ):
        raise EventUnfit(
            why=Text(ko="tools[].type은 function만 됩니다", en="only tools of type `function` are served")
        )


def _require_model(session: dict[str, Json], model: str) -> None:
    if session.pop("model", model) != model:
        raise EventUnfit(why=Text(ko="세션의 모델은 바꿀 수 없습니다", en="a session stays with its model"))
    if session.get("type", "realtime") != "realtime":
        raise EventUnfit(
            why=Text(ko="realtime 세션만 됩니다", en="only sessions of type `realtime` are served")
        )
