"""Every text of a JSON body as one string, and edits to it that leave all other bytes as they came.

A body is split at its quotation marks, not parsed into a tree: that is quicker, sees names, values and members
that a decoder would drop, and keeps every byte's place.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import TypeAlias

import msgspec

from hanbok.gateway.encoded import Encoded, is_opaque, may_be_encoded, media_of, read_encoded, unread_in
from hanbok.gateway.head import InvalidJson
from hanbok.guard.guard import BOUNDARY
from hanbok.guard.pseudonym import Edit, apply

_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]{7,}")
_LONG_NUMBER = 8
_ESCAPE = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.")
# JSON in a JSON string, at any depth: each level doubles the backslashes, so a whole run of them is one escape.
_INNER = re.compile(
    r"(?<!\\)\\++(?:u([dD][89abAB][0-9a-fA-F]{2})\\++u([dD][c-fC-F][0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|([\"/bfnrt]))"
)
_INNER_UNICODE = re.compile(r"\\u[0-9a-fA-F]{4}")
_INNER_START = re.compile(r"\s*[\[{\"]")
_SIGNS = {'"': '"', "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_NEEDS_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_SURROGATE = re.compile("[\ud800-\udfff]")
_ZERO_WIDTH = "\u200b"
_LONGEST_FLOAT = 64
_OF_FILES = re.compile(
    rf"{BOUNDARY}(?:(?:image|file|video|audio)_url|file(?:Uri|_uri|_ids?)|source|input_audio|(?:mime|media)_?[tT]ype)"
    rf"{BOUNDARY}"
)
"""Members that tell of files; a text that holds none of them is soon known."""
_ADDRESS = r"\s*+[A-Za-z][A-Za-z0-9+.-]{0,15}+://"
_FILE_AT = re.compile(
    rf"{BOUNDARY}(?:(?:image|file|video|audio)_url|fileUri|file_uri|source){BOUNDARY}"
    # Readers let a name stand there more than once.
    rf"(?:(?:detail|type|url){BOUNDARY}(?!{_ADDRESS})[^{BOUNDARY}]*+{BOUNDARY}){{0,31}}+"
    rf"(?:[^{BOUNDARY}]*+{BOUNDARY}){{0,7}}?{_ADDRESS}"
)
_KEPT_FILE = re.compile(
    rf"{BOUNDARY}(?:file_ids?{BOUNDARY}\s*+[A-Za-z0-9]++[-_]|file(?:Uri|_uri){BOUNDARY}[^{BOUNDARY}/]*+/)"
)
_SOUND = re.compile(
    rf"{BOUNDARY}input_audio{BOUNDARY}(?:[^{BOUNDARY}]*+{BOUNDARY}){{0,7}}?data{BOUNDARY}\s*+[A-Za-z0-9+/_-]"
)
_TYPE_OF_FILE = re.compile(rf"{BOUNDARY}(?:mime|media)_?[tT]ype{BOUNDARY}([^{BOUNDARY}]*+)")
LINKED = "linked file"
_CONTENTS = frozenset({"bytes", "data", "file_data"})
"""Members whose strings are base64 however short."""
_SEALS = frozenset({"encrypted_content", "signature", "thoughtSignature", "thought_signature"})
_SHORT = 16
"""Shorter strings hold no file."""


_Token: TypeAlias = tuple[int, str, bool]
"""Where a string (without quotation marks) or a number begins, how it is written, and whether it is a string."""


class Texts:
    """The texts of one JSON body: names and values at any depth, and bare numbers of eight characters and more.

    JSON written inside a string (as in a tool call's arguments) is read without its escapes. A text file in a
    `data:` URL or in base64 is read decoded; other files are not text, and named in `unread`.
    """

    __slots__ = ("_body", "_source", "sealed", "text", "unread")

    def __init__(self, body: bytes) -> None:
        """Take a body that is known to be JSON. Raises InvalidJson for strings that are not Unicode."""
        self._body = body
        try:
            self._source = body.decode()
        except UnicodeDecodeError as error:
            raise InvalidJson(position=error.start) from error
        for control in (BOUNDARY.encode(), b"\x00"):
            if control in body:
                raise InvalidJson(position=body.index(control))
        unread: list[str] = []
        sealed: list[str] = []
        noted = 0
        parts = _split(self._source)
        escaped = b"\\" in body
        if escaped or may_be_encoded(self._source):
            for index in range(1, len(parts), 2):
                if len(part := parts[index]) >= _SHORT or (escaped and "\\" in part):
                    parts[index] = _view(part, unread, named=parts[index - 2] in _CONTENTS)
                    if unread and _is_seal(parts, index):
                        sealed += unread[noted:]
                        del unread[noted:]
                    noted = len(unread)
        if any(_NUMBER.search(part) for part in parts[::2] if len(part) >= _LONG_NUMBER):
            views = _with_numbers(parts)
        else:
            views = parts[1::2]
        self.text = BOUNDARY.join(views)
        """The texts, joined by BOUNDARY, which none of them holds."""
        self.unread = tuple(unread)
        """Media types of the files that are not text, in their order."""
        self.sealed = tuple(sealed)
        """The same of what a provider sealed for itself, such as its reasoning: it goes back to where it came from."""

    @property
    def files(self) -> tuple[str, ...]:
        """What its members say of files that nobody reads: their types, however the files are written, and whether a
        provider is told to read one elsewhere, at an address or one that it keeps.
        """
        text = self.text
        if _OF_FILES.search(text) is None:
            return ()
        types = [media_of(one) for one in _TYPE_OF_FILE.findall(text) if is_opaque(one)]
        if _SOUND.search(text):
            types.append("audio")
        if _FILE_AT.search(text) or _KEPT_FILE.search(text):
            types.append(LINKED)
        return tuple(types)

    def replace(self, edits: Sequence[Edit]) -> bytes:
        """Return the body with `edits` to `text` made in it; a bare number that one touches becomes 0.

        An edit over several texts puts its string into the first. Raises ValueError for edits that overlap.
        """
        if not edits:
            return self._body
        tokens = _tokens(_split(self._source))
        pieces: list[str] = []
        at = 0
        for index, view, local in self._by_token(sorted(edits)):
            start, raw, is_string = tokens[index]
            pieces += (self._source[at:start], _edited(raw, view, local) if is_string else "0")
            at = start + len(raw)
        pieces.append(self._source[at:])
        return "".join(pieces).encode()

    def _by_token(self, edits: Sequence[Edit]) -> Iterator[tuple[int, str, list[Edit]]]:
        """Yield the index and view of each token that `edits` touch, with its own edits."""
        views = self.text.split(BOUNDARY)
        starts = [0, *accumulate(len(view) + 1 for view in views)]
        by_token: dict[int, list[Edit]] = {}
        reached = 0
        for start, end, new in edits:
            if start < reached or end < start or end > len(self.text):
                raise ValueError("edits overlap or lie outside of the text")
            reached = end
            first = bisect_right(starts, start) - 1
            last = max(first, bisect_right(starts, end - 1) - 1)
            for index in range(first, last + 1):
                size = len(views[index])
                local = (max(start - starts[index], 0), min(end - starts[index], size), new)
                by_token.setdefault(index, []).append(local if index == first else (*local[:2], ""))
        for index, local_edits in by_token.items():
            yield index, views[index], local_edits


def _split(source: str) -> list[str]:
    """Return the parts outside and inside of strings in turn, without the quotation marks between them."""
    if "\\" not in source or '\\"' not in source:
        parts = source.split('"')
    else:
        flat = source.replace("\\\\", "\x00\x00").replace('\\"', "\x00\x01")
        parts = [
            part.replace("\x00\x00", "\\\\").replace("\x00\x01", '\\"') if "\x00" in part else part
            for part in flat.split('"')
        ]
    if len(parts) % 2 == 0:
        raise InvalidJson(position=len(source.encode()))
    return parts


def _with_numbers(parts: Sequence[str]) -> list[str]:
    """Return the strings and the long numbers between them, in their order."""
    views: list[str] = []
    for index, part in enumerate(parts):
        if index % 2:
            views.append(part)
        elif len(part) >= _LONG_NUMBER:
            views += map(_digits, _NUMBER.findall(part))
    return views


def _tokens(parts: Sequence[str]) -> list[_Token]:
    """Return strings and long numbers in their order."""
    tokens: list[_Token] = []
    at, is_string = 0, False
    for part in parts:
        if is_string:
            tokens.append((at, part, True))
        elif len(part) >= _LONG_NUMBER:
            tokens += ((at + number.start(), number[0], False) for number in _NUMBER.finditer(part))
        at += len(part) + 1
        is_string = not is_string
    return tokens


def _is_seal(parts: Sequence[str], index: int) -> bool:
    """Whether the string is a member that a provider gave out for itself alone."""
    if index < 3 or parts[index - 1].strip() != ":":  # noqa: PLR2004 - a name stands two before its value
        return False
    return parts[index - 2] in _SEALS


def _view(raw: str, unread: list[str], *, named: bool) -> str:
    """Return how a string reads, noting a file that cannot be read. `named`: its member is one of `_CONTENTS`."""
    escaped = "\\" in raw
    if not escaped and not named and not may_be_encoded(raw):
        return raw
    string = _unescape(raw) if escaped else raw
    file = read_encoded(string, named=named) if named or may_be_encoded(string) else None
    if media := unread_in(string, file):
        unread.append(media)
    if file:
        string = string[: file.start] + (file.text or "")
    elif not escaped:
        return raw
    elif _has_inner(string):
        string = _INNER.sub(_inner_sign, string)
    # A separator that a caller escaped must not pass for ours, nor hide what stands around it; nor must a zero.
    return string.replace(BOUNDARY, _ZERO_WIDTH).replace("\x00", _ZERO_WIDTH)


def _unescape(raw: str) -> str:
    if "\\" not in raw:
        return raw
    try:
        string: str = json.loads(f'"{raw}"')
    except json.JSONDecodeError as error:
        raise InvalidJson(position=0) from error
    if ("\\ud" in raw or "\\uD" in raw) and _SURROGATE.search(string):
        raise InvalidJson(position=0)
    return string


def _has_inner(string: str) -> bool:
    return "\\" in string and bool(_INNER_START.match(string) or _INNER_UNICODE.search(string))


def _inner_sign(escape: re.Match[str]) -> str:
    high, low, code, sign = escape.groups()
    if sign:
        return _SIGNS[sign]
    if high:
        return chr(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)
    letter = chr(int(code, 16))
    return "\ufffd" if _SURROGATE.match(letter) else letter


def _digits(raw: str) -> str:
    """Return a number written out: 9.1e9 reads 9100000000."""
    if raw.lstrip("-").isdecimal() or len(raw) > _LONGEST_FLOAT:
        return raw
    try:
        number = Decimal(raw)
    except ArithmeticError:
        return raw
    if abs(number.adjusted()) > _LONGEST_FLOAT:
        return raw
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def _edited(raw: str, view: str, edits: list[Edit]) -> str:
    """Return a string's raw text after edits to its view."""
    if view == raw and not may_be_encoded(raw):
        return apply(raw, [(start, end, _escaped(new)) for start, end, new in edits])
    string = _unescape(raw)
    # Of a string that holds nothing but base64, the view is another only if it was read as a file.
    file = read_encoded(string, named=view != string)
    if file:
        edits = _in_file(file, view, edits, len(string))
    elif _has_inner(string):
        edits = [
            (start, end, _requote(string, start, new)) for start, end, new in _outward(edits, string, _INNER)
        ]
    escaped = [(start, end, _escaped(new)) for start, end, new in edits]
    return apply(raw, _outward(escaped, raw, _ESCAPE))


def _in_file(file: Encoded, view: str, edits: Sequence[Edit], end: int) -> list[Edit]:
    """Turn edits to a view into edits to the string that ends at `end`: of the header, and of the base64 as one."""
    header = [(start, min(stop, file.start), new) for start, stop, new in edits if start < file.start]
    if file.text is None or all(stop <= file.start for _, stop, _ in edits):
        return header
    # What begins in the header leaves its string there.
    text = [
        (max(start, file.start), stop, "" if start < file.start else new)
        for start, stop, new in edits
        if stop > file.start or start == file.start
    ]
    return [*header, (file.start, end, file.spell(apply(view, text)[file.start :]))]


def _outward(edits: Sequence[Edit], outer: str, escape: re.Pattern[str]) -> list[Edit]:
    """Move edits from a text to `outer`, in which each match of `escape` spells one of its code points."""
    inner_ends, outer_ends = [0], [0]
    surplus = 0
    for found in escape.finditer(outer):
        surplus += len(found[0]) - 1
        outer_ends.append(found.end())
        inner_ends.append(found.end() - surplus)

    def place(position: int) -> int:
        last = bisect_right(inner_ends, position) - 1
        return outer_ends[last] + position - inner_ends[last]

    return [(place(start), place(end), new) for start, end, new in edits]


def _requote(string: str, at: int, new: str) -> str:
    """Escape `new` once for each JSON string within `string` that the position `at` lies in."""
    if not _NEEDS_ESCAPE.search(new) or not _is_json(string):
        return new
    start = 0
    for index, raw in enumerate(_split(string)):
        if index % 2 and start <= at <= start + len(raw):
            inner_at = len(_unescape(raw[: at - start]))
            return _escaped(_requote(_unescape(raw), inner_at, new))
        start += len(raw) + 1
    return new


def _is_json(string: str) -> bool:
    try:
        msgspec.json.decode(string.encode(), type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _escaped(string: str) -> str:
    return json.dumps(string, ensure_ascii=False)[1:-1] if _NEEDS_ESCAPE.search(string) else string
