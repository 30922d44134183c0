"""Pseudonyms that look like what they stand for: `홍길동` leaves as `오윤서`, and comes back.

Each ends in the same kind of sound as its value, so that particles stay right; none stands in the text it goes into;
none has a right check digit. Put back are spaced, hyphenated, full-width and capital spellings, given names with a
particle or title, and names in Latin letters. A surname alone or the last digits of a number could be anybody's: they
stay, and are counted in `left`.
"""

import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from random import Random

import msgspec

from hanbok.guard.normalise import normalise
from hanbok.guard.operator import plain_of
from hanbok.guard.pseudonym import Edit, apart
from hanbok.guard.recogniser import Finding
from hanbok.guard.shape import digits_of
from hanbok.guard.spelling import SKIPPED, Spellings, is_torn, squeeze
from hanbok.guard.stand_in import stand_in
from hanbok.hangul.josa import final_class
from hanbok.hangul.romanise import given_spellings, romanise, split_name, surname_spellings

_ATTEMPTS = 400
_SHORTEST_TAIL = 8
_SHORTEST_LATIN = 5
_LONGEST_ESCAPE = 7
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A value and what stands for it. Kept apart from the texts, it turns them back (개인정보 보호법 제28조의4)."""

    kind: str
    value: str
    pseudonym: str


class _Word(msgspec.Struct, frozen=True, kw_only=True):
    """What a word that a model may write means."""

    text: str
    pair: Pair
    turn: Callable[[str], str] | None
    """Turns what was written back; None: it is left, and counted."""
    alone: bool = True


class NaturalPseudonyms:
    """The values of one scope (a conversation, an organisation) and their pseudonyms. Shows no value.

    With the same key, the same values get the same pseudonyms wherever they are free.
    """

    def __init__(self, key: bytes, pairs: Iterable[Pair] = ()) -> None:
        """Take the key that decides which pseudonyms are given, and pairs of before."""
        self._key = key
        self._pairs: dict[tuple[str, str], Pair] = {}
        self._taken: set[str] = set()
        self._words: Spellings[_Word] = Spellings()
        self.restored = 0
        """How many pseudonyms were turned back so far."""
        self.left = 0
        """How many traces of pseudonyms could not be turned back safely."""
        for pair in pairs:
            self._take(pair, plain_of(pair.kind, normalise(pair.value).text))

    def __repr__(self) -> str:
        return f"<{len(self)} pseudonyms>"

    def __len__(self) -> int:
        return len(self._pairs)

    def pairs(self) -> Iterator[Pair]:
        """Yield what a vault would keep, in the order in which it was given out."""
        yield from self._pairs.values()

    def hidden(self) -> tuple[tuple[str, str, str], ...]:
        """Return pseudonym, kind and value of each."""
        return tuple((pair.pseudonym, pair.kind, pair.value) for pair in self._pairs.values())

    def hide(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        """Return edits that put a pseudonym in place of each finding, equal values the same one.

        A pseudonym that `text` itself holds is given up: in the answer it could not be told from ours.
        """
        self._give_up(text)
        squeezed = squeeze(text)
        edits: list[Edit] = []
        for start, end, kind in apart(text, findings):
            value = text[start:end].strip(SKIPPED) or text[start:end]
            start = text.index(value, start)  # noqa: PLW2901 - separators at either end stay as they are
            shape = normalise(value).text
            told = plain_of(kind, shape)
            pair = self._pairs.get((kind, told))
            if pair is None:
                pair = self._new(kind, value, shape, told, squeezed)
                self._take(pair, told)
            edits.append((start, start + len(value), pair.pseudonym))
        return edits

    def restore(self, text: str, *, in_json: bool = False) -> str:
        """Return `text` with our pseudonyms turned back; in the text of a JSON document, as its strings spell it."""
        return self.restore_ready(text, 0, in_json=in_json, ended=True)[0]

    def restore_ready(self, text: str, since: int, *, in_json: bool, ended: bool) -> tuple[str, str]:
        """Return what can be told already of the text from `since` on, restored, and the rest that must wait."""
        pieces: list[str] = []
        at = since
        for one in self._words.spot(text, since, in_json=in_json, ended=ended):
            if one.meaning is None:
                return "".join((*pieces, text[at : one.start])), text[one.start :]
            if one.meaning.turn is None:
                self.left += 1
                continue
            written = text[one.start : one.end]
            value = one.meaning.turn(_ESCAPE.sub(_letter, written) if in_json else written)
            pieces += (
                text[at : one.start],
                json.dumps(value, ensure_ascii=False)[1:-1] if in_json else value,
            )
            at = one.end
            self.restored += 1
        return "".join((*pieces, text[at:])), ""

    def restorer(self, *, in_json: bool = False) -> "NaturalRestorer":
        """Return what restores one text that arrives in pieces."""
        return NaturalRestorer(self, in_json=in_json)

    def _give_up(self, text: str) -> None:
        met = {one.meaning.pair for one in self._words.spot(text) if one.meaning and one.meaning.turn}
        if met:
            kept = [(pair, told) for (_, told), pair in self._pairs.items() if pair not in met]
            self._pairs, self._words = {}, Spellings()
            for pair, told in kept:
                self._take(pair, told)

    def _new(self, kind: str, value: str, shape: str, told: str, squeezed: str) -> Pair:
        """`shape` is the value without disguises, `told` what tells it from others."""
        ending, seed = final_class(value), f"{kind}\0{told}\0".encode(errors="surrogatepass")
        chance = Random(hmac.digest(self._key, seed, "sha256"))
        for _ in range(_ATTEMPTS):
            new = stand_in(kind, shape, chance)
            if final_class(new) == ending and self._is_free(new, squeezed):
                return Pair(kind=kind, value=value, pseudonym=new)
        # Too few values look like this one: a placeholder is not pretty, but comes back.
        numbers = (f"[가명-{number}]" for number in count(1))
        new = next(one for one in numbers if final_class(one) == ending and self._is_free(one, squeezed))
        return Pair(kind=kind, value=value, pseudonym=new)

    def _is_free(self, new: str, squeezed: str) -> bool:
        words, (surname, given) = [new], split_name(new)
        if given:
            latin = (surname_spellings(surname)[0], romanise(given))
            words += (given, "".join(latin), "".join(reversed(latin)))
        if is_torn(new):
            return False
        return not any(squeeze(one) in squeezed or one in self._taken or one in self._words for one in words)

    def _take(self, pair: Pair, told: str) -> None:
        self._pairs[pair.kind, told] = pair
        self._taken.add(pair.pseudonym)
        for word in _words(pair):
            self._words.add(word.text, word, alone=word.alone)


class NaturalRestorer:
    """Restores one text in pieces. Only what may be the beginning of a pseudonym waits for the next."""

    __slots__ = ("_before", "_carry", "_in_json", "_pseudonyms")

    def __init__(self, pseudonyms: NaturalPseudonyms, *, in_json: bool) -> None:
        self._pseudonyms = pseudonyms
        self._in_json = in_json
        self._carry = ""
        self._before = ""
        """The end of what is gone already: it says whether a word begins behind it."""

    def feed(self, delta: str) -> str:
        """Take the next piece, and return what is ready."""
        return self._go_on(delta, ended=False)

    def close(self) -> str:
        """Return what still waited."""
        return self._go_on("", ended=True)

    def _go_on(self, delta: str, *, ended: bool) -> str:
        since, text = len(self._before), self._before + self._carry + delta
        ready, self._carry = self._pseudonyms.restore_ready(text, since, in_json=self._in_json, ended=ended)
        self._before = text[: len(text) - len(self._carry)][-_LONGEST_ESCAPE:]
        return ready


def _letter(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))


def _words(pair: Pair) -> Iterator[_Word]:
    """Yield what a model may write for a pseudonym."""
    new, value = pair.pseudonym, pair.value
    yield _Word(text=new, pair=pair, turn=lambda _: value, alone=False)
    digits = digits_of(new)
    if pair.kind == "PERSON":
        yield from _names(pair)
    elif pair.kind == "ADDRESS":
        yield _Word(text=new.split(" ", 2)[-1], pair=pair, turn=None)
    elif pair.kind == "PHONE" and digits.startswith("0") and value.startswith("0"):
        yield _Word(text=f"82{digits[1:]}", pair=pair, turn=lambda _: f"82-{value[1:]}")
    if len(digits) >= _SHORTEST_TAIL and digits == squeeze(new):
        yield _Word(text=digits[-4:], pair=pair, turn=None)


def _names(pair: Pair) -> Iterator[_Word]:
    """Yield a name's parts and its spellings in Latin letters."""
    surname, given = split_name(pair.pseudonym)
    real_surname, real_given = split_name("".join(pair.value.split()))
    if not given:
        for word in pair.pseudonym.split():
            if len(word) >= _SHORTEST_LATIN:
                yield _Word(text=word, pair=pair, turn=None)
        return

    def call(written: str) -> str:
        return _like(written, romanise(real_given)) if written.isascii() else real_given

    def latin(written: str) -> str:
        if not real_given:
            return pair.value
        parts = (surname_spellings(real_surname)[0], romanise(real_given))
        surname_first = squeeze(written).startswith(surname_spellings(surname))
        return " ".join(_like(written, one) for one in (parts if surname_first else reversed(parts)))

    turn = call if real_given else None
    yield _Word(text=given, pair=pair, turn=turn)
    for spelt in given_spellings(given):
        for before in surname_spellings(surname):
            yield _Word(text=before + spelt, pair=pair, turn=latin)
            yield _Word(text=spelt + before, pair=pair, turn=latin)
        if len(spelt) >= _SHORTEST_LATIN:
            yield _Word(text=spelt, pair=pair, turn=turn)


def _like(written: str, word: str) -> str:
    return word.upper() if written.isupper() else word.capitalize()
