"""FSC evaluation sheet of generative AI in finance: 22 rows."""

from collections.abc import Iterator, Mapping
from typing import Final

from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Check, Setup, Table
from hanbok.evidence.sheet import read_sheet
from hanbok.evidence.tables import flows_table, processors_table


class FscGenerativeAi:
    """For a financial company that uses generative AI by the exception to network separation."""

    sheet: Final = read_sheet("fsc_generative_ai")
    checks: Final[Mapping[str, Check]] = {}

    def tables(self, facts: Facts, setup: Setup) -> Iterator[Table]:
        """Yield where data went, and the processors."""
        yield flows_table(facts, setup)
        yield processors_table(setup)
