"""JSON texts as all dialects write them."""

from typing import Any, TypeAlias

import msgspec

Raw: TypeAlias = msgspec.Raw
"""A JSON text that is passed on as it is."""
Json: TypeAlias = dict[str, Any]

ABSENT = Raw()
"""A member that is not there. (A union with None is no choice: msgspec then reads nothing but null.)"""

encode = msgspec.json.Encoder().encode
JSON_HEADERS = (("content-type", "application/json"),)


def given(text: Raw) -> bool:
    """Whether a member is there and not null."""
    return bool(text) and bytes(text) != b"null"
