"""Answers that are given again: in the memory of one process, never on a disk, so many bytes and so long."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace
from time import monotonic
from typing import Final

from hanbok.gateway.call import Planned, Reply

_OVERHEAD: Final = 512
"""Bytes that an answer costs beyond its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer as the model gave it, before anything was put back into it."""

    planned: Planned
    headers: tuple[tuple[str, str], ...] = ()
    media: str = ""
    body: bytes = b""
    batches: tuple[tuple[bytes, ...], ...] | None = None
    """Of a stream: its chunks, as they came together."""
    beside: int = 0
    """Bytes that are kept beside it, to find it by."""

    @property
    def size(self) -> int:
        chunks = sum(len(chunk) for batch in self.batches or () for chunk in batch)
        return _OVERHEAD + len(self.body) + chunks + self.beside

    def reply(self) -> Reply:
        """Return it anew: a stream as a stream."""
        if self.batches is None:
            return Reply(headers=self.headers, body=self.body, media=self.media)
        return Reply(headers=self.headers, chunks=_replay(self.batches))


def noted(reply: Reply, used: Planned, largest: int, keep: Callable[[Answer], None]) -> Reply:
    """Return the reply; `keep` is handed the answer once it is whole, unless it is larger than this."""
    if reply.chunks is None:
        keep(Answer(planned=used, headers=reply.headers, media=reply.media, body=reply.body))
    else:
        whole = Answer(planned=used, headers=reply.headers)
        reply.chunks = _noting(reply.chunks, whole, largest, keep)
    return reply


async def _noting(
    chunks: AsyncGenerator[list[bytes], None], answer: Answer, largest: int, keep: Callable[[Answer], None]
) -> AsyncGenerator[list[bytes], None]:
    """Pass a stream on, and keep it once it has ended properly."""
    batches: list[tuple[bytes, ...]] = []
    size = 0
    async with aclosing(chunks):
        async for batch in chunks:
            size += sum(map(len, batch))
            if size <= largest:
                batches.append(tuple(batch))
            yield batch
    if size <= largest:
        keep(replace(answer, batches=tuple(batches)))


async def _replay(batches: tuple[tuple[bytes, ...], ...]) -> AsyncGenerator[list[bytes], None]:
    for batch in batches:
        yield list(batch)


class Cache:
    """Forgets the answer that was asked for longest ago first. To be used from one thread."""

    def __init__(
        self,
        limit: int,
        clock: Callable[[], float] = monotonic,
        forgotten: Callable[[bytes], object] | None = None,
    ) -> None:
        """`limit` is in bytes; an answer of more than an eighth of it is not kept. `forgotten` is told the key of each
        answer that is kept no longer.
        """
        self.largest = limit // 8
        self._forgotten = forgotten
        self._limit = limit
        self._clock = clock
        self._size = 0
        self._kept: OrderedDict[bytes, tuple[Answer, float]] = OrderedDict()

    def find(self, key: bytes) -> Answer | None:
        """Return an answer that is not too old."""
        answer, until = self._kept.get(key, (None, 0.0))
        if answer is None:
            return None
        if until <= self._clock():
            self.drop(key)
            return None
        self._kept.move_to_end(key)
        return answer

    def keep(self, key: bytes, answer: Answer, seconds: float) -> None:
        """Keep an answer for so long, and make room for it."""
        if answer.size > self.largest:
            return
        if key in self._kept:
            self.drop(key)
        self._kept[key] = (answer, self._clock() + seconds)
        self._size += answer.size
        while self._size > self._limit:
            self.drop(next(iter(self._kept)))

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._size

    def drop(self, key: bytes) -> None:
        """Keep it no longer. Raises KeyError."""
        self._size -= self._kept.pop(key)[0].size
        if self._forgotten is not None:
            self._forgotten(key)
