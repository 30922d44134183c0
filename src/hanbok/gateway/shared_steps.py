"""The steps of models' calls that other ways share: those to tools, of sessions and of what is passed through."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from hanbok.gateway.step import Step
from hanbok.gateway.steps.decide import Decide

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class SharedSteps:
    own: Sequence[Step]
    """Hanbok's."""
    everywhere: Sequence[Step] = ()
    """Those that other packages bring for every way."""

    def of(self, kind: type[_Kind]) -> _Kind:
        """Return hanbok's step of this kind."""
        return next(step for step in self.own if isinstance(step, kind))


def with_brought(steps: Sequence[Step], brought: Iterable[Step]) -> Sequence[Step]:
    """Return the steps with these behind the decision and before the log: what they add to a call is in its record,
    what they refuse has not left.
    """
    behind = next(index for index, step in enumerate(steps) if isinstance(step, Decide)) + 1
    return [*steps[:behind], *brought, *steps[behind:]]
