"""How the answers of shadows compare with those that clients got: read from the evidence log alone."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from hanbok.evidence.entry import AnyEntry, Intent, Outcome, Refusal
from hanbok.gateway.answering.shadows import SIMILAR, SUFFIX

_ENDED: Final = 10_000
"""Calls between the end of one and the beginning of its copy, at most."""


@dataclass(slots=True)
class Agreement:
    """Of one model and the one that answered for nobody."""

    copies: int = 0
    refused: int = 0
    failed: int = 0
    exact: int = 0
    cost: int = 0
    """Micro-won."""
    likeness: list[float] = field(default_factory=list[float])
    finishes: list[bool] = field(default_factory=list[bool])
    lengths: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    seconds: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])

    def row(self) -> dict[str, object]:
        """Return it as names and numbers; none stands where nothing could be compared."""
        compared = len(self.likeness)
        return {
            "copies": self.copies,
            "refused": self.refused,
            "failed": self.failed,
            "exact": self.exact / compared if compared else None,
            "similar": sum(one >= SIMILAR for one in self.likeness) / compared if compared else None,
            "likeness": sum(self.likeness) / compared if compared else None,
            "same_finish": sum(self.finishes) / len(self.finishes) if self.finishes else None,
            "length": _ratio(self.lengths),
            "first_ms": _median(first for first, _ in self.seconds),
            "shadow_ms": _median(second for _, second in self.seconds),
            "won": self.cost / 1_000_000,
        }


def agreements(entries: Iterable[AnyEntry]) -> dict[tuple[str, str], Agreement]:
    """Return them by the two models' names."""
    open_: dict[str, str] = {}
    """Models of calls that have not ended."""
    ended: dict[str, str] = {}
    """Models of the last ones that have: a copy begins where its call ends."""
    copies: dict[str, tuple[str, str]] = {}
    found: dict[tuple[str, str], Agreement] = {}
    for one in entries:
        first = one.call.removesuffix(SUFFIX)
        if first != one.call and isinstance(one, Intent | Refusal):
            copies[one.call] = ended.pop(first, "") or open_.get(first, ""), one.model
        if first != one.call and isinstance(one, Outcome | Refusal):
            _add(found.setdefault(copies.pop(one.call, ("", "")), Agreement()), one)
        elif isinstance(one, Intent) and first == one.call:
            open_[one.call] = one.model
        elif isinstance(one, Outcome) and one.call in open_:
            ended[one.call] = open_.pop(one.call)
            if len(ended) > _ENDED:
                del ended[next(iter(ended))]
    return found


def _add(agreement: Agreement, one: AnyEntry) -> None:
    agreement.copies += 1
    if isinstance(one, Refusal):
        agreement.refused += 1
        return
    if not isinstance(one, Outcome):
        return
    agreement.cost += one.cost
    steps = one.steps
    if "shadow_likeness" not in steps:
        agreement.failed += one.status != "completed"
        return
    likeness = float(steps["shadow_likeness"])
    agreement.likeness.append(likeness)
    agreement.exact += steps.get("shadow") == "exact"
    finishes = steps["shadow_finish"]
    # A provider's word may hold the stroke that stands between the two.
    middle = len(finishes) // 2
    agreement.finishes.append(finishes == f"{finishes[:middle]}/{finishes[:middle]}")
    agreement.lengths.append(_two(steps["shadow_length"]))
    agreement.seconds.append(_two(steps["shadow_ms"]))


def _two(text: str) -> tuple[int, int]:
    first, second = text.split("/")
    return int(first), int(second)


def _ratio(lengths: list[tuple[int, int]]) -> float | None:
    first, second = (sum(one[at] for one in lengths) for at in (0, 1))
    return second / first if first else None


def _median(some: Iterable[float]) -> float | None:
    values = list(some)
    return median(values) if values else None
