"""Retrieval: are the relevant passages among the first ones? Of rankings in a file, or of an embeddings endpoint."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.errors import SuiteInvalid
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.pinned import opened
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import average

_KEPT: Final = 100
_BATCH: Final = 64


class Retrieval:
    """`recall@k` and `ndcg@k` (k of the options, 10), `mrr`. Files: `passages`, `passages_...`; or `rankings`, rows
    with `qid` and `ranking`. Options: `k`; `query` and `passage`, what an embedding model wants before each text.
    """

    words = "bare"
    chooses = False

    def __init__(self, spec: TaskSpec, root: Path) -> None:
        self._k = int(spec.options.get("k", 10))
        self.main = self.paired = f"ndcg@{self._k}"
        self._before = str(spec.options.get("query", "")), str(spec.options.get("passage", ""))
        self._rankings: dict[str, list[str]] = {}
        self._passages: dict[str, str] = {}
        for role, pin in spec.files.items():
            if role == "rankings":
                self._rankings = {str(row["qid"]): list(row["ranking"]) for _, row in opened(pin, root)}
            elif role.startswith("passages"):
                found = (row for _, row in opened(pin, root))
                self._passages |= {
                    str(one["pid"]): f"{one.get('title', '')} {one['text']}".strip() for one in found
                }
        if not self._rankings and not self._passages:
            raise SuiteInvalid(path=spec.name, why="files.passages, files.rankings")
        self._lock = asyncio.Lock()
        self._matrix: NDArray[np.float32] | None = None

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        if self._rankings:
            return replace(blank, order=self._rankings.get(item.id, [])[:_KEPT])
        async with self._lock:
            if self._matrix is None:
                self._matrix = await self._embedded(desk)
        (vector,) = await desk.embed([self._before[0] + item.question])
        likeness = self._matrix @ _unit(np.asarray([vector], dtype=np.float32))[0]
        best = np.argsort(-likeness, kind="stable")[:_KEPT]
        ids = list(self._passages)
        return replace(blank, order=[ids[place] for place in best])

    def mark(self, item: Item, answer: Answer) -> Answer:
        relevant = set(item.facts["relevant"])
        first = answer.order[: self._k]
        gained = math.fsum(1 / math.log2(place + 2) for place, one in enumerate(first) if one in relevant)
        best = math.fsum(1 / math.log2(place + 2) for place in range(min(len(relevant), self._k)))
        rank = next((place for place, one in enumerate(answer.order, start=1) if one in relevant), 0)
        marks = {
            f"ndcg@{self._k}": gained / best if best else 0.0,
            f"recall@{self._k}": len(relevant & set(first)) / len(relevant) if relevant else 0.0,
            "mrr": 1 / rank if rank else 0.0,
        }
        return replace(answer, marks=marks | ({} if answer.order else {"unread": 1.0}))

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:  # noqa: ARG002 - the contract's
        names = (f"ndcg@{self._k}", f"recall@{self._k}", "mrr")
        return {name: average([one.marks[name] for one in answers]) for name in names}

    async def _embedded(self, desk: Desk) -> NDArray[np.float32]:
        texts = [self._before[1] + text for text in self._passages.values()]
        parts = [await desk.embed(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
        return _unit(np.asarray([vector for part in parts for vector in part], dtype=np.float32))


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
