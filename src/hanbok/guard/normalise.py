"""Numbers as people disguise them, rewritten as plain digits; every offset of the original is kept."""

import re

from hanbok.guard.align import Aligned

DIRT_PATTERNS: tuple[str, ...] = ("[０-９＠]", "[\u200b-\u200f\u2060\ufeff\u00ad]")
"""What Hyperscan and `re` both find in a text that must be normalised."""

_SIGNS = dict(zip("０１２３４５６７８９＠．－", "0123456789@.-", strict=True)) | dict.fromkeys(
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad", ""
)
_SIGN = re.compile(f"[{''.join(_SIGNS)}]")


def normalise(text: str, *, raw: bool = False) -> Aligned:
    """Return `text` with every disguise of digits and separators undone; as it is when `raw`."""
    aligned = Aligned(text)
    if raw:
        return aligned
    return aligned.sub(_SIGN, lambda match: (_SIGNS[match[0]],))
