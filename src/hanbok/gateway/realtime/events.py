"""Events of a session: what a client may send, what is read of the provider's."""

import re
import secrets
from typing import Annotated, Any, Final, TypeAlias

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text, Usage
from hanbok.gateway.message import Json
from hanbok.gateway.realtime.errors import EventUnfit
from hanbok.gateway.spelling.openai_answer import UsageText, read_usage

APPEND: Final = "input_audio_buffer.append"
COMMITTED: Final = "input_audio_buffer.committed"
CREATE: Final = "response.create"
WRITTEN: Final = "conversation.item.input_audio_transcription.completed"
NOT_WRITTEN: Final = "conversation.item.input_audio_transcription.failed"
UPDATE: Final = "session.update"
_PLAIN: Final = frozenset(
    {
        "conversation.item.delete", "conversation.item.retrieve", "conversation.item.truncate",
        "input_audio_buffer.clear", "input_audio_buffer.commit", "output_audio_buffer.clear", "response.cancel",
    }
)  # fmt: skip
_TRANSCRIPTION: Final = "conversation.item.input_audio_transcription."
_ID: Final = re.compile(
    # What looks like a resident registration number goes the way of every text.
    r"(?!.*[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[-_]?[0-9]{7})[A-Za-z0-9_-]{1,64}"
)
_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=10**8)]
_BASE64: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_TOKENS_A_SECOND: Final = 10
_DEEPEST: Final = 100
"""Levels of an event: those who read it further go down level by level."""
_ENCODE: Final = msgspec.json.Encoder().encode
_READ: Final = msgspec.json.Decoder(dict[str, Any]).decode
_WORDLESS: Final = re.compile(rb'"type":\s*"response\.(?:output_)?audio\.delta"')
_NARROW: Final = re.compile(rb'"(?:audio/pcm[ua]|g711_[ua]law)"')
_SHAPING: Final = frozenset({"session.created", "session.updated", "response.created"})


class Plain(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """An event that says nothing but what is to be done with what is there."""

    type: str
    event_id: str | None = None
    item_id: str | None = None
    response_id: str | None = None
    content_index: _Number | None = None
    audio_end_ms: _Number | None = None

    @property
    def fits(self) -> bool:
        """Whether it holds nothing of a caller's own but ids."""
        ids = (self.event_id, self.item_id, self.response_id)
        return self.type in _PLAIN and all(one is None or _ID.fullmatch(one) for one in ids)


class _Sound(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    type: str
    audio: str
    event_id: str | None = None


def read(message: str) -> dict[str, Any]:
    """Return an event of a client. Raises EventUnfit."""
    try:
        tree = _READ(message)
    except (msgspec.MsgspecError, RecursionError):
        raise EventUnfit(why=Text(ko="JSON 객체가 아닙니다", en="it is no JSON object")) from None
    if not isinstance(tree.get("type"), str):
        raise EventUnfit(why=Text(ko="type이 없습니다", en="it has no `type`"))
    if _too_deep(tree):
        raise EventUnfit(why=Text(ko="너무 깊이 겹쳐 있습니다", en="it is nested too deep"))
    return tree


def _too_deep(tree: dict[str, Any]) -> bool:
    level: list[Json] = [tree]
    for _ in range(_DEEPEST):
        holders = [
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)
        ]
        level = [inner for holder in holders for inner in holder if isinstance(inner, dict | list)]
        if not level:
            return False
    return True


def plain(tree: dict[str, Any]) -> bytes | None:
    """Return an event that holds no content as it may leave; None: it holds some."""
    try:
        event = msgspec.convert(tree, Plain)
    except msgspec.ValidationError:
        return None
    return _ENCODE(event) if event.fits else None


def sound(tree: dict[str, Any]) -> bytes | None:
    """Return an event that holds sound and nothing else as it may leave; None: it is none."""
    try:
        event = msgspec.convert(tree, _Sound)
    except msgspec.ValidationError:
        return None
    fits = event.type == APPEND and _BASE64.fullmatch(event.audio)
    return _ENCODE(event) if fits and (event.event_id is None or _ID.fullmatch(event.event_id)) else None


def sound_in(value: Json) -> int:
    """Return how many bytes of sound are anywhere in an event."""
    if isinstance(value, dict):
        inside = sum(map(sound_in, value.values()))
        return inside + (len(audio) if isinstance(audio := value.get("audio"), str) else 0)
    return sum(map(sound_in, value)) if isinstance(value, list) else 0


def encode(tree: dict[str, Any]) -> bytes:
    """Return an event as bytes. What a reader could take in two ways is gone: each member stands once."""
    return _ENCODE(tree)


def fresh_id() -> str:
    """Return an id for an event of ours."""
    return f"event_hb{secrets.token_hex(10)}"


def error_event(error: HanbokError, shape: dict[str, Any], cause: str | None) -> bytes:
    """Return an `error` event. `shape` is the error as HTTP tells it, `cause` the id of the client's event."""
    body = {
        "event_id": fresh_id(),
        "type": "error",
        "error": {**shape, "code": error.code, "event_id": cause},
    }
    return _ENCODE(body)


def without_cause(event: bytes) -> bytes:
    """Return an `error` event that names no event of its reader: what caused it is one of ours."""
    tree = _READ(event)
    tree["error"]["event_id"] = None
    return _ENCODE(tree)


class Shape(msgspec.Struct):
    """What a session or a response is like, as far as a provider tells."""

    output_modalities: Any = None
    modalities: Any = None
    """As sessions spelled it before 2025-08."""
    max_output_tokens: Any = None
    max_response_output_tokens: Any = None
    """As sessions spelled it before 2025-08."""

    @property
    def speaks(self) -> bool | None:
        """Whether answers are of sound; None: it does not say."""
        told = self.output_modalities or self.modalities
        return "audio" in told if isinstance(told, list) else None

    def most(self, before: int | None) -> int | None:
        """Return how many tokens an answer may have; `before` where it does not say, None: any number."""
        told = self.max_output_tokens or self.max_response_output_tokens
        if told is None:
            return before
        return told if isinstance(told, int) and told > 0 else None


class _Response(Shape):
    id: str = ""
    status: str = ""
    usage: UsageText | None = None


class _Error(msgspec.Struct):
    event_id: str | None = None


class _HeardUsage(UsageText):
    seconds: float | None = None


class Told(msgspec.Struct):
    """What is read of an event of the provider."""

    type: str = ""
    response_id: str | None = None
    item_id: str | None = None
    response: _Response | None = None
    session: Shape | None = None
    error: _Error | None = None
    usage: _HeardUsage | None = None

    @property
    def of(self) -> str:
        """Id of the response that it belongs to; empty: none."""
        return self.response_id or (self.response.id if self.response else "")

    @property
    def transcribed(self) -> str:
        """Id of the item that it is about the transcription of; empty: none."""
        about = self.type == COMMITTED or self.type.startswith(_TRANSCRIPTION)
        return self.item_id or "" if about else ""

    @property
    def charged(self) -> Usage | None:
        """What a response used; nothing, where it failed and that was not told."""
        if self.response is None:
            return None
        used = read_usage(self.response.usage)
        return Usage() if used is None and self.response.status == "failed" else used

    @property
    def heard(self) -> Usage | None:
        """What writing down the caller's own words used."""
        if self.usage is None:
            return None
        if self.usage.seconds is not None:
            tokens = round(self.usage.seconds * _TOKENS_A_SECOND)
            return Usage(input=tokens, parts={"audio_input": tokens})
        return read_usage(self.usage)


told = msgspec.json.Decoder(Told, strict=False).decode


def is_sound(event: bytes) -> bool:
    """Whether an event of the provider holds sound and no words."""
    return _WORDLESS.search(event, 0, 512) is not None and b'"transcript"' not in event


def as_created(event: bytes) -> bytes:
    """Return a `session.updated` as the event that tells of a new session."""
    return _ENCODE(_READ(event) | {"type": "session.created"})


def is_narrow(event: bytes, kind: str) -> bool:
    """Whether an event of the provider says that sound is of a telephone: a byte of it lasts six times as long."""
    return kind in _SHAPING and _NARROW.search(event) is not None
