"""What leaves is altered as policy asked, and what comes back is made whole again."""

from asyncio import to_thread
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from hanbok.core.values import Form
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.guarding import LONG
from hanbok.gateway.step import Next
from hanbok.gateway.texts import Texts
from hanbok.gateway.way_back import MaskerOf, WayBack
from hanbok.guard.pseudonym import Hider, Pseudonyms, mask

_OK = 200
_WORDLESS = (Operation.EMBEDDINGS, Operation.SPEECH)
"""What answers these hold no texts."""


@dataclass(frozen=True, slots=True)
class Protect:
    """Makes the body for each form when the call step asks for it; restores and inspects the answer."""

    masks: Mapping[str, str]
    """What stands in place of each kind."""
    masker_of: MaskerOf | None = None
    hider_of: Callable[[str], Hider] | None = None
    """Makes what hides the values of one request of this organisation; None: numbered placeholders."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if call.texts is None:
            raise RuntimeError("the inspect step must stand before the protect step")
        disguise = self._disguise(call, call.texts) if call.findings else None
        if disguise is None:
            call.body_in = partial(_as_is, call)
        else:
            call.body_in = disguise.body_in
            if len(call.body) >= LONG:
                await to_thread(disguise.prepare, {planned.form for planned in call.plan})
        try:
            reply = await call_next(call)
        finally:
            if call.ending.used is not None:
                # Bodies were made for others too, where two places were asked.
                _note(call, call.ending.used.form)
        if call.operation in _WORDLESS or reply.status != _OK:
            return reply
        spared: frozenset[str] = frozenset()
        restores: Hider | None = None
        if disguise is not None:
            spared = disguise.values()
            used = call.ending.used
            if used is not None and used.form is Form.PSEUDONYMISED and len(disguise.pseudonyms):
                restores = disguise.pseudonyms
        way_back = WayBack(
            call, masks=self.masks, masker_of=self.masker_of, spared=spared, pseudonyms=restores
        )
        return await way_back.of(reply)

    def _disguise(self, call: Call, texts: Texts) -> "Disguise":
        hider = self.hider_of(call.principal.organisation) if self.hider_of else Pseudonyms(self.masks)
        return Disguise(call, texts, self.masks, hider)


def _as_is(call: Call, _form: Form) -> bytes:
    """Return the body in which nothing was found."""
    _note(call, Form.AS_IS)
    return call.body


def _note(call: Call, form: Form) -> None:
    count = len(call.findings)
    call.ending.steps["protect"] = (
        f"{form.value} {count}" if count and form is not Form.AS_IS else Form.AS_IS.value
    )


class Disguise:
    """The bodies of one call in the forms that were asked for."""

    def __init__(self, call: Call, texts: Texts, masks: Mapping[str, str], hider: Hider) -> None:
        self._call = call
        self._texts = texts
        self._masks = masks
        self._bodies: dict[Form, bytes] = {}
        self.pseudonyms = hider

    def body_in(self, form: Form) -> bytes:
        """Return the body in this form, and note what was done to it."""
        _note(self._call, form)
        if form is Form.AS_IS or not self._call.findings:
            return self._call.body
        if form not in self._bodies:
            self.prepare([form])
        return self._bodies[form]

    def prepare(self, forms: Iterable[Form]) -> None:
        """Make the bodies that may be asked for."""
        for form in forms:
            if form is not Form.AS_IS and self._call.findings:
                self._bodies[form] = self._texts.replace(self._edits(form))
                self._call.hidden = self.pseudonyms.hidden()

    def _edits(self, form: Form) -> list[tuple[int, int, str]]:
        text, findings = self._texts.text, self._call.findings
        if form is Form.PSEUDONYMISED:
            return self.pseudonyms.hide(text, findings)
        return mask(text, findings, self._masks)

    def values(self) -> frozenset[str]:
        """Return what was found in the request, and what stands for it: neither is masked in the answer."""
        if not self._call.findings:
            return frozenset()
        text = self._texts.text
        found = (text[one.start : one.end] for one in self._call.findings)
        return frozenset((*found, *(shown for shown, _, _ in self.pseudonyms.hidden())))
