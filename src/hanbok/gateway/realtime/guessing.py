"""What stands for usage that was never told: rather high, and never below what the same would cost as text.

A token of a caller's sound lasts 100 ms, one of a model's 50 ms (OpenAI, "Managing Realtime costs"): 4800 and 2400
bytes of PCM at 24 kHz and 16 bits, or 800 and 400 of G.711 at 8 kHz; base64 makes four of three.
"""

from typing import Final

from hanbok.core.values import Part, Usage
from hanbok.gateway.catalogue import Price
from hanbok.gateway.charging import BYTES_PER_TOKEN
from hanbok.gateway.realtime.call import Turn
from hanbok.gateway.realtime.line import Line

_WIDE_TOKEN: Final = 3200
_NARROW_TOKEN: Final = 533
"""Bytes of base64 in a token of a model's sound; a caller's takes twice as many."""


def estimated(turn: Turn, line: Line) -> Usage:
    """Stand in for the usage of a response that was cut or left. What was asked is what was asked before, at least;
    sound on either side counts at the price of sound, where that is dearer.
    """
    a_token = _NARROW_TOKEN if line.narrow else _WIDE_TOKEN
    heard = -(-(turn.heard if line.writes else line.sound) // (2 * a_token))
    before, context = line.last or Usage(), line.target.facts.context
    asked = line.words // BYTES_PER_TOKEN + heard
    asked = max(min(asked, context) if context else asked, before.input + before.output)
    parts: dict[str, int] = {Part.AUDIO_INPUT: min(asked, heard + line.spoken)}
    spoken = -(-turn.sound // a_token)
    answered = turn.count + spoken
    if turn.most is not None:
        answered = min(answered, turn.most)
    # What is around the sound counts too: more of it was made than came before the cut.
    parts[Part.AUDIO_OUTPUT] = answered if turn.speaks else min(spoken, answered)
    return Usage(input=asked, output=answered, parts=_dear(parts, line.target.facts.price))


def _dear(parts: dict[str, int], price: Price | None) -> dict[str, int]:
    """Leave out what is cheaper than text, and what is not there."""
    cheap = {part for part, more in price.more if more < 0} if price is not None else set[Part]()
    return {part: number for part, number in parts.items() if number and part not in cheap}
