"""What of a client's events is not taken at all: what would have the provider act where no control of ours stands."""

from typing import Any

from hanbok.core.values import Text
from hanbok.gateway.message import Json
from hanbok.gateway.realtime import events
from hanbok.gateway.realtime.errors import EventUnfit

_KEPT_THERE = ("prompt", "tracing")
"""Members that name what is kept at the provider, or have something kept there."""
_WRITERS = ("transcription", "input_audio_transcription")
"""Members that say what writes down what is heard, now and before 2025-08."""


def require_fit(tree: dict[str, Any], model: str, *, writes: str = "") -> None:
    """Let a client name the model that it has. Raises EventUnfit for another, for another type of session, for tools
    that the provider would call itself, and for what is kept at the provider. `writes`: what the provider calls the
    model, in a session of transcription; else empty.
    """
    if writes and tree.get("type") == events.CREATE:
        raise EventUnfit(
            why=Text(ko="받아쓰기 세션에는 응답이 없습니다", en="a session of transcription has no responses")
        )
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
        _require_type(session, "transcription" if writes else "realtime")
        if writes:
            _name_writer(session, model, writes)
        elif session.pop("model", model) != model:
            raise _other_model()


def with_writer(session: dict[str, Any], model: str) -> dict[str, Any]:
    """Return a session of transcription that says which model writes. Raises EventUnfit."""
    audio = _member(session, "audio")
    heard = _member(audio, "input")
    heard["transcription"] = _member(heard, "transcription") | {"model": model}
    return session | {"audio": audio | {"input": heard}}


def _member(holder: dict[str, Any], name: str) -> dict[str, Json]:
    held: Json = holder.get(name)
    if held is not None and not isinstance(held, dict):
        raise EventUnfit(why=Text(ko=f"{name}이(가) 객체가 아닙니다", en=f"`{name}` is no object"))
    return dict(held or {})


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


def _require_type(session: dict[str, Json], kind: str) -> None:
    if session.get("type", kind) != kind:
        raise EventUnfit(
            why=Text(ko=f"{kind} 세션만 됩니다", en=f"only sessions of type `{kind}` are served here")
        )


def _name_writer(session: dict[str, Json], model: str, writes: str) -> None:
    """Put the provider's name of the model wherever a session says what writes it down."""
    audio = session.get("audio")
    for holder in (session, audio.get("input") if isinstance(audio, dict) else None):
        for name in _WRITERS:
            if not isinstance(holder, dict) or name not in holder:
                continue
            writer = holder[name]
            if not isinstance(writer, dict) or writer.get("model", model) != model:
                raise _other_model()
            writer["model"] = writes
    if session.pop("model", model) != model:
        raise _other_model()


def _other_model() -> EventUnfit:
    return EventUnfit(why=Text(ko="세션의 모델은 바꿀 수 없습니다", en="a session stays with its model"))
