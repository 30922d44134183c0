"""Forms with files in them: multipart/form-data (RFC 7578)."""

import re
from typing import Final, NamedTuple

from hanbok.core.values import Text
from hanbok.studio.jobs.errors import FileUnfit

_BOUNDARY: Final = re.compile(
    r'multipart/form-data\s*;.*?boundary=(?:"([^"]{1,70})"|([^;,\s]{1,70}))', re.IGNORECASE
)
_NAME: Final = re.compile(rb'[; ]name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILENAME: Final = re.compile(rb'filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_PARTS: Final = 32


_MEDIA: Final = re.compile(rb"content-type:[ \t]*([a-z]+/[a-z0-9.+-]+)", re.IGNORECASE)


class Part(NamedTuple):
    filename: str
    content: bytes
    media: str = ""


def parts_of(content_type: str, body: bytes) -> dict[str, Part]:
    """Return the parts of a form by name; the last of equal names. Raises FileUnfit."""
    return dict(every_part(content_type, body))


def every_part(content_type: str, body: bytes) -> list[tuple[str, Part]]:
    """Return the parts of a form in their order. Raises FileUnfit."""
    found = _BOUNDARY.match(content_type.strip())
    if found is None:
        raise FileUnfit(why=Text(ko="multipart/form-data가 아닙니다", en="it is not multipart/form-data"))
    mark = b"--" + (found[1] or found[2]).encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) > _PARTS or not pieces[-1].startswith(b"--"):
        raise FileUnfit(why=Text(ko="끝나지 않은 양식입니다", en="the form does not end"))
    parts: list[tuple[str, Part]] = []
    for piece in pieces[1:-1]:
        head, gap, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head.replace(b"\r\n", b" "))
        if not gap or name is None:
            raise FileUnfit(why=Text(ko="이름 없는 부분이 있습니다", en="a part has no name"))
        filename, media = _FILENAME.search(head), _MEDIA.search(head)
        part = Part(
            filename[1].decode("utf-8", "replace") if filename else "",
            content,
            media[1].decode("ascii").lower() if media else "",
        )
        parts.append((name[1].decode("utf-8", "replace"), part))
    return parts
