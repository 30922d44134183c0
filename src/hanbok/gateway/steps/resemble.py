"""Give the answer to a question that was asked before in other words, where the settings ask for it.

It stands behind the recall of the very same requests, and is as careful: what is compared is what would leave, within
one organisation, policy, grade, model and form. All of a request but the last user's text must be the same to the byte,
what was hidden in it must be hidden alike, and what that text says must be the same (`sameness.py`); only then does an
embedding say whether it asks the same.
"""

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final, NamedTuple, Self

import msgspec

from hanbok.core.values import Form
from hanbok.gateway.answering.aside import Aside
from hanbok.gateway.answering.embedder import Embedder, Vector
from hanbok.gateway.answering.last_text import taken_apart
from hanbok.gateway.answering.resembling import Resembling
from hanbok.gateway.answering.sameness import words_of
from hanbok.gateway.answering.tallies import SIMILAR, Tallies
from hanbok.gateway.asking import FAILURES
from hanbok.gateway.cache import Answer, noted
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.catalogue import Alike
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.head import InvalidRequest
from hanbok.gateway.step import Next
from hanbok.gateway.steps.recall import circumstances
from hanbok.policy.ruling import Judge, Question

_OK: Final = 200
_LONGEST: Final = 2000
"""Characters: longer texts are seldom asked twice, and what they say is more than one direction holds."""
STEP: Final = "similar"


class _Asked(NamedTuple):
    room: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Resemble:
    embedder: Embedder
    kept: Resembling
    judge: Judge
    tallies: Tallies

    @classmethod
    def of(cls, aside: Aside, limit: int, judge: Judge, tallies: Tallies) -> Self:
        """Build it: answers and what they are found by take so many bytes."""
        return cls(Embedder(aside), Resembling(limit), judge, tallies)

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        caching = call.offer.caching if call.offer else None
        if caching is None or caching.alike is None or call.operation is not Operation.CHAT:
            return await call_next(call)
        asked = None
        if caching.covers(call.principal.organisation, call.grade) and self._may_be_embedded(call):
            asked = self._asked(call)
        if asked is None:
            call.ending.steps[STEP] = "not run"
            self.tallies.add(SIMILAR, call.model, "not run")
            return await call_next(call)
        try:
            vector = await self.embedder.embed(asked.text)
        except FAILURES as error:
            self.tallies.add(SIMILAR, call.model, error.code)
            call.ending.steps[STEP] = f"not run: {self.embedder.endpoint}:{error.code}"
            return await call_next(call)
        return self._again(call, asked, vector, caching.alike) or await self._anew(
            call, call_next, asked, vector, caching.alike
        )

    def _again(self, call: Call, asked: _Asked, vector: Vector, alike: Alike) -> Reply | None:
        found = self.kept.find(asked.room, vector, alike.threshold)
        if found is None or found.answer.planned != call.plan[0]:
            return None
        likeness = f"{found.likeness:.4f}"
        ending = call.ending
        ending.used, ending.steps["cache"] = found.answer.planned, "similar"
        ending.steps[STEP] = f"{likeness} to {found.call}, by {self.embedder.endpoint}"
        self.tallies.add(SIMILAR, call.model, "hit")
        ending.told += (("x-hanbok-cache", f"similar; likeness={likeness}; call={found.call}"),)
        return found.answer.reply()

    async def _anew(self, call: Call, call_next: Next, asked: _Asked, vector: Vector, alike: Alike) -> Reply:
        self.tallies.add(SIMILAR, call.model, "miss")
        call.ending.steps[STEP] = f"miss, by {self.embedder.endpoint}"
        reply = await call_next(call)
        used = call.ending.used
        if reply.status != _OK or used is None or used != call.plan[0]:
            return reply

        def keep(answer: Answer) -> None:
            beside = len(vector) * vector.itemsize + len(asked.text)
            self.kept.keep(asked.room, vector, call.id, replace(answer, beside=beside), alike.seconds)

        return noted(reply, used, self.kept.largest, keep)

    def _may_be_embedded(self, call: Call) -> bool:
        """Whether policy lets what would leave go to the embedding model too. What was found must be hidden: an answer
        that holds one person's values is never another's.
        """
        form = call.plan[0].form
        if call.findings and form is Form.AS_IS:
            return False
        question = Question(
            principal=call.principal,
            destination=self.embedder.aside.place.endpoint.destination,
            model=self.embedder.aside.model,
            grade=call.grade,
            kinds=call.kinds,
            form=form,
            unread=bool(call.unread),
        )
        return self.judge.rule(question).allowed

    def _asked(self, call: Call) -> _Asked | None:
        """Take a request apart; None: it does not end with the text of a user."""
        if call.body_in is None:
            raise RuntimeError("the protect step must stand before the resemble step")
        try:
            body = call.body_in(call.plan[0].form)
            if call.front is not None and call.head is not None:
                body = call.front.chat(body, call.head)
            request: Any = msgspec.json.decode(body)
            text, rest = taken_apart(request)
            exact = msgspec.json.encode(rest, order="sorted")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, InvalidRequest, UnsupportedRequest):
            return None
        if not text.strip() or len(text) > _LONGEST:
            return None
        hidden = msgspec.json.encode([pseudonym for pseudonym, _, _ in call.hidden])
        told = circumstances(call, self.judge.version), hidden, msgspec.json.encode(words_of(text)), exact
        return _Asked(sha256(b"\n".join(told)).digest(), text)
