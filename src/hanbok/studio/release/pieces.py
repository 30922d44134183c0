"""The bytes that each token of a vocabulary stands for."""

import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

_SPACE: Final = "\u2581"
_LATIN: Final = (range(0x21, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x100))
_BEYOND: Final = 0x100
_BYTE_TOKEN: Final = 6
"""Characters of `<0xEA>`."""


def tokens_by_bytes(folder: Path) -> dict[bytes, list[int]]:
    """Return the ids of all ordinary tokens by what they stand for."""
    told = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    special = {one["id"] for one in told.get("added_tokens", ()) if one["special"]}
    byte_level = '"ByteLevel"' in json.dumps(told.get("pre_tokenizer"))
    found: dict[bytes, list[int]] = {}
    for text, number in told["model"]["vocab"].items():
        content = _byte_level(text) if byte_level else _fallback(text)
        if content and number not in special:
            found.setdefault(content, []).append(number)
    return found


def continuing(tokens: dict[bytes, list[int]], rests: Iterable[bytes]) -> dict[int, bytes]:
    """Return the tokens that begin one of these texts, with what they stand for."""
    return {
        number: rest[:size]
        for rest in rests
        for size in range(1, len(rest) + 1)
        for number in tokens.get(rest[:size], ())
    }


@cache
def _letters() -> dict[str, int]:
    """GPT-2 writes each byte as one printable letter."""
    plain = [byte for span in _LATIN for byte in span]
    others = [byte for byte in range(0x100) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {
        chr(_BEYOND + index): byte for index, byte in enumerate(others)
    }


def _byte_level(text: str) -> bytes:
    letters = _letters()
    return bytes(letters[one] for one in text) if all(one in letters for one in text) else b""


def _fallback(text: str) -> bytes:
    if len(text) == _BYTE_TOKEN and text.startswith("<0x"):
        return bytes([int(text[3:5], 16)])
    return text.replace(_SPACE, " ").encode()
