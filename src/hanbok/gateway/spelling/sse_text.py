"""Server-sent events, written."""

from hanbok.gateway.spelling.json_text import encode


def event(name: str, data: object) -> bytes:
    """Return a named event whose data is JSON."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), encode(data))


def plain(data: object) -> bytes:
    """Return an event without a name."""
    return b"data: %b\n\n" % encode(data)
