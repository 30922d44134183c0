"""The level of politeness, by how sentences end: 합쇼체, 해요체 or 반말 (해체 and 해라체)."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from hanbok.hangul.jamo import final_consonant, is_syllable
from hanbok.studio.evaluate.item import Item

LEVELS: Final = ("합쇼체", "해요체", "반말")
_SENTENCE = re.compile(r"[^.!?…~\n]+")
_TRAILING = re.compile(r"[^가-힣]+$")
_LEADING = re.compile(r"^\s*(?:[-*•#>]|\d+[.)])*\s*")
# Nouns that end like a polite verb.
_NOUNS = re.compile(r"(?:필요|중요|주요|수요|개요|동요|가요|소요|강요|긴요|불필요|담요|고요|종요)$")
_FORMAL = re.compile(r"(?:십시오|십시요|소서|옵소서|나이까|올시다)$")
_FORMAL_TAILS = ("니다", "니까", "시다")
_POLITE = re.compile(r"(?:요|죠)$")
# The plain and the intimate endings; a noun may look like one, so a whole sentence must end so.
_PLAIN = re.compile(
    r"(?:[다냐]|는가|은가|던가|구나|군|네|지|어|아|야|여|해|래|게|까|걸|거든|잖아|니|자|라|렴|마|돼|봐|줘|와|가|워|려|셔|혀|켜|쳐|져|둬|놔)$"
)
_PLAIN_DA = re.compile(r"다$")


class Honorific:
    """The share of sentences at the wanted level. A heading or a list of nouns has no level and does not count; a
    text without any has the mark 0. Options: `level`.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._level = str(options.get("level", LEVELS[0]))
        if self._level not in LEVELS:
            raise ValueError(f"level: {', '.join(LEVELS)}")

    def check(self, text: str, item: Item) -> float:  # noqa: ARG002 - the contract's
        found = levels(text)
        return found[self._level] / found.total() if found else 0.0


def levels(text: str) -> Counter[str]:
    """Return how many sentences are at each level."""
    known = (level_of(one) for one in _SENTENCE.findall(text))
    return Counter(one for one in known if one)


def level_of(sentence: str) -> str:
    """Return the level of a sentence, empty for a heading, a noun or another language."""
    words = _TRAILING.sub("", _LEADING.sub("", sentence))
    if not words or _NOUNS.search(words):
        return ""
    if _FORMAL.search(words) or _formal(words):
        return "합쇼체"
    if _POLITE.search(words):
        return "해요체"
    if len(words) > 1 and _PLAIN.search(words) and (" " in words or _PLAIN_DA.search(words)):
        return "반말"
    return ""


def _formal(words: str) -> bool:
    """-ㅂ니다, -습니다, -ㅂ니까, -ㅂ시다: the syllable before ends in ㅂ."""
    if not words.endswith(_FORMAL_TAILS) or len(words) < 3:  # noqa: PLR2004 - stem and tail
        return False
    before = words[-3]
    return is_syllable(before) and final_consonant(before) == "ㅂ"
