"""By the log-probability of each choice after the prompt: for endpoints that tell those of the prompt (`echo`)."""

import asyncio
import math
from typing import Any

import msgspec

from hanbok.studio.evaluate.asking import Counter, Door, RowRefused
from hanbok.studio.evaluate.errors import EndpointGone, EndpointRefuses
from hanbok.studio.evaluate.method import Chosen, Question


class _Logprobs(msgspec.Struct):
    tokens: list[str] = []
    token_logprobs: list[float | None] = []
    text_offset: list[int] = []


class _Choice(msgspec.Struct):
    index: int = 0
    logprobs: _Logprobs | None = None


class _Reply(msgspec.Struct):
    choices: list[_Choice] = []
    usage: dict[str, Any] | None = None


class Likelihood:
    forms = ("plain",)
    bys = ("label", "text")

    async def works(self, door: Door, form: str) -> bool:  # noqa: ARG002 - it has one form
        try:
            weights = await _weigh(door, "1, 2,", (" 3", " 4"), Counter())
        except (RowRefused, EndpointRefuses, EndpointGone):
            return False
        return all(math.isfinite(one) and one < 0 for one in weights)

    async def choose(self, question: Question, door: Door, counter: Counter) -> Chosen:
        texts = tuple(question.joint + text for text in question.texts)
        weights = await _weigh(door, question.prompt, texts, counter)
        if not all(map(math.isfinite, weights)):
            return Chosen(choice=None)
        return Chosen(choice=max(range(len(weights)), key=weights.__getitem__), weights=weights)


async def _weigh(door: Door, prompt: str, texts: tuple[str, ...], counter: Counter) -> tuple[float, ...]:
    return tuple(await asyncio.gather(*(_one(door, prompt, text, counter) for text in texts)))


async def _one(door: Door, prompt: str, text: str, counter: Counter) -> float:
    body = {"prompt": prompt + text, "echo": True, "logprobs": 1, "max_tokens": 1, "temperature": 0}
    try:
        reply = msgspec.json.decode(await door.post("/completions", body, counter), type=_Reply)
    except msgspec.DecodeError:
        return math.nan
    told = reply.choices[0].logprobs if reply.choices else None
    counter.input += int((reply.usage or {}).get("prompt_tokens") or 0)
    if told is None or len(told.text_offset) != len(told.token_logprobs):
        return math.nan
    end = len(prompt) + len(text)  # what comes after it was written by the model
    found = [
        value
        for start, value in zip(told.text_offset, told.token_logprobs, strict=True)
        if len(prompt) <= start < end and value is not None
    ]
    return math.fsum(found) if found else math.nan
