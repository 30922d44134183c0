"""Register of uses of AI under the AI Basic Act: notices, high-impact questionnaire, human oversight, documents."""

from collections.abc import Iterator, Mapping
from typing import Final

from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Check, Setup, Table
from hanbok.evidence.sheet import read_sheet
from hanbok.evidence.tables import documents_table, usecases_table


class AiBasicAct:
    """The duties of art. 31 and 33 to 35, with each use on the register."""

    sheet: Final = read_sheet("ai_basic_act")
    checks: Final[Mapping[str, Check]] = {}

    def tables(self, facts: Facts, setup: Setup) -> Iterator[Table]:
        """Yield the uses and their documents."""
        yield usecases_table(facts, setup)
        yield documents_table(setup)
