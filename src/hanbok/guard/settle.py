"""One answer from many findings."""

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter

from hanbok.guard.recogniser import Finding

_START = attrgetter("start")
_PAIR = 2


def settle(found: Iterable[Finding]) -> list[Finding]:
    """Of findings that overlap keep the surest, then the longest; return them in the order of the text."""
    kept: list[Finding] = []
    crowd: list[Finding] = []
    reach = 0
    for one in sorted(found, key=_START):
        if crowd and one.start >= reach:
            kept += _surest(crowd)
            crowd = []
        crowd.append(one)
        reach = max(reach, one.end)
    return kept + _surest(crowd)


def _surest(crowd: list[Finding]) -> list[Finding]:
    if len(crowd) == 1:
        return crowd
    if len(crowd) == _PAIR:  # most often
        first, second = crowd
        return [first] if _rank(first) <= _rank(second) else [second]
    kept: list[Finding] = []
    for one in sorted(crowd, key=_rank):
        at = bisect_right(kept, one.start, key=_START)
        clear_before = at == 0 or kept[at - 1].end <= one.start
        clear_after = at == len(kept) or one.end <= kept[at].start
        if clear_before and clear_after:
            kept.insert(at, one)
    return kept


def _rank(one: Finding) -> tuple[float, int, int, str]:
    return -one.score, one.start - one.end, one.start, one.kind
