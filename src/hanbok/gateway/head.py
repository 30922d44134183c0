"""The head of a request, and edits that leave every other byte of a JSON body as it came."""

import json
import re
from collections.abc import Mapping

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
_ANY = msgspec.json.Decoder()
_ENCODER = msgspec.json.Encoder()
_BYTE = re.compile(r"\(byte (\d+)\)")
_FIELD = re.compile(r"\$\.([a-z_]+)|required field `([a-z_]+)`")
_NAME = re.compile(rb'[{,][ \t\r\n]*("(?:[^"\\]|\\.)*+")[ \t\r\n]*:[ \t\r\n]*')
_SPACE = re.compile(rb"[ \t\r\n]*")
_PRINTABLE_NAME = re.compile(r"[a-z][a-z_]{0,40}")


def read_head(body: bytes) -> Head:
    """Return the head. Raises InvalidJson, InvalidRequest, DuplicateField (of any object, however deep)."""
    try:
        head = _HEAD.decode(body)
        _refuse_duplicates(body)
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
    return head


def _refuse_duplicates(body: bytes) -> None:
    """Raise DuplicateField when any object of a valid JSON text repeats a name."""
    # A decoder drops the earlier of two equal names, and with it at least two quotation marks. Every other mark
    # survives decoding and encoding, except those that were spelled as the escape 0022.
    again = _ENCODER.encode(_ANY.decode(body))
    if again.count(b'"') != body.count(b'"') or b"\\u0022" in body:
        json.loads(body, object_pairs_hook=_distinct)


def _distinct(pairs: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            # A name that a caller made up may hold anything.
            raise DuplicateField(field=name if _PRINTABLE_NAME.fullmatch(name) else "?")
        seen.add(name)


def spans(body: bytes) -> dict[str, tuple[int, int]]:
    """Return where the value of each member of a JSON object begins and ends. Raises DuplicateField, InvalidJson."""
    try:
        members = _MEMBERS.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidJson(position=0) from error
    found: dict[str, tuple[int, int]] = {}
    at = _after(_SPACE, body, 0)
    for _ in members:
        member = _NAME.match(body, at)
        if member is None:
            raise InvalidJson(position=at)
        name: str = _ANY.decode(member[1])
        value = bytes(members[name])
        start = member.end()
        at = start + len(value)
        if name in found or body[start:at] != value:
            raise DuplicateField(field=name if _PRINTABLE_NAME.fullmatch(name) else "?")
        found[name] = (start, at)
        at = _after(_SPACE, body, at)
    if members and body[at : at + 1] != b"}":
        raise DuplicateField(field="?")
    return found


def _after(pattern: re.Pattern[bytes], body: bytes, at: int) -> int:
    found = pattern.match(body, at)
    return found.end() if found else at


def splice(
    body: bytes, values: Mapping[str, bytes], where: dict[str, tuple[int, int]] | None = None
) -> bytes:
    """Set members of a JSON object to these JSON texts; every other byte stays as it is. `where` are its spans, if
    they are known.
    """
    where = spans(body) if where is None else where
    pieces: list[bytes] = []
    at = 0
    for start, end, name in sorted((*where[name], name) for name in values if name in where):
        pieces += (body[at:start], values[name])
        at = end
    missing = b",".join(
        _ENCODER.encode(name) + b":" + text for name, text in values.items() if name not in where
    )
    if missing:
        close = body.rindex(b"}")
        pieces += (body[at:close], b"," if where else b"", missing)
        at = close
    pieces.append(body[at:])
    return b"".join(pieces)
