"""By the log-probability of each choice on llama.cpp, which tells those of what it writes: a grammar has it write
the choice and nothing else, and it tells what that was worth without the grammar.
"""

import json
import math

import msgspec

from hanbok.studio.evaluate.asking import Counter, Door, RowRefused
from hanbok.studio.evaluate.errors import EndpointGone, EndpointRefuses
from hanbok.studio.evaluate.method import Chosen, Question

_PATIENCE = 256


class _Step(msgspec.Struct):
    token: str = ""
    logprob: float = -math.inf


class _Reply(msgspec.Struct):
    content: str = ""
    completion_probabilities: list[_Step] = []
    tokens_evaluated: int = 0


class Forced:
    forms = ("plain",)
    bys = ("label", "text")

    async def works(self, door: Door, form: str) -> bool:  # noqa: ARG002 - it has one form
        try:
            return math.isfinite(await _weigh(door, "1, 2,", " 3", Counter()))
        except (RowRefused, EndpointRefuses, EndpointGone):
            return False

    async def choose(self, question: Question, door: Door, counter: Counter) -> Chosen:
        weights = [
            await _weigh(door, question.prompt, question.joint + text, counter) for text in question.texts
        ]
        if not all(map(math.isfinite, weights)):
            return Chosen(choice=None)
        return Chosen(choice=max(range(len(weights)), key=weights.__getitem__), weights=tuple(weights))


async def _weigh(door: Door, prompt: str, text: str, counter: Counter) -> float:
    body = {
        "prompt": prompt,
        "grammar": f"root ::= {json.dumps(text, ensure_ascii=False)}",
        "n_predict": min(_PATIENCE, len(text.encode()) + 1),
        "n_probs": 1,
        "post_sampling_probs": False,
        "temperature": 0,
        "cache_prompt": True,
    }
    try:
        reply = msgspec.json.decode(await door.post("//completion", body, counter), type=_Reply)
    except msgspec.DecodeError:
        return math.nan
    counter.input += reply.tokens_evaluated
    counter.output += len(reply.completion_probabilities)
    if reply.content != text:
        return math.nan
    steps = [one.logprob for one in reply.completion_probabilities if one.token]
    return math.fsum(steps) if steps else math.nan
