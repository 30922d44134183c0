"""The chunks of a stream that differ in nothing but their words, read without a parser.

A JSON text stays the same text but for one string when other characters stand between that string's quotation marks,
as long as none of them is a quotation mark, a backslash or a control character. Nearly all chunks of an answer are of
this kind; any other one is read as usual.
"""

import msgspec

from hanbok.gateway.transformer import Transformer

NO_USAGE = b',"usage":null}'
PROBE = "probe"
"""Words in the place of a chunk's own, to see where they stand."""
_CONTENT = b'"content":"'
_LOGPROBS = b'"logprobs":'
_ENCODE = msgspec.json.Encoder().encode


class Likeness:
    """What stands around the words of a chunk, and who changes the words."""

    __slots__ = ("_after", "_before", "_shown_after", "_size", "transformer")

    def __init__(self, before: bytes, after: bytes, shown_after: bytes, transformer: Transformer) -> None:
        """`shown_after` stands in the place of `after` in what the client gets."""
        self._before = before
        self._after = after
        self._shown_after = shown_after
        self._size = len(before) + len(after)
        self.transformer = transformer

    def probe(self) -> bytes:
        """Return a chunk that is like the others and says `PROBE`."""
        return b"".join((self._before, PROBE.encode(), self._after))

    def text_in(self, chunk: bytes) -> str:
        """Return the words of a chunk that is like the others; empty: it is to be read as usual."""
        if len(chunk) <= self._size or not (chunk.startswith(self._before) and chunk.endswith(self._after)):
            return ""
        inner = chunk[len(self._before) : len(chunk) - len(self._after)]
        if b'"' in inner or b"\\" in inner:
            return ""
        try:
            text = inner.decode()
        except UnicodeDecodeError:
            return ""
        return text if text.isprintable() else ""

    def spell(self, chunk: bytes, text: str, new: str) -> bytes:
        """Return the chunk with `new` in the place of `text`: the very same bytes when nothing changes."""
        if new == text:
            if self._shown_after is self._after:
                return chunk
            return chunk[: len(chunk) - len(self._after)] + self._shown_after
        return b"".join((self._before[:-1], _ENCODE(new), self._shown_after[1:]))


def likeness_of(chunk: bytes, transformer: Transformer, *, hide_usage: bool) -> Likeness | None:
    """Return what stands around the content of a chunk of one choice, when it is plain where that is."""
    if chunk.count(_CONTENT) != 1 or b"\\" in chunk:
        return None
    if chunk.count(_LOGPROBS) > chunk.count(_LOGPROBS + b"null"):  # they spell the words out
        return None
    start = chunk.index(_CONTENT) + len(_CONTENT)
    before, after = chunk[:start], chunk[chunk.index(b'"', start) :]
    if not hide_usage:
        return Likeness(before, after, after, transformer)
    if not after.endswith(NO_USAGE):
        return None
    return Likeness(before, after, after.removesuffix(NO_USAGE) + b"}", transformer)
