"""Lists in pages, as OpenAI's API gives them."""

from collections.abc import Sequence
from typing import Annotated, Protocol, TypeVar
from urllib.parse import parse_qsl

import msgspec

from hanbok.http.admin.route import RequestUnfit
from hanbok.http.inbound import Inbound
from hanbok.studio.jobs.shapes import Listed


class Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound=Named)


class _Page(msgspec.Struct, frozen=True, kw_only=True):
    after: str = ""
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


def page_of(inbound: Inbound, everything: Sequence[T]) -> Listed[T]:
    """Return the page that a request asks for. Raises RequestUnfit."""
    try:
        page = msgspec.convert(dict(parse_qsl(inbound.query)), _Page, strict=False)
    except msgspec.ValidationError as error:
        raise RequestUnfit(field=field_of(error)) from None
    names = [one.id for one in everything]
    start = names.index(page.after) + 1 if page.after in names else 0
    cut = list(everything[start : start + page.limit])
    return Listed(data=cut, has_more=start + page.limit < len(everything))


def field_of(error: msgspec.DecodeError) -> str:
    """Return where a value does not fit; what stands there is not told."""
    return str(error).rpartition("`$.")[2].rstrip("`") if "`$." in str(error) else "body"
