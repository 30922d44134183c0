"""Access log of personal data handled by models: the five items of the safety measures notice, art. 8."""

from collections.abc import Iterator, Mapping
from typing import Final

from hanbok.evidence.checks.saying import missing, proven
from hanbok.evidence.facts import Facts
from hanbok.evidence.report import Answer, Check, Setup, Table
from hanbok.evidence.sheet import read_sheet
from hanbok.evidence.tables import accounts_table, kinds_table


def _kept(facts: Facts, setup: Setup) -> Answer:
    first = facts.read.first
    if first is None:
        return missing("로그가 비어 있습니다.", "the log is empty.")
    held = {setup.category(kind) for kind in facts.kinds}
    years = 2 if held & {"unique_id", "sensitive"} else 1
    if facts.gone:
        return proven(
            facts.read,
            f"로그의 첫 기록부터 읽었고, 보관 기간이 지나 내용이 지워진 기록이 {facts.gone.count:,}건입니다. 이 기간의 "
            f"정보에는 {years}년 이상 보관이 필요합니다.",
            f"read from the log's first entry; {facts.gone.count:,} entries expired. Data of this period are to be "
            f"kept for {years} years or longer.",
        )
    return proven(
        facts.read,
        f"로그의 첫 기록부터 지금까지 지워진 기록이 없습니다. 이 기간의 정보에는 {years}년 이상 보관이 필요합니다.",
        f"nothing was removed since the log's first entry. Data of this period are to be kept for {years} years or "
        "longer.",
    )


class PipaAccessLog:
    """Who handled whose data by which type, when and from where."""

    sheet: Final = read_sheet("pipa_access_log")
    checks: Final[Mapping[str, Check]] = {"kept": _kept}

    def tables(self, facts: Facts, setup: Setup) -> Iterator[Table]:
        """Yield the accounts, and the types of data."""
        yield accounts_table(facts, setup)
        yield kinds_table(facts, setup)
