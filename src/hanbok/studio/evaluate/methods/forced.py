"""By the log-probability of each choice on llama.cpp, token by token: a bias has it write the choice's next token,
and it tells what that was worth without the bias.

A grammar would do it in one request, and wrongly: it takes the likeliest way to spell the choice, letter by letter or
byte by byte, which is none that the model has learnt.
"""

import math
from collections.abc import Sequence

import msgspec

from hanbok.studio.evaluate.asking import Counter, Door, RowRefused
from hanbok.studio.evaluate.errors import EndpointGone, EndpointRefuses
from hanbok.studio.evaluate.method import Chosen, Question

_SURE = 1e6


class _Step(msgspec.Struct):
    id: int = -1
    logprob: float = -math.inf


class _Reply(msgspec.Struct):
    completion_probabilities: list[_Step] = []
    tokens_evaluated: int = 0


class _Tokens(msgspec.Struct):
    tokens: list[int] = []


class Forced:
    forms = ("plain",)
    bys = ("label", "text")

    async def works(self, door: Door, form: str) -> bool:  # noqa: ARG002 - it has one form
        try:
            return math.isfinite(await _weigh(door, "1, 2,", " 3", Counter()))
        except (RowRefused, EndpointRefuses, EndpointGone):
            return False

    async def choose(self, question: Question, door: Door, counter: Counter) -> Chosen:
        texts = [question.joint + text for text in question.texts]
        weights = [await _weigh(door, question.prompt, text, counter) for text in texts]
        if not all(map(math.isfinite, weights)):
            return Chosen(choice=None)
        return Chosen(choice=max(range(len(weights)), key=weights.__getitem__), weights=tuple(weights))


async def _weigh(door: Door, prompt: str, text: str, counter: Counter) -> float:
    """Return the log-probability of a text after a prompt; not a number where the endpoint does not tell it."""
    start = len(await _tokens(door, prompt, counter))
    whole = await _tokens(door, prompt + text, counter)
    steps = [await _step(door, whole[:place], whole[place], counter) for place in range(start, len(whole))]
    return math.fsum(steps) if steps and start else math.nan


async def _tokens(door: Door, text: str, counter: Counter) -> list[int]:
    body = await door.post("//tokenize", {"content": text, "add_special": True}, counter)
    try:
        return msgspec.json.decode(body, type=_Tokens).tokens
    except msgspec.DecodeError:
        return []


async def _step(door: Door, before: Sequence[int], token: int, counter: Counter) -> float:
    body = {
        "prompt": list(before),
        "n_predict": 1,
        "n_probs": 1,
        "post_sampling_probs": False,
        "logit_bias": [[token, _SURE]],
        "samplers": ["temperature"],
        "temperature": 0,
        "cache_prompt": True,
    }
    try:
        reply = msgspec.json.decode(await door.post("//completion", body, counter), type=_Reply)
    except msgspec.DecodeError:
        return math.nan
    counter.input += reply.tokens_evaluated
    counter.output += 1
    told = reply.completion_probabilities
    return told[0].logprob if told and told[0].id == token else math.nan
