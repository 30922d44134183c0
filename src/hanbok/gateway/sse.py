"""Server-sent events (WHATWG HTML, 9.2), cut out of bytes that arrive in any pieces."""

from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.transport.answer import larger

_BOM = b"\xef\xbb\xbf"
DEFAULT_EVENT = "message"


class SseReader:
    """One stream's splitter: bytes in, `(event, data)` out. Comments, ids and retry times are dropped."""

    __slots__ = ("_after_cr", "_at_start", "_carry", "_limit", "_origin")

    def __init__(self, *, origin: str = "", limit: int = 4 * 1024 * 1024) -> None:
        """Bound one event to `limit` bytes; `origin` names the sender in the error."""
        self._origin = origin
        self._limit = limit
        self._carry = bytearray()
        self._at_start = True
        self._after_cr = False

    def feed(self, data: bytes) -> list[tuple[str, bytes]]:
        """Return the events that these bytes complete. Raises UpstreamGarbled for one that is too large."""
        if self._at_start:
            data = self._begin(data)
        if self._after_cr or b"\r" in data:
            data = self._plain_lines(data)
        carry = self._carry
        if carry:
            if b"\n\n" not in data and not (carry.endswith(b"\n") and data.startswith(b"\n")):
                carry += data
                self._bound(len(carry))
                return []
            data = bytes(carry) + data
            carry.clear()
        blocks = data.split(b"\n\n")
        rest = blocks.pop()
        if rest:
            self._bound(len(rest))
            carry += rest
        events: list[tuple[str, bytes]] = []
        large = len(data) > self._limit
        for block in blocks:
            if large:
                self._bound(len(block))
            if block.startswith(b"data: ") and b"\n" not in block and len(block) > len(b"data: "):
                events.append((DEFAULT_EVENT, block[6:]))  # the usual case, without a look at each field
            elif (event := _parse(block)) is not None:
                events.append(event)
        return events

    def finish(self) -> bool:
        """Tell whether the stream ended inside an event, which is then lost."""
        return bool(self._carry.strip(b"\n"))

    def _begin(self, data: bytes) -> bytes:
        """Drop the byte order mark that may precede the first line."""
        data = bytes(self._carry) + data
        self._carry.clear()
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._carry += data
            return b""
        self._at_start = False
        return data.removeprefix(_BOM)

    def _plain_lines(self, data: bytes) -> bytes:
        """Write every line end as a line feed, also a pair that was cut in two."""
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if data.endswith(b"\r"):
            self._after_cr = True
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _bound(self, size: int) -> None:
        if size > self._limit:
            raise UpstreamGarbled(origin=self._origin, why=larger("event", self._limit))


def _parse(block: bytes) -> tuple[str, bytes] | None:
    name = b""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        value = value[1:] if value[:1] == b" " else value
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    text = b"\n".join(data)
    return (name.decode(errors="replace") or DEFAULT_EVENT, text) if text else None
