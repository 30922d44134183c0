"""What a call costs, and what it can cost at most. A price in won per million tokens is micro-won per token."""

from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon, Part, Text, Usage
from hanbok.gateway.catalogue import ModelFacts, Price

_LONGEST_ANSWER: Final = 131_072
"""Tokens reserved for the answer of a model of which neither the longest answer nor the context is known."""


class ModelUnpriced(HanbokError):
    code = "model_unpriced"
    message = Text(
        ko="모델 {model!r}의 가격을 몰라 요청을 막았습니다",
        en="the request is refused because no price of the model {model!r} is known",
    )
    hint = Text(
        ko="hanbok.yaml의 models.<이름>.price에 가격을 적으십시오. 자체 장비라면 0입니다.",
        en="Declare a price at `models.<name>.price` in hanbok.yaml; 0 on machines of your own.",
    )


def cost(usage: Usage, price: Price) -> MicroWon:
    """Return what this use costs, rounded half up once. Counts that make no sense never lower it below zero."""
    asked, answered = max(usage.input, 0), max(usage.output, 0)
    cached = min(max(usage.cached, 0), asked)
    of_input, of_output, of_cached = price.whole
    exact = (asked - cached) * of_input + cached * of_cached + answered * of_output
    if price.more:
        exact += _more(usage, price, asked - cached, answered)
    return _round(exact, price.scale)


def estimate(prompt_bytes: int, max_output: int | None, facts: ModelFacts) -> MicroWon:
    """Return the most that one answer to a text prompt of so many UTF-8 bytes can cost. Raises ModelUnpriced.

    Every token of the tokenisers in use stands for at least one byte, and a chat template adds fewer tokens than
    the JSON around a message has bytes: so the bytes of the request body bound its tokens. A model that writes
    answers also takes no more than its context. Pictures and sound are outside this bound.
    """
    price = facts.price
    if price is None:
        raise ModelUnpriced(model=facts.id)
    # Embedding models answer nothing: their context bounds each of many inputs, not the request.
    writes = facts.context and facts.max_output
    tokens = min(prompt_bytes, facts.context) if writes else prompt_bytes
    of_input, of_output = price.dearest
    return _round(tokens * of_input + _longest(max_output, facts) * of_output, price.scale)


def estimate_heard(tokens: int, facts: ModelFacts) -> MicroWon:
    """Return the most that an answer can cost where sound and pictures are asked and answered too. Raises
    ModelUnpriced. `tokens` bounds what was asked.
    """
    price = facts.price
    if price is None:
        raise ModelUnpriced(model=facts.id)
    of_input, of_output = price.dearest
    for part, more in price.more:
        if part.answered:
            of_output = max(of_output, price.whole[1] + more)
        else:
            of_input = max(of_input, price.whole[0] + more)
    asked = min(tokens, facts.context) if facts.context else tokens
    return _round(asked * of_input + _longest(None, facts) * of_output, price.scale)


def _more(usage: Usage, price: Price, asked: int, answered: int) -> int:
    """Return what the parts with a price of their own cost beyond the `asked` and `answered` tokens they are of."""
    more = 0
    for part, dearer in price.more:
        told = usage.reasoning if part is Part.REASONING else usage.parts.get(part, 0)
        count = min(max(told, 0), answered if part.answered else asked)
        more += count * dearer
        if part.answered:
            answered -= count
        else:
            asked -= count
    return more


def _longest(max_output: int | None, facts: ModelFacts) -> int:
    known = facts.max_output or facts.context or _LONGEST_ANSWER
    return known if max_output is None else min(max(max_output, 0), known)


def _round(exact: int, scale: int) -> MicroWon:
    """Return `exact / scale` as a whole number, half up."""
    return (2 * exact + scale) // (2 * scale)
