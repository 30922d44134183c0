"""A route of the administration: what it takes, gives and asks of the caller, in one value that the desk, the OpenAPI
document and the tests read alike.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated, Any, Generic, TypeAlias, TypeVar, cast

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.evidence.entry import Act
from hanbok.policy.administration import Administration
from hanbok.policy.approvals import Approvals
from hanbok.policy.audit import ReadableLog
from hanbok.policy.identity import Identified
from hanbok.policy.recording import Actor

T = TypeVar("T")
F = TypeVar("F")
S = TypeVar("S", bound=msgspec.Struct)
_Place: TypeAlias = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]


class RequestUnfit(HanbokError):
    code = "request_unfit"
    message = Text(
        ko="요청의 {field!r}이(가) 없거나 맞지 않습니다",
        en="the request's {field!r} is missing or does not fit",
    )
    hint = Text(
        ko="`/openapi.json`이 경로마다 받는 값을 보여 줍니다.",
        en="`/openapi.json` tells what each route takes.",
    )


class ChangedMeanwhile(HanbokError):
    code = "changed_meanwhile"
    message = Text(ko="그 사이 다른 사람이 바꾸었습니다", en="somebody else has changed it in the meantime")
    hint = Text(
        ko="다시 읽고, 새 ETag를 If-Match에 넣어 다시 바꾸십시오.",
        en="Read it again, and send the change with the new ETag in If-Match.",
    )


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list. `next` is the `cursor` of the page after it; null: this was the last."""

    items: list[T]
    next: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request, its sender known and allowed."""

    who: Identified
    desk: Administration
    approvals: Approvals
    log: ReadableLog
    parts: Mapping[str, str]
    """What stands in the address, by the names of the route's template."""
    query: msgspec.Struct | None
    body: msgspec.Struct | None
    if_match: str

    @property
    def organisation(self) -> str:
        return self.parts["organisation"]

    @property
    def actor(self) -> Actor:
        return self.who.actor

    def taken(self, kind: type[S]) -> S:
        """Return the body, as the type that the route takes."""
        return _as(self.body, kind)

    def asked(self, kind: type[S]) -> S:
        """Return the query, as the type that the route takes."""
        return _as(self.query, kind)

    def matches(self, view: msgspec.Struct) -> None:
        """Raise ChangedMeanwhile when the sender has seen another state than this one."""
        known = [one.strip().removeprefix("W/") for one in self.if_match.split(",")] if self.if_match else []
        if known and "*" not in known and etag_of(view) not in known:
            raise ChangedMeanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    body: msgspec.Struct
    etag: bool = False
    deed: Act | None = None
    """Becomes durable in the log before the answer leaves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`permission` is asked for in the organisation of the path; without one there, over the whole platform. Empty:
    every person may ask, and gets what is their own.
    """

    method: str
    path: str
    permission: str
    title: Text
    handle: Callable[[Ask], Answer]
    gives: Any
    takes: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    status: int = 200
    etag: bool = False
    parts: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Split the template once."""
        object.__setattr__(self, "parts", tuple(self.path.split("/")[1:]))

    def match(self, parts: tuple[str, ...]) -> dict[str, str] | None:
        """Return the named parts of an address; None when it is another's."""
        if len(parts) != len(self.parts):
            return None
        named: dict[str, str] = {}
        for mine, theirs in zip(self.parts, parts, strict=True):
            if mine.startswith("{"):
                named[mine[1:-1]] = theirs
            elif mine != theirs:
                return None
        return named


def _as(value: msgspec.Struct | None, kind: type[S]) -> S:
    if not isinstance(value, kind):
        raise TypeError(f"the route takes no {kind.__name__}")
    return value


def etag_of(view: msgspec.Struct) -> str:
    """Return the strong ETag (RFC 9110, 8.8.3) of what is shown."""
    return f'"{sha256(msgspec.json.encode(view)).hexdigest()[:32]}"'


def cursor_of(*place: str | int) -> str:
    """Return where a page ended, as a text that clients only hand back."""
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def page_of(
    found: Sequence[F], limit: int, view: Callable[[F], T], *place: Callable[[F], str | int]
) -> Page[T]:
    """Show the first `limit` of what was found. Where there is more, the next page begins after the `place` of the
    last one shown.
    """
    shown = found[:limit]
    more = cursor_of(*(of(shown[-1]) for of in place)) if len(found) > len(shown) else None
    return Page(items=[view(one) for one in shown], next=more)


def text_place(cursor: str) -> str:
    """Return the text that `cursor_of` wrote; empty for no cursor."""
    return _place(cursor, tuple[str])[0] if cursor else ""


def pair_place(cursor: str) -> tuple[str, str]:
    """Return the two texts that `cursor_of` wrote; empty ones for no cursor."""
    return _place(cursor, tuple[str, str]) if cursor else ("", "")


def number_place(cursor: str) -> int:
    """Return the number that `cursor_of` wrote; 0 for no cursor."""
    return _place(cursor, tuple[_Place])[0] if cursor else 0


def _place(cursor: str, kind: type[T]) -> T:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        text = base64.b64decode(padded, altchars=b"-_", validate=True)
        place = msgspec.json.decode(text, type=kind)
    except (ValueError, msgspec.DecodeError):
        raise RequestUnfit(field="cursor") from None
    if not all(one.isprintable() for one in cast("tuple[object, ...]", place) if isinstance(one, str)):
        raise RequestUnfit(field="cursor")
    return place
