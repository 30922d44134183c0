"""What leaves is altered as policy asked, and what comes back is made whole again."""

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import msgspec

from hanbok.core.values import Form
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.guarding import CRASHES, guard_failed
from hanbok.gateway.json_masks import JsonMasks
from hanbok.gateway.rewrite import Chain, ChunkRewriter, Make, Transformer, rewrite_answer
from hanbok.gateway.step import Next
from hanbok.gateway.texts import Texts
from hanbok.guard.pseudonym import Pseudonyms, mask

_OK = 200
_NOT_RUN = "not run"


class Masker(Transformer, Protocol):
    """Masks what a model's answer must not show."""

    found: Mapping[str, int]
    """How many findings of each kind it masked so far."""


MaskerOf: TypeAlias = Callable[[frozenset[str]], Masker]
"""Makes the masker of one text of an answer. It spares these values: the client sent them itself."""


@dataclass(frozen=True, slots=True)
class Protect:
    """Makes the body for each form when the call step asks for it; restores and inspects the answer."""

    masks: Mapping[str, str]
    """What stands in place of each kind."""
    masker_of: MaskerOf | None = None

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if call.texts is None:
            raise RuntimeError("the inspect step must stand before the protect step")
        disguise = _Disguise(call, call.texts, self.masks)
        call.body_in = disguise.body_in
        reply = await call_next(call)
        if call.operation is not Operation.CHAT or reply.status != _OK:
            return reply
        return _WayBack(call, disguise, self.masks, self.masker_of).of(reply)


class _Disguise:
    """The bodies of one call in the forms that were asked for."""

    def __init__(self, call: Call, texts: Texts, masks: Mapping[str, str]) -> None:
        self._call = call
        self._texts = texts
        self._masks = masks
        self._bodies: dict[Form, bytes] = {}
        self.pseudonyms = Pseudonyms(masks)

    def body_in(self, form: Form) -> bytes:
        """Return the body in this form, and note what was done to it."""
        count = len(self._call.findings)
        if form is Form.AS_IS or not count:
            self._call.ending.steps["protect"] = Form.AS_IS.value
            return self._call.body
        self._call.ending.steps["protect"] = f"{form.value} {count}"
        if form not in self._bodies:
            self._bodies[form] = self._texts.replace(self._edits(form))
        return self._bodies[form]

    def _edits(self, form: Form) -> list[tuple[int, int, str]]:
        text, findings = self._texts.text, self._call.findings
        if form is Form.PSEUDONYMISED:
            return self.pseudonyms.hide(text, findings)
        return mask(text, findings, self._masks)

    def values(self) -> frozenset[str]:
        """Return what was found in the request."""
        text = self._texts.text
        return frozenset(text[one.start : one.end] for one in self._call.findings)


class _WayBack:
    """The way back of one answer: masked where it must be, then restored, so that no restored value is masked."""

    def __init__(
        self, call: Call, disguise: _Disguise, masks: Mapping[str, str], masker_of: MaskerOf | None
    ) -> None:
        self._call = call
        self._masks = masks
        self._masker_of = masker_of
        self._maskers: list[Masker] = []
        self._values = disguise.values() if masker_of is not None else frozenset[str]()
        used = call.ending.used
        restores = used is not None and used.form is Form.PSEUDONYMISED and len(disguise.pseudonyms) > 0
        self._pseudonyms = disguise.pseudonyms if restores else None

    def of(self, reply: Reply) -> Reply:
        """Return the reply as the client may see it. Raises GuardFailed, UpstreamGarbled."""
        make = self._make if self._masker_of is not None or self._pseudonyms is not None else None
        hide_usage = self._call.stream and not self._call.wants_usage
        if make is None and not hide_usage:
            self._note()
            return reply
        structured = make is not None and _wants_document(self._call.body)
        if reply.chunks is None:
            if make is not None:
                reply.body = self._whole(reply.body, make, structured=structured)
            self._note()
        else:
            rewriter = ChunkRewriter(make, self._origin, structured=structured, hide_usage=hide_usage)
            reply.chunks = self._stream(reply.chunks, rewriter)
        return reply

    @property
    def _origin(self) -> str:
        return self._call.ending.used.target.endpoint if self._call.ending.used else ""

    def _make(self, in_json: bool) -> Transformer:  # noqa: FBT001 - the shape of Make
        links: list[Transformer] = []
        if self._masker_of is not None:
            masker = self._masker_of(self._values)
            self._maskers.append(masker)
            links.append(masker)
            if in_json:
                links.append(JsonMasks(self._masks.values()))
        if self._pseudonyms is not None:
            links.append(self._pseudonyms.restorer(in_json=in_json))
        return links[0] if len(links) == 1 else Chain(*links)

    def _whole(self, body: bytes, make: Make, *, structured: bool) -> bytes:
        try:
            return rewrite_answer(body, make, self._origin, structured=structured)
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
        ending.steps["restore"] = f"{pseudonyms.restored} restored" if pseudonyms is not None else _NOT_RUN
        ending.steps["inspect_reply"] = "ran" if self._masker_of is not None else _NOT_RUN
        found = Counter[str]()
        for masker in self._maskers:
            found.update(masker.found)
        ending.reply_findings = dict(found)


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


def _wants_document(body: bytes) -> bool:
    """Whether the request asked for an answer that is a JSON document."""
    try:
        asked = msgspec.json.decode(body, type=_Asked).response_format
    except msgspec.ValidationError:
        return False
    return asked is not None and asked.type in {"json_object", "json_schema"}
