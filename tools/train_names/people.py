"""Names to fill the training templates with: surnames by frequency, given names by generation."""
# ruff: noqa: INP001, PLR2004 - a script's modules; shares and sizes are read best where they act

import random
import tomllib
from pathlib import Path

from hanbok.guard.names.words import COMMON_SURNAMES, DOUBLE_SURNAMES, SURNAMES

_LISTS = tomllib.loads((Path(__file__).parent / "people.toml").read_text(encoding="utf-8"))
_SURNAMES = {
    name: float(share) for name, _, share in (one.partition(":") for one in _LISTS["surnames"].split())
}
_SINGLE, _LONG = _LISTS["single"].split(), _LISTS["long"].split()
_VIETNAMESE, _CHINESE = ([part.split() for part in _LISTS[one].values()] for one in ("vietnamese", "chinese"))
_ASIAN = [
    [part.split() for part in _LISTS[one].values()]
    for one in ("thai", "mongolian", "nepali", "uzbek", "filipino", "khmer")
]
PARTS = frozenset(word for name in (_VIETNAMESE, _CHINESE, *_ASIAN) for part in name for word in part)
"""Words of names of the people from Asia who live in Korea."""
_PURE = _LISTS["pure"].split()
FUSED = 0.12
"""The share of foreign names that are written in one word (`소피마르소`)."""
MODERN = tuple(_LISTS["given"].split())
"""Given names of people born from the 1940s to the 2020s."""


class People:
    """A repeatable supply of names. `given` maps given names to the number of surnames seen with them."""

    def __init__(self, chance: random.Random, given: dict[str, int], foreign: dict[str, int]) -> None:
        self.chance = chance
        self.known = frozenset(given) | frozenset(MODERN)
        self.foreign_known = frozenset(foreign)
        self.givens, self.weights = list(given), [float(count) for count in given.values()]
        self.foreign, self.foreign_weights = (
            list(foreign),
            [float(count) ** 0.7 for count in foreign.values()],
        )
        self.firsts = sorted({name[0] for name, count in given.items() if count > 2})
        self.lasts = sorted({name[1] for name, count in given.items() if count > 2})

    def surname(self) -> str:
        """Return a surname, seldom one of the rare ones."""
        if self.chance.random() < 0.06:
            return self.chance.choice(sorted(SURNAMES | DOUBLE_SURNAMES))
        return self.chance.choices(list(_SURNAMES), list(_SURNAMES.values()))[0]

    def given(self) -> str:
        """Return a given name of two syllables."""
        draw = self.chance.random()
        if draw < 0.4:
            return self.chance.choice(MODERN)
        if draw < 0.48:
            return self.chance.choice(_PURE)
        if draw < 0.88:
            return self.chance.choices(self.givens, self.weights)[0]
        return self.chance.choice(self.firsts) + self.chance.choice(self.lasts)

    def korean(self) -> str:
        """Return surname and given name."""
        draw = self.chance.random()
        surname = self.surname()
        if draw < 0.09:
            return surname + self.chance.choice(_SINGLE)
        if draw < 0.105 and surname in COMMON_SURNAMES:
            return surname + self.chance.choice(_LONG)
        return surname + self.given()

    def part(self) -> str:
        """Return one word of a foreign name."""
        return self.chance.choices(self.foreign, self.foreign_weights)[0]

    def stranger(self) -> str:
        """Return a foreign name in hangul, one to three words."""
        if self.chance.random() < 0.12:
            return " ".join(self.chance.choice(part) for part in _VIETNAMESE)
        if self.chance.random() < 0.06:
            return self.chance.choice((" ", "")).join(self.chance.choice(part) for part in _CHINESE)
        if self.chance.random() < 0.12:
            return " ".join(self.chance.choice(part) for part in self.chance.choice(_ASIAN))
        words = self.chance.choices((1, 2, 3), (0.35, 0.58, 0.07))[0]
        joint = "" if self.chance.random() < FUSED else " "
        return joint.join(self.chance.choices(self.foreign, self.foreign_weights, k=words))
