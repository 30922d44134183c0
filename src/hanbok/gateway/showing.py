"""What comes back of shapes that hanbok has no model of, made fit to be shown: masked, then made whole."""

from collections.abc import Callable, Collection, Mapping
from functools import partial

import msgspec

from hanbok.gateway.call import Ending
from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.event_texts import EventTexts
from hanbok.gateway.guarding import CRASHES, guard_failed
from hanbok.gateway.head import InvalidJson
from hanbok.gateway.texts import Texts
from hanbok.gateway.transformer import Transformer
from hanbok.gateway.way_back import Masker, MaskerOf, linked, restored
from hanbok.guard.pseudonym import Hider, mask


class Showing:
    """Of one answer or stream. What a client sent itself (`values`, looked up anew for each text) is not masked."""

    def __init__(
        self,
        origin: str,
        *,
        hider: Hider,
        values: Collection[str],
        masks: Mapping[str, str],
        masker_of: MaskerOf | None,
        throughout: bool = False,
    ) -> None:
        """Take whose answer it is, what was hidden in the request, and what makes maskers; None: no masking.

        `throughout`: events are read as documents are, with their names, numbers and ids.
        """
        self._hider = hider
        self._values = values
        self._masks = masks
        self._masker_of = masker_of
        self._maskers: list[Masker] = []
        """Those of texts that still flow."""
        self._found: dict[str, int] = {}
        """What the others masked, and is not told yet."""
        self._restored, self._left = hider.restored, hider.left
        self._origin = origin
        self._texts = EventTexts(self._make, origin, document=self.whole if throughout else None)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to mask or to put back."""
        return self._masker_of is None and not len(self._hider)

    def feed(self, event: bytes) -> list[bytes]:
        """Take an event, and return those to show. Raises GuardFailed, UpstreamGarbled."""
        if self.idle:
            return [event]
        try:
            return self._texts.feed(event)
        except CRASHES as crash:
            raise guard_failed(crash) from None

    def whole(self, body: bytes) -> bytes:
        """Return a JSON document to show, of which names and long numbers are read too. Raises GuardFailed,
        UpstreamGarbled.
        """
        if self.idle:
            return body
        try:
            msgspec.json.decode(body)
            texts = Texts(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidJson):
            raise UpstreamGarbled(origin=self._origin, why="it is no JSON") from None
        try:
            if (masker := self._masker()) is not None:
                body = texts.replace(mask(texts.text, masker.find(texts.text), self._masks))
                self._over(masker)
            return restored(body, self._hider) if len(self._hider) else body
        except CRASHES as crash:
            raise guard_failed(crash) from None

    def text(self, text: str) -> str:
        """Return a text to show. Raises GuardFailed."""
        try:
            return text if self.idle else self._texts.text(text)
        except CRASHES as crash:
            raise guard_failed(crash) from None

    def close(self) -> list[bytes]:
        """Return what was still held. Raises GuardFailed."""
        try:
            return self._texts.close()
        except CRASHES as crash:
            raise guard_failed(crash) from None

    def count(self, found: dict[str, int]) -> None:
        """Add what was masked since the last time, but for texts that still flow."""
        told, self._found = self._found, {}
        for kind, number in told.items():
            found[kind] = found.get(kind, 0) + number

    def note(self, ending: Ending) -> None:
        """Write down what was done."""
        for masker in list(self._maskers):
            self._over(masker)
        self.count(ending.reply_findings)
        ending.steps["inspect_reply"] = "ran" if self._masker_of is not None else "not run"
        left = self._hider.left - self._left
        restored = f"{self._hider.restored - self._restored} restored" + (f", {left} left" if left else "")
        ending.steps["restore"] = restored if len(self._hider) else "not run"

    def _make(self, in_json: bool) -> Transformer:  # noqa: FBT001 - the shape of Make
        masker = self._masker()
        link = linked(masker, self._masks, self._hider, in_json=in_json)
        return link if masker is None else _Noted(link, partial(self._over, masker))

    def _masker(self) -> Masker | None:
        masker = None if self._masker_of is None else self._masker_of(frozenset(self._values))
        if masker is not None:
            self._maskers.append(masker)
        return masker

    def _over(self, masker: Masker) -> None:
        """Note what a masker did that has nothing more to do."""
        self._maskers.remove(masker)
        for kind, number in masker.found.items():
            self._found[kind] = self._found.get(kind, 0) + number


class _Noted:
    """A transformer of which it is noted that it is closed."""

    __slots__ = ("_link", "_over")

    def __init__(self, link: Transformer, over: Callable[[], None]) -> None:
        self._link = link
        self._over = over

    def feed(self, delta: str) -> str:
        """Pass a piece on."""
        return self._link.feed(delta)

    def close(self) -> str:
        """Pass the end on."""
        rest = self._link.close()
        self._over()
        return rest
