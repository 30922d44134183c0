"""Whether two questions can have one answer: what must be the same in both, whatever an embedding says.

Embeddings tell what a text is about. They hardly tell 10 % from 20 %, Seoul from Busan, or may from may not: those are
compared here, as words without their manners (particles, endings, politeness).
"""

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple

_NOBODY: Final = "-"
_TOKEN: Final = re.compile(
    r"\[[^\[\]]{1,40}\]|[-−]?\d[\d.,:/-]*|[A-Za-z][\w.@+'/-]*|[가-힣]+|[^\W\d_]|[^\s\w.,!?~…\"'“”‘’()·:;-]"
)
_FINALS: Final = {"ㄴ": "\u11ab", "ㄹ": "\u11af", "ㅂ": "\u11b8"}


class Words(NamedTuple):
    """What a question says."""

    said: tuple[str, ...]
    roles: str
    """One letter a word: who does it (`s`), to whom (`o`), or not said."""

    def agree(self, other: "Words") -> bool:
        """Whether both say the same of the same."""
        return self.said == other.said and all(
            one == its or _NOBODY in (one, its) for one, its in zip(self.roles, other.roles, strict=True)
        )


class _Book(NamedTuple):
    ending: re.Pattern[str]
    roles: tuple[tuple[str, frozenset[str]], ...]
    light: tuple[str, ...]
    harmless: frozenset[str]
    asks: dict[str, str]


def words_of(text: str) -> Words:
    """Return what another question must have too to be given the same answer."""
    book = _book()
    said: list[str] = []
    roles: list[str] = []
    asks: set[str] = set()
    before = ""
    for token in _TOKEN.findall(unicodedata.normalize("NFKC", text).lower()):
        hangul, unit = "가" <= token[0] <= "힣", before[-1:].isdigit()
        before = token
        stem, role = _bare(token, book) if hangul else (token.rstrip(".,:/-"), _NOBODY)
        if asked := book.asks.get(stem) or book.asks.get(token):
            asks.add(asked)
            continue
        if not unit and (stem in book.harmless or token in book.harmless):
            continue
        said.append(stem)
        roles.append(role)
    if len(asks) > 1:
        asks.discard("what")  # what the way is, and how: the same
    return Words((*said, "?", *sorted(asks)), "".join(roles) + _NOBODY * (1 + len(asks)))


def _bare(token: str, book: _Book) -> tuple[str, str]:
    """Return a word without its ending, and who its particle says that it is."""
    for role, particles in book.roles:
        for particle in particles:
            stem = token.removesuffix(particle)
            if stem != token and len(stem) > 1:
                return _unlit(stem, book), role
    letters = unicodedata.normalize("NFD", token)
    cut = book.ending.search(letters, 2)
    stem = unicodedata.normalize("NFC", letters[: cut.start()] if cut else letters)
    return _unlit(stem, book), _NOBODY


def _unlit(stem: str, book: _Book) -> str:
    for light in book.light:
        bare = stem.removesuffix(light)
        if bare != stem and len(bare) > 1:
            return bare
    return stem


@cache
def _book() -> _Book:
    said: dict[str, Any] = tomllib.loads(
        (files("hanbok.gateway") / "sameness.toml").read_text(encoding="utf-8")
    )
    endings = sorted((_letters(one) for one in said["endings"].split()), key=len, reverse=True)
    return _Book(
        ending=re.compile(f"(?:{'|'.join(endings)})$"),
        roles=tuple(
            (role, frozenset(said[name].split()))
            for role, name in ((_NOBODY, "topics"), ("s", "subjects"), ("o", "objects"))
        ),
        light=tuple(sorted(said["light"].split(), key=len, reverse=True)),
        harmless=frozenset(said["harmless"].split()),
        asks={word: name for name, some in said["asks"].items() for word in some.split()},
    )


def _letters(ending: str) -> str:
    first = _FINALS.get(ending[0], "")
    return first + unicodedata.normalize("NFD", ending[1:] if first else ending)
