"""A stream that is held back until somebody has judged it."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

_HELD: Final = 4 << 20
"""Bytes that are held back: a longer answer is not judged."""


async def held_back(
    chunks: AsyncGenerator[list[bytes], None],
) -> tuple[list[bytes], AsyncGenerator[list[bytes], None] | None]:
    """Return the chunks of a stream, and the rest of one that is too long to be held."""
    parts: list[bytes] = []
    size = 0
    try:
        async for batch in chunks:
            parts += batch
            size += sum(map(len, batch))
            if size > _HELD:
                return parts, chunks
    except BaseException:
        await chunks.aclose()
        raise
    return parts, None


async def told_again(
    parts: list[bytes], rest: AsyncGenerator[list[bytes], None] | None
) -> AsyncGenerator[list[bytes], None]:
    """Yield what was held back, and the rest."""
    yield parts
    if rest is not None:
        async with aclosing(rest):
            async for batch in rest:
                yield batch
