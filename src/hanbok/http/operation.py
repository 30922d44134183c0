"""How one operation of the server is told in the OpenAPI document."""

from dataclasses import dataclass
from typing import Any

from hanbok.core.values import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`gives` is a type, shown as JSON; None: `media` is no JSON."""

    method: str
    path: str
    title: Text
    gives: Any = None
    media: tuple[str, ...] = ("application/json",)
    takes: Any = None
    public: bool = False
    errors: tuple[int, ...] = ()
    fails: Any = None
    """Shape of its errors; None: OpenAI's below `/v1/`, RFC 9457 elsewhere."""
