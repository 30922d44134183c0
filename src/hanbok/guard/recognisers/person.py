"""Names of people: Korean, in hangul or Hanja or romanised, and foreign ones in hangul."""

from collections.abc import Iterator

from hanbok.guard.names.model import Tagger
from hanbok.guard.recogniser import Finding


class Person:
    """Finds surname and given name, without titles and particles."""

    def __init__(self) -> None:
        self._tagger = Tagger()

    def find(self, text: str) -> Iterator[Finding]:
        for name in self._tagger.find(text):
            yield Finding(kind="PERSON", start=name.start, end=name.end, score=round(name.certainty, 3), why=("tagger",))
