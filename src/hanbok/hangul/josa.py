"""Particles (조사) that change with the sound before them: 은/는, 이/가, 을/를, 과/와, 으로/로.

How a text ends is decided as Koreans read it aloud: `3` ends in 삼, `L` in 엘, `Google` in 구글.
"""

import re
import unicodedata
from typing import Literal, TypeAlias

FinalClass: TypeAlias = Literal["vowel", "rieul", "consonant"]
"""No final consonant, final ㄹ (which takes 로, not 으로), any other final consonant."""

_DIGITS: dict[str, FinalClass] = {
    "0": "consonant",  # 영, 공, and 십, 백, 천, 만 as the end of a number
    "1": "rieul",
    "2": "vowel",
    "3": "consonant",
    "4": "vowel",
    "5": "vowel",
    "6": "consonant",
    "7": "rieul",
    "8": "rieul",
    "9": "vowel",
}
_LETTER_NAMES: dict[str, FinalClass] = {
    "l": "rieul",  # 엘
    "r": "rieul",  # 알
    "m": "consonant",  # 엠
    "n": "consonant",  # 엔
}
_WORD = re.compile(r"[A-Za-z]+$")
_SPELT_OUT = re.compile(r"[A-Z]+|[^aeiouyAEIOUY]+|.")
_RIEUL_WORD = re.compile(r"(?:l|[bcdfgkpstz]le|[aeiou]le)$")
_CONSONANT_WORD = re.compile(r"(?:[mn]|ng|[aeiou][mn]e|(?:oo|(?<![aeiou])[aeiou])(?:b|c|ck|k|p|pp|t|tt))$")

_FIRST_SYLLABLE, _FINALS, _RIEUL_FINAL = 0xAC00, 28, 8
_PAIRS: dict[str, tuple[str, str]] = {
    pair: (after_consonant, after_vowel)
    for pair in ("은/는", "이/가", "을/를", "과/와", "으로/로", "아/야", "이나/나", "이라/라", "이랑/랑")
    for after_consonant, after_vowel in (pair.split("/"),)
}


def final_class(text: str) -> FinalClass:
    """Return how the last sound of `text` ends; closing quotes, brackets and other signs are not read.

    A text without anything that is read aloud counts as ending in a vowel, and so does a Hanja.
    """
    if text and "\uac00" <= text[-1] <= "\ud7a3":
        return _of_syllable(text[-1])
    end = len(text)
    while end and not text[end - 1].isalnum() and not unicodedata.combining(text[end - 1]):
        end -= 1
    tail = text[max(0, end - 24) : end]
    if tail[-1:] in _DIGITS:
        return _DIGITS[tail[-1]]
    if not tail.isascii():
        tail = unicodedata.normalize("NFKC", tail)
    last = tail[-1:]
    if "\uac00" <= last <= "\ud7a3":
        return _of_syllable(last)
    if word := _WORD.search(tail):
        return _of_word(word[0])
    if "\u1100" <= last <= "\u1112":  # NFKC of a lone consonant letter such as ㅋ, which is read 키읔
        return "rieul" if last == "\u1105" else "consonant"
    return _DIGITS.get(last, "vowel")


def particle(text: str, pair: str) -> str:
    """Return the form of `pair` (written after-consonant/after-vowel, such as `은/는`) that follows `text`."""
    after_consonant, after_vowel = _PAIRS[pair]
    ending = final_class(text)
    if ending == "vowel" or (ending == "rieul" and pair == "으로/로"):
        return after_vowel
    return after_consonant


def _of_syllable(syllable: str) -> FinalClass:
    final = (ord(syllable) - _FIRST_SYLLABLE) % _FINALS
    if final == 0:
        return "vowel"
    return "rieul" if final == _RIEUL_FINAL else "consonant"


def _of_word(word: str) -> FinalClass:
    if _SPELT_OUT.fullmatch(word):  # read letter by letter: URL, kr
        return _LETTER_NAMES.get(word[-1].lower(), "vowel")
    lowered = word.lower()
    if _RIEUL_WORD.search(lowered):
        return "rieul"
    return "consonant" if _CONSONANT_WORD.search(lowered) else "vowel"
