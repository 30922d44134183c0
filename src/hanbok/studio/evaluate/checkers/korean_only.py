"""Is an answer in Korean and nothing but Korean? Small models slip into English, Chinese or Japanese."""

import re
from collections.abc import Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_HANGUL = re.compile(r"[\uAC00-\uD7A3\u1100-\u11FF\u3130-\u318F]")
_LATIN = re.compile(r"[A-Za-z\u00C0-\u024F]")
_FOREIGN = re.compile(r"[\u3040-\u30FF\u0400-\u04FF\u0600-\u06FF\u0E00-\u0E7F\u0900-\u097F]")
_HAN = re.compile(r"[\u3400-\u4DBF\u4E00-\u9FFF\uF900-\uFAFF]")
_GLOSS = re.compile(r"\([^()가-힣]{1,40}\)")
_CODE = re.compile(r"```.*?```|`[^`]+`|https?://\S+", re.DOTALL)


class KoreanOnly:
    """Right where of the letters `least` (0.9) are Hangul and none is of a script that Korean does not use. Code,
    addresses and glosses in brackets such as 한복(韓服) or 인공지능(AI) do not count; Latin names do, hence the 0.9.

    Options: `least`; `han`: true lets Chinese characters outside brackets pass.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._least, self._han = float(options.get("least", 0.9)), bool(options.get("han", False))
        if not 0 < self._least <= 1:
            raise ValueError("least")

    def check(self, text: str, item: Item) -> float:  # noqa: ARG002 - the contract's
        seen = _GLOSS.sub("", _CODE.sub("", text))
        korean, latin = len(_HANGUL.findall(seen)), len(_LATIN.findall(seen))
        han = len(_HAN.findall(seen))
        if not korean or _FOREIGN.search(seen) or (han and not self._han):
            return 0.0
        return float(korean / (korean + latin + han) >= self._least)
