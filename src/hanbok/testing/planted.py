"""A seeded corpus of Korean text with copies planted in it, for measuring how well copies are found.

The words are made up of common syllables, so that no text is anybody's; particles and endings are Korean's own.
"""

import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from hanbok.testing.people import words

_SYLLABLES: Final = tuple(
    "가각간감강개거건경계고공과관교구국군권규금기길김나남내년노농단담당대도동두등라력로료름리림마만망매면"
    "명모목무문물미민바박반발방배백번법변병보복본부북분비사산상새생서석선설성세소속손수순술시식신실심아안"
    "약양어업여역연영예오온옥완왕외요용우운원월위유은음의이인일임입자작장재적전절점정제조종주준중지직진질"
    "집차찬창책천청체초총최추축출충치친타탁태토통투특파판편평포표품풍하학한함합해행향허현형호화확환활황회"
    "효후훈휴흥"
)
_PARTICLES: Final = words(
    "은 는 이 가 을 를 에 에서 으로 로 의 도 만 와 과 까지 부터 보다 처럼 에게 마다 조차 이나 에도 에는 이라는"
)
_ENDINGS: Final = words(
    "했다 하였다 한다 합니다 했습니다 되었다 된다 됩니다 있다 있었다 없었다 보인다 알려졌다 밝혔다 나타났다 이어졌다 "
    "시작했다 마쳤다 전했다 설명했다 강조했다 커졌다 줄었다 늘었다 바뀌었다 남았다 열렸다 끝났다"
)
_JOINING: Final = words(
    "하고 하며 하지만 해서 하면 했으나 했지만 하면서 하도록 하려고 되어 되면서 되었고 있으며 없지만"
)
KINDS: Final = ("exact", "form", "spacing", "edit5", "edit10", "cut")
"""How a copy differs: not at all; in Unicode form, digits and signs; in spaces; in a word of twenty; in one of ten; in
that a tenth of its sentences is missing.
"""
KIN: Final = "kin"
"""No copy: a text that shares half of its sentences with another, as letters of one office do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A text; `of` is the id of the one that it is a copy of, empty for an original and for `KIN`."""

    id: str
    text: str
    of: str = ""
    kind: str = ""


def planted(count: int, seed: int, copied: float = 0.2, length: int = 1100) -> Iterator[Planted]:
    """Yield this many texts of about `length` characters, of which a share are copies of earlier ones."""
    draw = random.Random(seed)
    writer = Writer(seed)
    originals: list[Planted] = []
    for number in range(count):
        one = f"{number:07d}"
        if originals and draw.random() < copied:
            of, kind = draw.choice(originals), KINDS[draw.randrange(len(KINDS))]
            yield Planted(id=one, text=altered(of.text, kind, draw, writer), of=of.id, kind=kind)
            continue
        if originals and draw.random() < _KINDRED:
            yield Planted(id=one, text=_kindred(draw.choice(originals).text, writer), kind=KIN)
            continue
        text = Planted(id=one, text=writer.text(max(80, round(draw.lognormvariate(0, 0.6) * length))))
        originals.append(text)
        if len(originals) > _KEPT:
            originals.pop(draw.randrange(len(originals)))
        yield text


_KINDRED: Final = 0.03
_KEPT: Final = 5000  # texts that may still be copied: a long corpus is not held in memory


class Writer:
    """Writes texts of made-up words, some of which are far more common than others, as in any language."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"writer {seed}")
        lengths = self.random.choices((1, 2, 3, 4), (1, 12, 6, 2), k=6000)
        self._nouns = ["".join(self.random.choices(_SYLLABLES, k=length)) for length in lengths]
        total, self._weights = 0.0, list[float]()
        for rank in range(len(self._nouns)):
            total += 1 / (rank + 30)
            self._weights.append(total)

    def word(self) -> str:
        """Return a word with its particle."""
        return self._noun() + self.random.choice(_PARTICLES)

    def sentence(self) -> str:
        said = [self.word() for _ in range(self.random.randint(3, 9))]
        if self.random.random() < 0.4:  # noqa: PLR2004 - about as many sentences have a second clause
            said.insert(len(said) // 2, self._noun() + self.random.choice(_JOINING))
        if self.random.random() < 0.2:  # noqa: PLR2004 - and a number
            said.insert(
                1, f"{self.random.randint(1, 9999)}{self.random.choice(('년', '월', '명', '개', '원', '%'))}"
            )
        return " ".join(said) + f" {self._noun()}{self.random.choice(_ENDINGS)}."

    def text(self, length: int) -> str:
        """Return sentences of so many characters in all, in paragraphs."""
        said: list[str] = []
        size = 0
        while size < length:
            said.append(self.sentence() + ("\n" if self.random.random() < 0.2 else " "))  # noqa: PLR2004 - of five sentences
            size += len(said[-1])
        return "".join(said).strip()

    def _noun(self) -> str:
        return self.random.choices(self._nouns, cum_weights=self._weights)[0]


def altered(text: str, kind: str, draw: random.Random, writer: Writer) -> str:
    """Return a copy of a text that differs in this way."""
    ways: dict[str, Callable[[], str]] = {
        "exact": lambda: text,
        "form": lambda: _form(text, draw),
        "spacing": lambda: _spacing(text, draw),
        "edit5": lambda: _edited(text, 0.05, draw, writer),
        "edit10": lambda: _edited(text, 0.1, draw, writer),
        "cut": lambda: _cut(text, draw),
    }
    return ways[kind]()


def _kindred(text: str, writer: Writer) -> str:
    said = text.split(". ")
    return ". ".join(
        writer.sentence().removesuffix(".") if number % 2 else one for number, one in enumerate(said)
    )


def _form(text: str, draw: random.Random) -> str:
    """Return the same in other characters: loose jamo or full width, other digits and signs."""
    digits = str.maketrans("0123456789", "".join(draw.sample("0123456789", 10)))
    wide = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
    text = text.translate(digits).replace(".", draw.choice((".", "!", "…", "。")))
    return unicodedata.normalize("NFD", text) if draw.random() < 0.5 else text.translate(wide)  # noqa: PLR2004 - half of each


def _spacing(text: str, draw: random.Random) -> str:
    """Return the same with a third of the spaces gone and some new ones."""
    said: list[str] = []
    for one in text:
        if one == " " and draw.random() < 0.33:  # noqa: PLR2004 - of three
            continue
        said.append(one)
        if one not in " \n" and draw.random() < 0.03:  # noqa: PLR2004 - one in each long word
            said.append(" ")
    return "".join(said)


def _edited(text: str, share: float, draw: random.Random, writer: Writer) -> str:
    said = text.split(" ")
    return " ".join(writer.word() if draw.random() < share else one for one in said)


def _cut(text: str, draw: random.Random) -> str:
    said = text.split(". ")
    return ". ".join(one for one in said if draw.random() > 0.1) or text  # noqa: PLR2004 - one of ten goes
