"""How sure a figure is, and whether two differ: 95% intervals and paired tests, all from a fixed seed."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from hanbok.studio.scores import Metric

T = TypeVar("T")
FEW: Final = 100
"""Below so many rows an interval is wider than 8 points to each side: said with the score."""
_Z: Final = 1.959963984540054
_DRAWS: Final = 1000
_EXACT: Final = 1000
"""Up to so many rows that differ the sign test is summed exactly."""


def wilson(right: float, n: int) -> Metric:
    """Return a share with Wilson's score interval, which holds near 0 and 1 too."""
    if n == 0:
        return Metric(value=0.0, low=0.0, high=1.0, n=0, interval="wilson")
    share = right / n
    middle = share + _Z * _Z / (2 * n)
    spread = _Z * math.sqrt(share * (1 - share) / n + _Z * _Z / (4 * n * n))
    scale = 1 + _Z * _Z / n
    low, high = max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)
    return Metric(value=share, low=min(low, share), high=max(high, share), n=n, interval="wilson")


def bootstrap(rows: Sequence[T], figure: Callable[[Sequence[T]], float], draws: int = _DRAWS) -> Metric:
    """Return a figure of rows with the percentile interval over rows drawn again."""
    value = figure(rows)
    if len(rows) < 2:  # noqa: PLR2004 - one row says nothing of its spread
        return Metric(value=value, low=value, high=value, n=len(rows), interval="bootstrap")
    chance = random.Random(0)
    found = sorted(figure(chance.choices(rows, k=len(rows))) for _ in range(draws))
    low, high = found[int(0.025 * draws)], found[min(draws - 1, int(0.975 * draws))]
    return Metric(value=value, low=low, high=high, n=len(rows), interval="bootstrap")


def mean(rows: Sequence[float]) -> float:
    """Return the mean; 0 of none."""
    return math.fsum(rows) / len(rows) if rows else 0.0


def average(marks: Sequence[float]) -> Metric:
    """Return the mean of marks: Wilson's interval for rights and wrongs, the bootstrap's for others."""
    if all(one in {0.0, 1.0} for one in marks):
        return wilson(math.fsum(marks), len(marks))
    return bootstrap(marks, mean)


def mcnemar(gained: int, lost: int) -> float:
    """Return the two-sided p of McNemar's exact test: rows that only the one or only the other got right."""
    n, k = gained + lost, min(gained, lost)
    if n == 0:
        return 1.0
    if n > _EXACT:  # the normal limit, with the correction for whole numbers
        return math.erfc(max(0.0, abs(gained - lost) - 1) / math.sqrt(2 * n))
    return min(1.0, 2 * sum(math.comb(n, i) for i in range(k + 1)) / 2**n)


def permutation(differences: Sequence[float], draws: int = 10_000) -> float:
    """Return the two-sided p that the mean of paired differences is 0, by flipping signs at random."""
    moved = [abs(one) for one in differences if one]
    if not moved:
        return 1.0
    seen = abs(math.fsum(differences)) * (1 - 1e-12)
    chance = random.Random(0)
    whole, size = math.fsum(moved), len(moved)
    hits = 0
    for _ in range(draws):
        signs = chance.getrandbits(size)
        minus = math.fsum(one for place, one in enumerate(moved) if signs >> place & 1)
        hits += abs(whole - 2 * minus) >= seen
    return (hits + 1) / (draws + 1)


def smallest_gain(n: int, share: float) -> float:
    """Return the least difference of two shares that `n` rows each would show four times in five (80% power, 5%)."""
    if n == 0:
        return 1.0
    middle = min(max(share, 0.05), 0.95)
    return min(1.0, (_Z + 0.8416) * math.sqrt(2 * middle * (1 - middle) / n))
