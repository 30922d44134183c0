"""By a grammar that lets the model write nothing but one of the labels, as it would write it: llama.cpp and vLLM."""

import msgspec

from hanbok.studio.evaluate.asking import Counter, Door, RowRefused
from hanbok.studio.evaluate.errors import EndpointGone, EndpointRefuses
from hanbok.studio.evaluate.method import Chosen, Question

_TOKENS = 64


class Listed:
    forms = ("chat", "plain")
    bys = ("label",)

    async def works(self, door: Door, form: str) -> bool:
        labels = ("qx", "wy")  # nobody would write these of his own accord
        question = Question(
            prompt="1, 2, 3," if form == "plain" else "",
            messages=[] if form == "plain" else [{"role": "user", "content": "1, 2, 3,"}],
            labels=labels,
            texts=labels,
            marker="",
        )
        try:
            return (await self.choose(question, door, Counter())).choice is not None
        except (RowRefused, EndpointRefuses, EndpointGone):
            return False

    async def choose(self, question: Question, door: Door, counter: Counter) -> Chosen:
        before = question.joint if question.prompt else ""
        texts = [before + label for label in question.labels]
        grammar = "root ::= " + " | ".join(msgspec.json.encode(text).decode() for text in texts)
        fields = {
            "grammar": grammar,
            "guided_choice": texts,
            "max_tokens": _TOKENS,
            "temperature": 0,
            "seed": question.seed,
        }
        if question.prompt:
            said = await door.complete(question.prompt, counter, **fields)
        else:
            said = await door.chat(question.messages, counter, **fields)
        given = said.text.strip()
        choice = question.labels.index(given) if given in question.labels else None
        return Chosen(choice=choice, text=said.text)
