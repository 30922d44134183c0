"""A pattern that must be found, or must not."""

import re
from collections.abc import Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Regex:
    """Options: `pattern`; `whole`: true wants the whole text; `absent`: true wants it nowhere; `equals`: true wants
    what the first group (or the match) holds to be one of the row's golds; `last`: true takes the last match.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        try:
            self._pattern = re.compile(str(options["pattern"]))
        except KeyError:
            raise ValueError("pattern") from None
        except re.error as error:
            raise ValueError(f"pattern: {error}") from None
        self._whole, self._absent = bool(options.get("whole", False)), bool(options.get("absent", False))
        self._equals, self._last = bool(options.get("equals", False)), bool(options.get("last", False))

    def check(self, text: str, item: Item) -> float:
        if self._whole:
            match = self._pattern.fullmatch(text)
        else:
            found = list(self._pattern.finditer(text))
            match = found[-1 if self._last else 0] if found else None
        if self._equals:
            held = (match[1] if match and self._pattern.groups else match[0] if match else "") or ""
            return float(held.strip() in {one.strip() for one in item.golds} if match else False)
        return float((match is None) == self._absent)
