"""Texts in lines of JSON: `{"id", "text"}` each."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.guard.recogniser import Finding

_BLANK = b"\xef\xbb\xbf \t\r\n"


class BadRow(HanbokError):
    code = "bad_row"
    message = Text(ko="{file} {line}행: {problem}", en="{file}, line {line}: {problem}")
    hint = Text(
        ko='한 줄에 {{"id": 1, "text": "글"}} 하나씩, UTF-8로 적습니다. 결과 파일은 쓰지 않았습니다.',
        en='Write one {{"id": 1, "text": "..."}} a line, in UTF-8. No result was written.',
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One text. `id` is JSON as it was written: a number stays a number."""

    id: bytes
    text: str


class _Plain(msgspec.Struct):
    id: msgspec.Raw
    text: str


_read_plain = msgspec.json.Decoder(_Plain).decode


def read_rows(lines: Iterable[bytes], file: str) -> Iterator[Row]:
    """Yield the rows; blank lines and other members are passed over. Raises BadRow, which names `file`."""
    for number, line in enumerate(lines, start=1):
        content = line.strip(_BLANK)
        if not content:
            continue
        try:
            plain = _read_plain(content)
            yield Row(id=bytes(plain.id), text=plain.text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield _read_any(content, file, number)


def spans_of(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as they are written into rows."""
    return [
        {"start": one.start, "end": one.end, "type": one.kind, "score": round(one.score, 4)} for one in found
    ]


def row_of(identity: bytes, members: Mapping[str, object]) -> bytes:
    """Return one line of a result: the id as it was given, then these members."""
    try:
        rest = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair
        rest = json.dumps(members, separators=(",", ":")).encode()
    return b'{"id":' + identity + b"," + rest[1:] + b"\n"


def _read_any(content: bytes, file: str, number: int) -> Row:
    """Read what the quick reader refused: JSON may spell half a surrogate pair, and texts of the wild do."""
    try:
        row = json.loads(content.decode())
    except UnicodeDecodeError as error:
        raise BadRow(file=file, line=number, problem=f"byte {error.start + 1} is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise BadRow(
            file=file, line=number, problem=f"not JSON: {error.msg} at column {error.colno}"
        ) from None
    except (RecursionError, ValueError):
        raise BadRow(file=file, line=number, problem="nested too deep, or a number too long") from None
    if not isinstance(row, dict):
        raise BadRow(file=file, line=number, problem="not a JSON object")
    for name in ("id", "text"):
        if name not in row:
            raise BadRow(file=file, line=number, problem=f"`{name}` is missing")
    text: object = row["text"]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(text, str):
        raise BadRow(file=file, line=number, problem="`text` is not a string")
    return Row(id=json.dumps(row["id"]).encode(), text=text)
