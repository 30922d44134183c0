"""What comes back of shapes that hanbok has no model of, made fit to be shown: masked, then made whole."""

from collections.abc import Collection, Mapping

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
    ) -> None:
        """Take whose answer it is, what was hidden in the request, and what makes maskers; None: no masking."""
        self._hider = hider
        self._values = values
        self._masks = masks
        self._masker_of = masker_of
        self._maskers: list[Masker] = []
        self._restored, self._left = hider.restored, hider.left
        self._origin = origin
        self._texts = EventTexts(self._make, origin)

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
        """Add what was masked since the last time."""
        maskers, self._maskers = self._maskers, []
        for masker in maskers:
            for kind, number in masker.found.items():
                found[kind] = found.get(kind, 0) + number

    def note(self, ending: Ending) -> None:
        """Write down what was done."""
        self.count(ending.reply_findings)
        ending.steps["inspect_reply"] = "ran" if self._masker_of is not None else "not run"
        left = self._hider.left - self._left
        restored = f"{self._hider.restored - self._restored} restored" + (f", {left} left" if left else "")
        ending.steps["restore"] = restored if len(self._hider) else "not run"

    def _make(self, in_json: bool) -> Transformer:  # noqa: FBT001 - the shape of Make
        return linked(self._masker(), self._masks, self._hider, in_json=in_json)

    def _masker(self) -> Masker | None:
        masker = None if self._masker_of is None else self._masker_of(frozenset(self._values))
        if masker is not None:
            self._maskers.append(masker)
        return masker
