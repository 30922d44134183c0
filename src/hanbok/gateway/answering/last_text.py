"""What a chat asks last, apart from all that was said before."""

from typing import Any


def taken_apart(request: Any) -> tuple[str, Any]:  # noqa: ANN401 - any JSON text
    """Return the last text, empty where it is not a user's words alone, and the request without it."""
    match request:
        case {
            "messages": [
                *before,
                {"role": "user", "content": [{"type": "text", "text": str(text), **more}]} as last,
            ]
        }:
            if more:
                return "", request
        case {"messages": [*before, {"role": "user", "content": str(text)} as last]}:
            pass
        case _:
            return "", request
    return text, request | {"messages": [*before, last | {"content": ""}]}
