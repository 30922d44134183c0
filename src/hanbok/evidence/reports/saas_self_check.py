"""Half-yearly self-check of SaaS used from a financial company's internal network: ten controls."""

from collections.abc import Iterator, Mapping
from typing import Final

from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Check, Setup, Table
from hanbok.evidence.sheet import read_sheet
from hanbok.evidence.tables import flows_table, processors_table


class SaasSelfCheck:
    """The ten controls of the bylaw's annex 7, for the committee on information protection."""

    sheet: Final = read_sheet("saas_self_check")
    checks: Final[Mapping[str, Check]] = {}

    def tables(self, facts: Facts, setup: Setup) -> Iterator[Table]:
        """Yield where data went, and the processors."""
        yield flows_table(facts, setup)
        yield processors_table(setup)
