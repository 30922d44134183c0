"""The head of a request, and edits that leave every other byte of a JSON body as it came."""

import json
import re
from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class InvalidJson(HanbokError):
    code = "invalid_json"
    message = Text(
        ko="요청 본문이 올바른 JSON 객체가 아닙니다 (바이트 {position} 부근)",
        en="the request body is not a valid JSON object (near byte {position})",
    )
    hint = Text(ko="UTF-8 JSON 객체를 보내십시오.", en="Send a JSON object in UTF-8.")


class InvalidRequest(HanbokError):
    code = "invalid_request"
    message = Text(
        ko="요청의 {field!r} 값이 없거나 형식이 맞지 않습니다",
        en="the request's {field!r} is missing or of the wrong type",
    )
    hint = Text(ko="OpenAI API의 형식을 따르십시오.", en="Follow the shape of OpenAI's API.")


class DuplicateField(HanbokError):
    """Readers of JSON differ on which of two equal names counts: what was inspected might not be what is used."""

    code = "duplicate_field"
    message = Text(
        ko="요청의 같은 객체에 {field!r} 필드가 두 번 있습니다",
        en="the field {field!r} appears twice in one object of the request",
    )
    hint = Text(ko="필드마다 한 번씩만 쓰십시오.", en="Write each field once.")


def refuse_doubles(body: bytes) -> None:
    """Read JSON of any depth for its names alone. Raises DuplicateField, ValueError, RecursionError."""
    json.loads(body, object_pairs_hook=_once)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members: dict[str, object] = {}
    for name, value in pairs:
        if name in members:
            raise DuplicateField(field=name[:100])
        members[name] = value
    return members


class StreamOptions(msgspec.Struct, frozen=True):
    include_usage: bool | None = None


class Head(msgspec.Struct, frozen=True):
    """What the gateway itself reads of a request; the rest stays bytes."""

    model: str
    stream: bool | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stream_options: StreamOptions | None = None


_HEAD = msgspec.json.Decoder(Head)
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode
_BYTE = re.compile(r"\(byte (\d+)\)")
_FIELD = re.compile(r"\$\.([a-z_]+)|required field `([a-z_]+)`")
# Up to a member's value. A name's literal may hold escapes, a quotation mark among them.
_NAME = re.compile(rb'[ \t\r\n]*[{,][ \t\r\n]*"([^"\\]*+(?:\\.[^"\\]*+)*+)"[ \t\r\n]*:[ \t\r\n]*').match
_END = re.compile(rb"[ \t\r\n]*(?:\{[ \t\r\n]*)?\}").match
_PRINTABLE_NAME = re.compile(r"[a-z][a-z_]{0,40}")

Spans: TypeAlias = dict[str, tuple[int, int]]


def read_head(body: bytes) -> tuple[Head, Spans]:
    """Return the head, and where each member of the body stands. Raises InvalidJson, InvalidRequest, DuplicateField."""
    try:
        head = _HEAD.decode(body)
        body.decode()  # the decoder skips what the head does not name
    except msgspec.ValidationError as error:
        found = _FIELD.search(str(error))
        raise InvalidRequest(field=(found[1] or found[2]) if found else "body") from error
    except UnicodeDecodeError as error:
        raise InvalidJson(position=error.start) from error
    except (msgspec.DecodeError, RecursionError) as error:
        found = _BYTE.search(str(error))
        raise InvalidJson(position=int(found[1]) if found else len(body)) from error
    if not head.model:
        raise InvalidRequest(field="model")
    return head, spans(body)


def spans(body: bytes) -> Spans:
    """Return where the value of each member of a JSON object begins and ends.

    Raises InvalidJson, and DuplicateField for two members of one name. (Inside of members it does not look: whoever
    inspects texts must read all that is written, not what a decoder keeps.)
    """
    try:
        members = _MEMBERS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidJson(position=0) from error
    found: Spans = {}
    at = 0
    # The decoder keeps the place of the first and the value of the last of equal names: the walk then comes to
    # another value or name than it expects.
    for name, raw in members.items():
        member = _NAME(body, at)
        if member is None:
            raise _duplicate(name)
        start = member.end()
        value = bytes(raw)
        at = start + len(value)
        literal = member[1]
        if not body.startswith(value, start) or (literal != name.encode() and _unescaped(literal) != name):
            raise _duplicate(name)
        found[name] = (start, at)
    if _END(body, at) is None:
        raise _duplicate("?")
    return found


def _unescaped(literal: bytes) -> str:
    return msgspec.json.decode(b'"%s"' % literal, type=str)


def _duplicate(name: str) -> DuplicateField:
    # A name that a caller made up may hold anything.
    return DuplicateField(field=name if _PRINTABLE_NAME.fullmatch(name) else "?")


def splice(body: bytes, values: Mapping[str, bytes], where: Spans | None = None) -> bytes:
    """Set members of a JSON object to these JSON texts; every other byte stays as it is: `body` itself when all do.
    `where` are its spans, if they are known.
    """
    where = spans(body) if where is None else where
    there = [(*where[name], text) for name, text in values.items() if name in where]
    if len(there) == len(values) and all(body[start:end] == text for start, end, text in there):
        return body
    pieces: list[bytes] = []
    at = 0
    for start, end, text in sorted(there):
        pieces += (body[at:start], text)
        at = end
    if len(there) < len(values):
        missing = b",".join(_encode(name) + b":" + text for name, text in values.items() if name not in where)
        close = body.rindex(b"}")
        pieces += (body[at:close], b"," if where else b"", missing)
        at = close
    pieces.append(body[at:])
    return b"".join(pieces)
