"""By the answer's words: `정답: B`, the last such line, and nothing else counts. Works on any endpoint."""

import re

from hanbok.studio.evaluate.asking import Counter, Door
from hanbok.studio.evaluate.method import Chosen, Question

_TOKENS = 512


class Strict:
    forms = ("chat", "plain")
    bys = ("label",)

    async def works(self, door: Door, form: str) -> bool:  # noqa: ARG002 - words can always be asked for
        return True

    async def choose(self, question: Question, door: Door, counter: Counter) -> Chosen:
        settled = {"max_tokens": _TOKENS, "temperature": 0, "seed": question.seed}
        if question.prompt:  # the prompt ends in the marker
            said = await door.complete(question.prompt, counter, stop=["\n"], **settled)
            text = f"{question.marker}: {said.text.strip()}"
        else:
            said = await door.chat(question.messages, counter, **settled)
            text = said.text
        return Chosen(choice=read_strictly(text, question.labels, question.marker), text=said.text)


def read_strictly(text: str, labels: tuple[str, ...], marker: str) -> int | None:
    """Return the label that the last `marker: label` names. A text that is nothing but a label is that label."""
    longest_first = sorted(labels, key=len, reverse=True)
    one = "|".join(map(re.escape, longest_first))
    bare = re.fullmatch(rf"[\s*\"'(]*({one})[\s*\"').]*", text)
    found = re.findall(
        rf"(?:{re.escape(marker)}|정답|Answer|답)[\s*]*[::은는이가]*[\s*\"'(\[]*({one})(?![^\W_])", text
    )
    if bare:
        return labels.index(bare[1])
    return labels.index(found[-1]) if found else None
