"""N2SF control map: what the door does for each control of the national network security framework."""

from collections.abc import Iterator, Mapping
from typing import Final

from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Check, Setup, Table
from hanbok.evidence.sheet import read_sheet
from hanbok.evidence.tables import acts_table, flows_table, grades_table


class N2sf:
    """Controls by family, each with what the log shows of it."""

    sheet: Final = read_sheet("n2sf")
    checks: Final[Mapping[str, Check]] = {}

    def tables(self, facts: Facts, setup: Setup) -> Iterator[Table]:
        """Yield where data of which grade went, and the acts."""
        yield grades_table(facts)
        yield flows_table(facts, setup)
        yield acts_table(facts)
