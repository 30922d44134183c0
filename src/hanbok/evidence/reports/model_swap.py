"""Model changes as financial supervision asks: risky probes before and after, graded."""

from collections.abc import Iterator, Mapping
from typing import Final

from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Check, Setup, Table
from hanbok.evidence.sheet import read_sheet
from hanbok.evidence.tables import probes_table


class ModelSwap:
    """Runs of the probes and the graded differences between them."""

    sheet: Final = read_sheet("model_swap")
    checks: Final[Mapping[str, Check]] = {}

    def tables(self, facts: Facts, setup: Setup) -> Iterator[Table]:  # noqa: ARG002 - the shape of a report
        """Yield the runs and the comparisons."""
        yield probes_table(facts)
