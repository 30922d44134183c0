"""The `exact_match` of lm-evaluation-harness, after its filters: the same rows get the same marks as there."""

import re
import string
from collections.abc import Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_INVALID = "[invalid]"
FILTERS = ("regex", "take_first", "remove_whitespace", "lowercase", "uppercase")


class Filtered:
    """Options: `filters`, a list of `{function, ...}`; `ignore_case`, `ignore_punctuation`, `ignore_numbers`,
    `regexes_to_ignore`.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._filters = [dict(one) for one in options.get("filters", ())]
        for one in self._filters:
            if one.get("function") not in FILTERS:
                raise ValueError(f"filters: {', '.join(FILTERS)}")
        self._case = bool(options.get("ignore_case", False))
        self._dropped = (string.punctuation if options.get("ignore_punctuation") else "") + (
            string.digits if options.get("ignore_numbers") else ""
        )
        try:
            self._ignored = [re.compile(one) for one in options.get("regexes_to_ignore", ())]
            self._patterns = [re.compile(one.get("regex_pattern", "")) for one in self._filters]
        except re.error as error:
            raise ValueError(f"pattern: {error}") from None

    def check(self, text: str, item: Item) -> float:
        for one, pattern in zip(self._filters, self._patterns, strict=True):
            text = _filter(text, one, pattern)
        said = self._plain(text)
        return float(any(said == self._plain(gold) for gold in item.golds))

    def _plain(self, text: str) -> str:
        for one in self._ignored:
            text = one.sub("", text)
        if self._case:
            text = text.lower()
        return text.translate(str.maketrans("", "", self._dropped))


def _filter(text: str, how: Mapping[str, Any], pattern: re.Pattern[str]) -> str:
    match how["function"]:
        case "regex":
            found = pattern.findall(text)
            if not found:
                return str(how.get("fallback", _INVALID))
            chosen = found[int(how.get("group_select", 0))]
            if isinstance(chosen, tuple):
                chosen = next((part for part in chosen if part), _INVALID)
            return str(chosen).strip()
        case "remove_whitespace":
            return text[1:] if text[:1].isspace() else text
        case "lowercase":
            return text.lower()
        case "uppercase":
            return text.upper()
        case _:
            return text
