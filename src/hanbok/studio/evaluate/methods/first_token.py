"""By the log-probabilities of the first token: exact where every label is one token."""

import math
from collections.abc import Iterable

from hanbok.studio.evaluate.asking import Counter, Door, RowRefused, Said, Tried
from hanbok.studio.evaluate.errors import EndpointRefuses
from hanbok.studio.evaluate.method import Chosen, Question

_TOLD = 20
"""As many as OpenAI's API tells at most."""


class FirstToken:
    forms = ("chat", "plain")
    bys = ("label",)

    async def works(self, door: Door, form: str) -> bool:
        question = Question(
            prompt="1, 2, 3," if form == "plain" else "",
            messages=[] if form == "plain" else [{"role": "user", "content": "1"}],
            labels=("4",),
            texts=("4",),
            marker="",
        )
        try:
            return bool((await _ask(question, door, Counter())).tried)
        except (RowRefused, EndpointRefuses):
            return False

    async def choose(self, question: Question, door: Door, counter: Counter) -> Chosen:
        said = await _ask(question, door, counter)
        weights = tuple(_weight(said.tried, label) for label in question.labels)
        best = max(range(len(weights)), key=weights.__getitem__)
        # A label that is not among the tokens told may be the best of those that are not told.
        return Chosen(
            choice=best if weights[best] > -math.inf else None,
            weights=tuple(max(one, -9999.0) for one in weights),
            text=said.text,
        )


async def _ask(question: Question, door: Door, counter: Counter) -> Said:
    settled = {"max_tokens": 1, "temperature": 0, "seed": question.seed}
    if question.prompt:
        return await door.complete(question.prompt, counter, logprobs=_TOLD, **settled)
    return await door.chat(question.messages, counter, logprobs=True, top_logprobs=_TOLD, **settled)


def _weight(tried: Iterable[Tried], label: str) -> float:
    """Add up the tokens that are the label: it may come with a space or without."""
    found = [one.logprob for one in tried if one.token.strip(" \u2581\u0120(") == label]
    if not found:
        return -math.inf
    most = max(found)
    return most + math.log(math.fsum(math.exp(one - most) for one in found))
