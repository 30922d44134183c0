"""Hangul letters (자모) and the syllables they make."""

import re
import unicodedata

DECOMPOSED = re.compile("[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?")
"""One syllable spelt with conjoining letters (as NFD text does)."""

_FIRST, _LAST, _FINALS = 0xAC00, 0xD7A3, 28
_FINAL_LETTERS = (
    "", "ㄱ", "ㄲ", "ㄳ", "ㄴ", "ㄵ", "ㄶ", "ㄷ", "ㄹ", "ㄺ", "ㄻ", "ㄼ", "ㄽ", "ㄾ", "ㄿ", "ㅀ", "ㅁ", "ㅂ", "ㅄ",
    "ㅅ", "ㅆ", "ㅇ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ",
)  # fmt: skip


def compose(letters: str) -> str:
    """Return conjoining letters joined into syllables (NFC); other characters stay."""
    return unicodedata.normalize("NFC", letters)


def is_syllable(character: str) -> bool:
    """Tell whether the character is a whole modern syllable, 가 to 힣."""
    return len(character) == 1 and _FIRST <= ord(character) <= _LAST


def final_consonant(syllable: str) -> str:
    """Return the final consonant (받침) of a syllable, or nothing."""
    return _FINAL_LETTERS[(ord(syllable) - _FIRST) % _FINALS] if is_syllable(syllable) else ""
