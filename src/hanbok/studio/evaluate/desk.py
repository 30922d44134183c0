"""What a task has at hand to ask about one row."""

from collections.abc import Sequence
from typing import Any

import msgspec

from hanbok.studio.evaluate.asking import Counter, Door, Said
from hanbok.studio.evaluate.errors import JudgeMissing
from hanbok.studio.evaluate.item import Chat, Item
from hanbok.studio.evaluate.judge import Judge, Verdict
from hanbok.studio.evaluate.method import Chosen, Method
from hanbok.studio.evaluate.prompting import Prompter
from hanbok.studio.evaluate.suite import TaskSpec


class _Vector(msgspec.Struct):
    index: int
    embedding: list[float]


class _Vectors(msgspec.Struct):
    data: list[_Vector]


class Desk:
    """Counts what is asked of the model; what is asked of the judge counts there."""

    def __init__(
        self, spec: TaskSpec, door: Door, prompter: Prompter, method: Method | None, judge: Judge | None
    ) -> None:
        self.counter = Counter()
        self.verdicts: list[Verdict] = []
        self._spec, self._door, self._prompter = spec, door, prompter
        self._method, self._judge = method, judge

    async def choose(self, item: Item, labels: Sequence[str], texts: Sequence[str]) -> Chosen:
        """Have the model take one of the choices."""
        assert self._method is not None  # noqa: S101 - tasks that choose are given one
        whole = self._spec.by == "text" and "text" in self._method.bys
        question = self._prompter.question(item, labels, texts, whole=whole)
        return await self._method.choose(question, self._door, self.counter)

    async def write(self, item: Item, **fields: Any) -> Said:  # noqa: ANN401 - of the API
        """Have the model write an answer to the item's question."""
        prompt, messages = self._prompter.writing(item)
        if messages:
            return await self.reply(messages, **fields)
        stop = list(self._spec.stop) or ["\n\n"]
        settled = self._settled() | {"stop": stop}
        return await self._door.complete(prompt, self.counter, **(settled | fields))

    async def reply(self, messages: Chat, **fields: Any) -> Said:  # noqa: ANN401 - of the API
        """Have the model go on in a conversation."""
        if self._spec.stop:
            fields = {"stop": list(self._spec.stop)} | fields
        return await self._door.chat(messages, self.counter, **(self._settled() | fields))

    async def embed(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the vectors of texts."""
        body = await self._door.post("/embeddings", {"input": list(texts)}, self.counter)
        found = msgspec.json.decode(body, type=_Vectors).data
        return [one.embedding for one in sorted(found, key=lambda one: one.index)]

    async def judge(self, question: str, attempt: int = 0) -> str:
        """Return what the judge says. Raises JudgeMissing."""
        if self._judge is None:
            raise JudgeMissing(task=self._spec.name)
        verdict = await self._judge.say(question, attempt)
        self.verdicts.append(verdict)
        return verdict.said

    @property
    def system(self) -> str:
        return self._spec.system

    def _settled(self) -> dict[str, Any]:
        spec = self._spec
        return {"max_tokens": spec.max_tokens, "temperature": spec.temperature, "seed": spec.seed}
