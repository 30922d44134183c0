"""Marks by a judge: the model answers turn by turn, a judge gives each answer a number by a rubric."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.errors import SuiteInvalid
from hanbok.studio.evaluate.item import Chat, Item
from hanbok.studio.evaluate.judging import digest, rubric
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import bootstrap, mean

_SCORE = re.compile(r"(?:점수|Score|点数|Punkte|الدرجة)[\s*]*[::][\s*]*(\d+(?:\.\d+)?)")
_ATTEMPTS = 3


class Rubric:
    """`score`, the mean over turns and rows, from 1 to `highest` (10); `turn_1`, `turn_2`, ... of each turn.

    Options: `highest`; `rubric`, what the judge is to look at; `recorded`: true takes the answers and the verdicts
    that are in the rows, and asks nobody.
    """

    words = "write"
    chooses = False
    main = "score"
    paired = "score"

    def __init__(self, spec: TaskSpec, root: Path) -> None:  # noqa: ARG002 - the contract's
        self._highest = float(spec.options.get("highest", 10))
        if self._highest <= 1:
            raise SuiteInvalid(path=spec.name, why="options.highest")
        self._recorded = bool(spec.options.get("recorded"))
        self._template = str(spec.options.get("rubric") or rubric(spec.language, "rubric"))
        self.judged = "" if self._recorded else digest(self._template)

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        if self._recorded:
            return replace(blank, turns=list(item.recorded), verdicts=list(item.verdicts))
        talk: Chat = [{"role": "system", "content": desk.system}] if desk.system else []
        turns: list[str] = []
        verdicts: list[str] = []
        for place, turn in enumerate(item.turns):
            talk.append({"role": "user", "content": turn})
            said = await desk.reply(talk)
            talk.append({"role": "assistant", "content": said.text})
            turns.append(said.text)
            verdicts.append(await self._verdict(item, place, turns, desk))
        return replace(blank, turns=turns, verdicts=verdicts)

    def mark(self, item: Item, answer: Answer) -> Answer:  # noqa: ARG002 - the contract's
        found = [self._read(one) for one in answer.verdicts]
        marks = {f"turn_{place}": 1.0 if one is None else one for place, one in enumerate(found, start=1)}
        unread = not found or None in found
        marks["score"] = mean(list(marks.values())) if marks else 1.0
        return replace(answer, marks=marks | ({"unread": 1.0} if unread else {}))

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:  # noqa: ARG002 - the contract's
        names = [
            "score",
            *sorted({name for one in answers for name in one.marks if name.startswith("turn_")}),
        ]
        return {
            name: bootstrap([one.marks[name] for one in answers if name in one.marks], mean) for name in names
        }

    async def _verdict(self, item: Item, place: int, turns: Sequence[str], desk: Desk) -> str:
        talk = [
            part
            for said, answered in zip(item.turns[:place], turns, strict=False)
            for part in (said, answered)
        ]
        reference = item.references[place] if place < len(item.references) else ""
        question = self._template
        parts = {
            "before": "\n\n".join(talk),
            "question": item.turns[place],
            "answer": turns[place],
            "reference": reference or "-",
            "highest": f"{self._highest:g}",
        }
        # One pass, so that an answer cannot bring a part of the question with it.
        question = re.sub(r"\{(\w+)\}", lambda found: parts.get(found[1], found[0]), question)
        said = ""
        for attempt in range(_ATTEMPTS):
            said = await desk.judge(question, attempt)
            if self._read(said) is not None:
                break
        return said

    def _read(self, verdict: str) -> float | None:
        found = _SCORE.findall(verdict)
        if not found or not 0 <= float(found[-1]) <= self._highest:
            return None
        return float(found[-1])
