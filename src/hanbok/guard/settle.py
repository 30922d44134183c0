"""One answer from many findings."""

from bisect import bisect_right
from collections.abc import Iterable

from hanbok.guard.recogniser import Finding


def settle(found: Iterable[Finding]) -> list[Finding]:
    """Of findings that overlap keep the surest, then the longest; return them in the order of the text."""
    kept: list[Finding] = []
    for one in sorted(found, key=lambda one: (-one.score, one.start - one.end, one.start, one.kind)):
        at = bisect_right(kept, one.start, key=lambda other: other.start)
        clear_before = at == 0 or kept[at - 1].end <= one.start
        clear_after = at == len(kept) or one.end <= kept[at].start
        if clear_before and clear_after:
            kept.insert(at, one)
    return kept
