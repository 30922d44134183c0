"""Names of people: Korean, in hangul, Hanja or Latin letters, and foreign ones in hangul."""

from collections.abc import Iterator

from hanbok.guard.names.model import Name, Tagger
from hanbok.guard.names.notation import hanja_names, latin_names, split_names
from hanbok.guard.recogniser import Finding

_AROUND = 16
"""Characters of context that a respelled name is judged in."""


class Person:
    """Finds surname and given name, without titles and particles.

    A surname alone counts before a title (`김 대리`), at a lower score. Masked names (`홍*동`), letters that stand for
    someone (`A씨`) and places or firms named after people stay silent.
    """

    def __init__(self) -> None:
        self._tagger = Tagger()

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the names in the text, from left to right within each way of writing."""
        taken: list[tuple[int, int]] = []
        for start, end, score, why in self._respelled(text):
            if _free(taken, start, end):
                taken.append((start, end))
                yield Finding(kind="PERSON", start=start, end=end, score=score, why=(why,))
        for name in self._tagger.find(text):
            if _free(taken, name.start, name.end):
                yield _finding(name)

    def _respelled(self, text: str) -> Iterator[tuple[int, int, float, str]]:
        for start, end, joined in split_names(text, self._tagger.lexicon):
            left = text[max(0, start - _AROUND) : start]
            for name in self._tagger.find(left + joined + text[end : end + _AROUND]):
                if (name.start, name.end) == (len(left), len(left) + len(joined)):
                    yield start, end, round(name.certainty, 3), "syllables apart"
        for start, end in hanja_names(text):
            yield start, end, 0.85, "hanja"
        for start, end in latin_names(text):
            yield start, end, 0.75, "romanised"


def _free(taken: list[tuple[int, int]], start: int, end: int) -> bool:
    return not any(first < end and start < last for first, last in taken)


def _finding(name: Name) -> Finding:
    score = name.certainty * (0.7 if name.end - name.start == 1 else 1.0)
    return Finding(kind="PERSON", start=name.start, end=name.end, score=round(score, 3), why=("tagger",))
