"""Which of two answers is better: a judge sees both in both orders, and a judge that changes its mind says a tie."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.errors import SuiteInvalid
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.judging import digest, rubric
from hanbok.studio.evaluate.pinned import opened
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import average, wilson

_VERDICT = re.compile(r"(?:판정|Verdict)[\s*]*[::][\s*\[]*(A|B|=)")
_ATTEMPTS = 3
_TIE = 0.5


class Pairwise:
    """`win_rate` against the answers in the file of the role `against` (an `answers.jsonl`, whose rows have the same
    ids), ties as halves; `consistent`, the share of rows where both orders gave the same verdict.
    """

    words = "write"
    chooses = False
    main = "win_rate"
    paired = "win"

    def __init__(self, spec: TaskSpec, root: Path) -> None:
        if "against" not in spec.files:
            raise SuiteInvalid(path=spec.name, why="files.against")
        of = str(spec.options.get("of", spec.name))
        rows = (row for _, row in opened(spec.files["against"], root))
        self._against = {
            str(row["id"]): str(row["turns"][-1])
            for row in rows
            if row.get("task") == of and row.get("turns")
        }
        self._template = str(spec.options.get("rubric") or rubric(spec.language, "pairwise"))
        self.judged = digest(self._template)

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        against = self._against.get(item.id)
        if against is None:
            return replace(blank, refused="against")
        said = await desk.write(item)
        verdicts = [
            await self._verdict(item, said.text, against, desk),
            await self._verdict(item, against, said.text, desk),
        ]
        return replace(blank, turns=[said.text], verdicts=verdicts)

    def mark(self, item: Item, answer: Answer) -> Answer:  # noqa: ARG002 - the contract's
        found = [_read(one) for one in answer.verdicts]
        if not found or None in found:
            return replace(answer, marks={"win": _TIE, "consistent": 0.0, "unread": 1.0})
        ours = (found[0], {"A": "B", "B": "A", "=": "="}[found[1] or "="])
        steady = ours[0] == ours[1]
        win = {"A": 1.0, "B": 0.0, "=": _TIE}[ours[0] or "="] if steady else _TIE
        return replace(answer, marks={"win": win, "consistent": float(steady)})

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:  # noqa: ARG002 - the contract's
        wins = [one.marks["win"] for one in answers]
        return {
            "win_rate": wilson(sum(wins), len(wins)),
            "consistent": average([one.marks["consistent"] for one in answers]),
        }

    async def _verdict(self, item: Item, first: str, second: str, desk: Desk) -> str:
        parts = {
            "question": item.question or (item.turns[0] if item.turns else ""),
            "reference": next(iter(item.references or item.golds), "-"),
            "first": first,
            "second": second,
        }
        # One pass, so that an answer cannot bring a part of the question with it.
        question = re.sub(r"\{(\w+)\}", lambda found: parts.get(found[1], found[0]), self._template)
        said = ""
        for attempt in range(_ATTEMPTS):
            said = await desk.judge(question, attempt)
            if _read(said) is not None:
                break
        return said


def _read(verdict: str) -> str | None:
    found = _VERDICT.findall(verdict)
    return str(found[-1]) if found else None
