"""The words of mecab-ko-dic (Apache-2.0), read from the wheel `python-mecab-ko-dic`, as material for the word list."""
# ruff: noqa: INP001, PLR2004 - a script's modules; shares and sizes are read best where they act

import struct
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hanbok.guard.names.words import DOUBLE_SURNAMES, SURNAMES

_UNSEEN_COST = 2639
"""The cost of a noun that its training corpus never showed."""
_HEADER = 72


@dataclass(slots=True)
class Dictionary:
    nouns: set[str] = field(default_factory=set)
    frequent: set[str] = field(default_factory=set)
    places: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    foreign: Counter[str] = field(default_factory=Counter)
    korean: set[str] = field(default_factory=set)
    """Whole Korean names; only the spread of given names is kept of them."""

    def given(self) -> dict[str, int]:
        """Return how many surnames each two-syllable given name is seen with."""
        with_surname: defaultdict[str, set[str]] = defaultdict(set)
        for name in self.korean:
            with_surname[name[1:]].add(name[0])
        return {given: len(surnames) for given, surnames in with_surname.items()}


def _entries(path: Path) -> Iterator[tuple[list[str], int]]:
    raw = path.read_bytes()
    sizes = struct.unpack("<10I", raw[:40])
    trie, tokens, features = sizes[6:9]
    token_part = raw[_HEADER + trie : _HEADER + trie + tokens]
    texts = raw[_HEADER + trie + tokens : _HEADER + trie + tokens + features]
    for _, _, _, cost, at, _ in struct.iter_unpack("<HHHhII", token_part):
        yield texts[at : texts.index(b"\0", at)].decode().split(","), cost


def read(path: Path) -> Dictionary:
    """Read `sys.dic`."""
    out = Dictionary()
    names: list[str] = []
    for (tag, meaning, _, word, *_, parts), cost in _entries(path):
        if meaning == "인명":
            pieces = [one.split("/")[0] for one in parts.split("+")]
            names.append(word) if parts == "*" else out.foreign.update(pieces)
        elif meaning == "지명":
            out.places.add(word)
        elif tag == "NNP":
            out.others.add(word)
        else:
            out.nouns.add(word)
            if tag != "NNG" or cost < _UNSEEN_COST:
                out.frequent.add(word)
    out.korean = {
        name for name in names if len(name) == 3 and name[0] in SURNAMES and name[:2] not in DOUBLE_SURNAMES
    }
    spread = out.given()
    rare = {name for name in out.korean if spread[name[1:]] < 2}
    out.korean -= rare
    out.foreign.update(name for name in names if len(name) != 3 or name not in out.korean)
    return out
