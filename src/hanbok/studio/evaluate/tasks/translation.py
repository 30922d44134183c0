"""Translation, by chrF++ or chrF (sacrebleu): of characters, so that Korean particles and spacing are judged fairly."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace
from sacrebleu.metrics import CHRF

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import bootstrap, mean

_HUNDRED: Final = 100.0


class Translation:
    """`chrf` of the whole corpus, from 0 to 1; two models are compared on that of each row.

    Options: `word_order` (2: chrF++; 0, the default: chrF).
    """

    words = "translate"
    chooses = False
    main = "chrf"
    paired = "row_chrf"

    def __init__(self, spec: TaskSpec, root: Path) -> None:  # noqa: ARG002 - the contract's
        self._chrf = CHRF(word_order=int(spec.options.get("word_order", 0)))

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        said = await desk.write(item)
        return replace(blank, turns=[said.text])

    def mark(self, item: Item, answer: Answer) -> Answer:
        text = answer.turns[-1].strip() if answer.turns else ""
        score = self._chrf.sentence_score(text, list(item.golds)).score / _HUNDRED if text else 0.0
        return replace(answer, marks={"row_chrf": score} | ({} if text else {"unread": 1.0}))

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:
        texts = [one.turns[-1].strip() if one.turns else "" for one in answers]
        golds = [items[one.id].golds for one in answers]
        longest = max(map(len, golds))
        columns = [[gold[min(place, len(gold) - 1)] for gold in golds] for place in range(longest)]
        whole = self._chrf.corpus_score(texts, columns).score / _HUNDRED
        # The corpus figure's interval: that of the rows' mean, moved onto it.
        rows = bootstrap([one.marks["row_chrf"] for one in answers], mean)
        shift = whole - rows.value
        low, high = max(0.0, rows.low + shift), min(1.0, rows.high + shift)
        return {"chrf": Metric(value=whole, low=low, high=high, n=rows.n, interval="bootstrap")}
