"""The way back of an answer: what it must not show is masked, what was hidden in the request is put back."""

from asyncio import to_thread
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any, Protocol, TypeAlias

import msgspec

from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.guarding import CRASHES, LONG, guard_failed
from hanbok.gateway.json_masks import JsonMasks
from hanbok.gateway.rewrite import Chain, ChunkRewriter, Make, rewrite_answer, rewrite_strings, rewrite_text
from hanbok.gateway.transformer import Transformer
from hanbok.guard.pseudonym import Hider
from hanbok.guard.recogniser import Finding

_NOT_RUN = "not run"


class Masker(Transformer, Protocol):
    """Masks what a model's answer must not show."""

    @property
    def found(self) -> Mapping[str, int]:
        """How many findings of each kind it masked so far."""
        ...

    def find(self, text: str) -> Sequence[Finding]:
        """Return what it masks of a text that is whole, and count it."""
        ...


MaskerOf: TypeAlias = Callable[[frozenset[str]], Masker]
"""Makes the masker of one text of an answer. It spares these values: the client sent them itself."""


class WayBack:
    """The way back of one answer: masked where it must be, then restored, so that no restored value is masked."""

    def __init__(
        self,
        call: Call,
        *,
        masks: Mapping[str, str],
        masker_of: MaskerOf | None,
        spared: frozenset[str],
        pseudonyms: Hider | None,
    ) -> None:
        """Take what makes maskers and the values that they spare (None: no masking), and what to restore if any."""
        self._call = call
        self._masks = masks
        self._masker_of = masker_of
        self._maskers: list[Masker] = []
        self._spared = spared
        self._pseudonyms = pseudonyms

    async def of(self, reply: Reply) -> Reply:
        """Return the reply as the client may see it. Raises GuardFailed, UpstreamGarbled."""
        make = self._make if self._masker_of is not None or self._pseudonyms is not None else None
        hide_usage = self._call.stream and not self._call.wants_usage
        if make is None and not hide_usage:
            self._note()
            return reply
        structured = make is not None and wants_document(self._call)
        if reply.chunks is None:
            if make is not None:
                reply.body = await self._whole(reply, make, structured=structured)
            self._note()
        else:
            rewriter = ChunkRewriter(make, self._origin, structured=structured, hide_usage=hide_usage)
            reply.chunks = self._stream(reply.chunks, rewriter)
        return reply

    @property
    def _origin(self) -> str:
        return self._call.ending.used.target.endpoint if self._call.ending.used else ""

    def _make(self, in_json: bool) -> Transformer:  # noqa: FBT001 - the shape of Make
        masker = None if self._masker_of is None else self._masker_of(self._spared)
        if masker is not None:
            self._maskers.append(masker)
        return linked(masker, self._masks, self._pseudonyms, in_json=in_json)

    async def _whole(self, reply: Reply, make: Make, *, structured: bool) -> bytes:
        body = reply.body
        rewrite: Callable[[bytes, Make, str], bytes] = (
            rewrite_strings if "json" in reply.media else rewrite_text
        )
        if self._call.operation is Operation.CHAT:
            rewrite = partial(rewrite_answer, structured=structured)
        try:
            if len(body) < LONG:
                return rewrite(body, make, self._origin)
            return await to_thread(rewrite, body, make, self._origin)
        except CRASHES as crash:
            raise guard_failed(crash) from None

    async def _stream(
        self, chunks: AsyncGenerator[list[bytes], None], rewriter: ChunkRewriter
    ) -> AsyncGenerator[list[bytes], None]:
        # Closing this generator closes the one inside at once, which aborts the connection to the model.
        try:
            async with aclosing(chunks):
                async for batch in chunks:
                    if ready := _fed(rewriter, batch):
                        yield ready
            if rest := _closed(rewriter):
                yield rest
        finally:
            self._note()

    def _note(self) -> None:
        ending, pseudonyms = self._call.ending, self._pseudonyms
        ending.steps["restore"] = _told(pseudonyms) if pseudonyms is not None else _NOT_RUN
        ending.steps["inspect_reply"] = "ran" if self._masker_of is not None else _NOT_RUN
        for masker in self._maskers:
            for kind, number in masker.found.items():
                ending.reply_findings[kind] = ending.reply_findings.get(kind, 0) + number


def linked(
    masker: Masker | None, masks: Mapping[str, str], pseudonyms: Hider | None, *, in_json: bool
) -> Transformer:
    """Return what masks one text of an answer and then puts back what was hidden, each where it is wanted."""
    links: list[Transformer] = []
    if masker is not None:
        links.append(masker)
        if in_json:
            links.append(JsonMasks(masks.values()))
    if pseudonyms is not None:
        links.append(pseudonyms.restorer(in_json=in_json))
    return links[0] if len(links) == 1 else Chain(*links)


def restored(body: bytes, pseudonyms: Hider) -> bytes:
    """Return JSON with the real values in every string of it; in a string that is itself JSON, as it spells them."""
    return msgspec.json.encode(_restored(msgspec.json.decode(body), pseudonyms))


def _restored(value: Any, pseudonyms: Hider) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {name: _restored(one, pseudonyms) for name, one in value.items()}  # pyright: ignore[reportUnknownVariableType] - JSON
    if isinstance(value, list):
        return [_restored(one, pseudonyms) for one in value]  # pyright: ignore[reportUnknownVariableType] - JSON
    if not isinstance(value, str):
        return value
    restorer = pseudonyms.restorer(in_json=_is_document(value))
    return restorer.feed(value) + restorer.close()


def _is_document(text: str) -> bool:
    if text[:1] not in ("{", "["):
        return False
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except msgspec.DecodeError:
        return False
    return True


def _told(pseudonyms: Hider) -> str:
    left = f", {pseudonyms.left} left" if pseudonyms.left else ""
    return f"{pseudonyms.restored} restored{left}"


def _fed(rewriter: ChunkRewriter, batch: list[bytes]) -> list[bytes]:
    try:
        return [ready for chunk in batch for ready in rewriter.feed(chunk)]
    except CRASHES as crash:
        raise guard_failed(crash) from None


def _closed(rewriter: ChunkRewriter) -> list[bytes]:
    try:
        return rewriter.close()
    except CRASHES as crash:
        raise guard_failed(crash) from None


class _ResponseFormat(msgspec.Struct):
    type: str = ""


class _Asked(msgspec.Struct):
    response_format: _ResponseFormat | None = None


def wants_document(call: Call) -> bool:
    """Whether the request asked for an answer that is a JSON document."""
    body = call.body
    if call.front is not None:
        return call.front.document(body)
    if b"response_format" not in body:
        return False
    try:
        asked = msgspec.json.decode(body, type=_Asked).response_format
    except (msgspec.ValidationError, RecursionError):
        return False
    return asked is not None and asked.type in {"json_object", "json_schema"}
