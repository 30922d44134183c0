"""A streamed answer under way: events become chunks, usage is metered, an early end is an error."""

from collections.abc import AsyncGenerator

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.dialect import Dialect, Framed, Framing
from hanbok.gateway.errors import UpstreamCut, UpstreamGarbled, UpstreamTimeout
from hanbok.gateway.sse import SseReader
from hanbok.gateway.upstream import Exchange


class Streaming:
    """Reads one stream. `begin` waits for the first token; `chunks` yields it and the rest."""

    def __init__(self, origin: str, dialect: Dialect, exchange: Exchange) -> None:
        self._origin = origin
        self._reader = dialect.reader()
        self._events: Framing = dialect.framing() if isinstance(dialect, Framed) else SseReader(origin=origin)
        self._exchange = exchange
        self._batches = self._read()
        self._held: list[bytes] = []
        self.count = 0
        """Chunks seen: at least one token each, for an estimate where the provider never told the usage."""

    @property
    def usage(self) -> Usage | None:
        """As the provider told so far."""
        return self._reader.usage

    async def begin(self) -> None:
        """Read up to the first token. Raises like an answer that never began, so that another may be asked."""
        async for batch in self._batches:
            self._held += batch
            if any(_speaks(chunk, self._origin) for chunk in batch):
                return

    async def chunks(self) -> AsyncGenerator[list[bytes], None]:
        """Yield batches of chunks. Raises UpstreamCut when the stream ends before the answer does."""
        try:
            if self._held:
                yield self._held
            async for batch in self._batches:
                yield batch
        finally:
            await self._batches.aclose()

    async def _read(self) -> AsyncGenerator[list[bytes], None]:
        reader, events = self._reader, self._events
        try:
            async for data in self._exchange.read():
                batch = [
                    chunk for event, payload in events.feed(data) for chunk in reader.feed(event, payload)
                ]
                if batch:
                    self.count += len(batch)
                    yield batch
        except (UpstreamCut, UpstreamTimeout, UpstreamGarbled):
            # The answer was whole already: only the connection's own ending failed.
            if not reader.done:
                raise
        if not reader.done:
            raise UpstreamCut(origin=self._origin)
        self._exchange.close()


class _Delta(msgspec.Struct):
    content: msgspec.Raw = msgspec.Raw()
    refusal: msgspec.Raw = msgspec.Raw()
    reasoning_content: msgspec.Raw = msgspec.Raw()
    reasoning: msgspec.Raw = msgspec.Raw()
    tool_calls: msgspec.Raw = msgspec.Raw()


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []


_DECODE = msgspec.json.Decoder(_Chunk).decode
_EMPTY = (b"", b'""', b"null", b"[]")


def _speaks(chunk: bytes, origin: str) -> bool:
    """Whether a chunk holds anything of the answer itself, rather than its opening."""
    try:
        choices = _DECODE(chunk).choices
    except msgspec.DecodeError as error:
        raise UpstreamGarbled(origin=origin, why=f"not a chunk: {error}") from None
    return any(choice.finish_reason or _has_words(choice.delta) for choice in choices)


def _has_words(delta: _Delta) -> bool:
    parts = (delta.content, delta.refusal, delta.reasoning_content, delta.reasoning, delta.tool_calls)
    return any(bytes(part) not in _EMPTY for part in parts)
