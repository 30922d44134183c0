"""Digits that are not written as 0 to 9: read aloud in hangul (공일공), in Hanja, circled, of other scripts."""

import unicodedata

HANGUL = dict(zip("공영빵일이삼사오육륙칠팔구", "0001234566789", strict=True))
"""Syllables that digits are read with one by one."""

HANJA = dict(
    zip(
        "〇零一二三四五六七八九壹貳參肆伍陸柒捌玖壱弐参",
        "00123456789123456789123",
        strict=True,
    )
)

_RANGES = (
    (0xB2, 0xB3), (0xB9, 0xB9), (0x660, 0x669), (0x6F0, 0x6F9), (0x966, 0x96F), (0xE50, 0xE59),
    (0x2070, 0x2079), (0x2080, 0x2089), (0x2460, 0x2468), (0x2474, 0x247C), (0x2488, 0x2490), (0x24EA, 0x24EA),
    (0x24F5, 0x24FD), (0x24FF, 0x24FF), (0x2776, 0x277E), (0x2780, 0x2788), (0x278A, 0x2792), (0xFF10, 0xFF19),
    (0x1D7CE, 0x1D7FF), (0x1F100, 0x1F10A), (0x1FBF0, 0x1FBF9),
)  # fmt: skip

SIGNS: dict[str, str] = {
    chr(code): str(value)
    for first, last in _RANGES
    for code in range(first, last + 1)
    if (value := unicodedata.digit(chr(code), None)) is not None
}
"""Single characters that stand for a digit in print: full-width, circled, bracketed, raised, mathematical."""


def spoken(digits: str) -> str:
    """Return digits as they are read one by one, such as 공일공 for 010."""
    return digits.translate(_SPOKEN)


_SPOKEN = str.maketrans("0123456789", "공일이삼사오육칠팔구")
