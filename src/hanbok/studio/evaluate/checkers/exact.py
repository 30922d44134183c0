"""The same words: case, spacing, width and marks around do not count."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_AROUND = re.compile(r"^[\W_]+|[\W_]+$")


class Exact:
    """Options: `strict`: true compares as it stands."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._strict = bool(options.get("strict", False))

    def check(self, text: str, item: Item) -> float:
        if self._strict:
            return float(text in item.golds)
        return float(plain(text) in {plain(one) for one in item.golds})


def plain(text: str) -> str:
    """Return a text without what does not make its meaning."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_AROUND.sub("", folded).split())
