"""ISMS-P evidence by criterion (정보보호 및 개인정보보호 관리체계)."""

from collections.abc import Iterator, Mapping
from typing import Final

from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Check, Setup, Table
from hanbok.evidence.sheet import read_sheet
from hanbok.evidence.tables import acts_table, processors_table


class IsmsP:
    """The criteria that a gateway can give evidence for; the other ones of the 101 are not in it."""

    sheet: Final = read_sheet("isms_p")
    checks: Final[Mapping[str, Check]] = {}

    def tables(self, facts: Facts, setup: Setup) -> Iterator[Table]:
        """Yield the acts by verb, and the processors."""
        yield acts_table(facts)
        yield processors_table(setup)
