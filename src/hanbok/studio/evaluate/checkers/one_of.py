"""A short answer that names one of the right ones; of answers that people gave, by how many gave it."""

from collections.abc import Mapping
from typing import Any

from hanbok.studio.evaluate.checkers.exact import plain
from hanbok.studio.evaluate.item import Item


class OneOf:
    """The item's `golds`; a fact `counts` (one for each) makes the mark that answer's share of the most given.

    Options: `weighted`: true uses the counts; `longest`: an answer of more characters is no short one (80).
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._weighted = bool(options.get("weighted", False))
        self._longest = int(options.get("longest", 80))

    def check(self, text: str, item: Item) -> float:
        if len(text) > self._longest:
            return 0.0
        said = plain(text)
        counts = item.facts.get("counts") or [1] * len(item.golds)
        found = [
            count
            for gold, count in zip(item.golds, counts, strict=True)
            if (one := plain(gold)) and one in said
        ]
        if not found:
            return 0.0
        return max(found) / max(counts) if self._weighted else 1.0
