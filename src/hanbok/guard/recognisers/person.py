"""Names of people: Korean, in hangul, Hanja or Latin letters, and foreign ones in hangul."""

from collections.abc import Iterator
from functools import partial

from hanbok.guard.names.first_look import first_look
from hanbok.guard.names.model import Name, Tagger
from hanbok.guard.names.notation import hanja_names, latin_names, split_names
from hanbok.guard.names.run import WORD
from hanbok.guard.recogniser import Finding

_ROMANISED = 0.75


class Person:
    """Finds surname and given name, without titles and particles.

    A surname alone counts before a title (`김 대리`), at a lower score. Masked names (`홍*동`), letters that stand for
    someone (`A씨`) and places or firms named after people stay silent.
    """

    def __init__(self) -> None:
        self._tagger = Tagger.load()

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the names in the text, from left to right within each way of writing."""
        if text.isascii():
            yield from (_romanised(start, end) for start, end in latin_names(text))
            return
        live, worth, other_letters = first_look(text.split(), self._tagger)
        if not worth and not other_letters:
            return
        words = WORD.findall(text) if worth else []
        wanted = [index for index, word in enumerate(words) if word in worth]
        taken: set[int] = set()
        known: set[int] = set()
        judge = partial(self._tagger.judge, text, words, {})
        for apart, certainty in split_names(text, words, wanted, self._tagger.lexicon, judge):
            taken.update(range(apart.start, apart.end))
            known.update(range(apart.first, apart.last + 1))
            score = round(0.5 + 0.4 * certainty, 3)
            yield Finding(
                kind="PERSON", start=apart.start, end=apart.end, score=score, why=("syllables apart",)
            )
        for start, end, score, why in _in_other_letters(text) if other_letters else ():
            if taken.isdisjoint(range(start, end)):
                taken.update(range(start, end))
                yield Finding(kind="PERSON", start=start, end=end, score=score, why=(why,))
        if live and wanted:
            if known:
                wanted = [index for index in wanted if index not in known]
            for name in self._tagger.find(text, words, wanted, live):
                if not taken or taken.isdisjoint(range(name.start, name.end)):
                    yield _finding(name)


def _in_other_letters(text: str) -> Iterator[tuple[int, int, float, str]]:
    for start, end in hanja_names(text):
        yield start, end, 0.85, "hanja"
    for start, end in latin_names(text):
        yield start, end, _ROMANISED, "romanised"


def _romanised(start: int, end: int) -> Finding:
    return Finding(kind="PERSON", start=start, end=end, score=_ROMANISED, why=("romanised",))


def _finding(name: Name) -> Finding:
    return Finding(kind="PERSON", start=name.start, end=name.end, score=_score(name), why=("tagger",))


def _score(name: Name) -> float:
    """Return 0.5 to 0.9: below a whole address, so that a name inside one does not break it."""
    return round(0.5 + (0.2 if name.end - name.start == 1 else 0.4) * name.certainty, 3)
