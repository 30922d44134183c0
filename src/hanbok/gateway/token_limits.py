"""What a call holds of its key's tokens a minute until it has told what it used."""

import re
from typing import Final

from hanbok.gateway.call import Call, Operation
from hanbok.gateway.charging import tokens_in
from hanbok.policy.errors import TokensOverLimit

USUAL_ANSWER: Final = 1024
"""Tokens held for an answer of which the request does not say how long it may be."""
_FILE: Final = re.compile(
    rb'"(?:data:[^",]{0,200};base64,|(?:bytes|data|file_data)"\s*+:\s*+")([A-Za-z0-9+/_\\-]{1024,}+)'
)
"""A file in base64, where files stand: providers count pictures by their size, not by their bytes. Elsewhere so many
letters are a text.
"""
_PER_FILE: Final = 1600


def held_for(call: Call, most: int) -> int:
    """Return the tokens that a call holds where so many are allowed a minute. Raises TokensOverLimit."""
    asked = tokens_in(call.weighs)
    if call.weight is None:
        sizes = (tokens_in(len(file)) for file in _FILE.findall(call.body))
        asked -= sum(size - _PER_FILE for size in sizes if size > _PER_FILE)
    if call.operation is not Operation.CHAT:
        return within(most, asked, 0)
    answer = USUAL_ANSWER if call.max_output is None else max(call.max_output, 0)
    return within(most, asked, call.choices * answer)


def within(most: int, asked: int, answered: int) -> int:
    """Return the tokens of a request and its answer, the limit at most: whoever leaves room for a long answer comes in
    all the same, alone. Raises TokensOverLimit for a request that is larger by itself.
    """
    if asked > most:
        raise TokensOverLimit(tokens=asked, limit=most)
    return min(asked + answered, most)
