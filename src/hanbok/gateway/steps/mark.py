"""Answers are marked as made by AI (AI Basic Act art. 31, its decree art. 23), and the record says so.

The header `x-hanbok-ai-generated` goes with every answer and costs nothing; a field in the body is for clients that
keep bodies only.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.step import Next

FIELD = b'"hanbok_ai_generated":true'
_OK = 200


class Marks(StrEnum):
    """What the record says of an answer's marks."""

    HEADER = "header"
    FIELD = "field"
    """The header, and the field in the body."""
    EXEMPT = "exempt"
    """None is due: the settings say why. The header is there all the same."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Stands outside whatever else alters an answer."""

    marks: Marks = Marks.HEADER

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        reply = await call_next(call)
        if call.operation is not Operation.CHAT or reply.status != _OK:
            return reply
        call.ending.steps["mark"] = self.marks.value
        if self.marks is Marks.FIELD:
            if reply.chunks is None:
                reply.body = marked(reply.body)
            else:
                reply.chunks = _first_marked(reply.chunks)
        return reply


def marked(body: bytes) -> bytes:
    """Put the field in front of a JSON object's other members; every other byte stays."""
    start = body.find(b"{") + 1
    if not start or body[:start].strip() != b"{":
        return body
    comma = b"" if body[start:].lstrip().startswith(b"}") else b","
    return b"".join((body[:start], FIELD, comma, body[start:]))


async def _first_marked(chunks: AsyncGenerator[list[bytes], None]) -> AsyncGenerator[list[bytes], None]:
    first = True
    async with aclosing(chunks):
        async for batch in chunks:
            if first and batch:
                first = False
                yield [marked(batch[0]), *batch[1:]]
            else:
                yield batch
