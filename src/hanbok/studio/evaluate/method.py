"""The contract of a method: how a choice is taken from a model, by what its endpoint can tell."""

from typing import Protocol

import msgspec

from hanbok.studio.evaluate.asking import Counter, Door
from hanbok.studio.evaluate.item import Chat


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its choices. Of `prompt` (to be completed) and `messages` (to be answered) one is there."""

    prompt: str = ""
    messages: Chat = []
    labels: tuple[str, ...]
    """What stands for each choice in the prompt: A, B, ... or the name of a class."""
    texts: tuple[str, ...]
    """What follows the prompt when the choice is right; the labels, unless whole texts are asked for."""
    joint: str = " "
    """What stands between the prompt and such a text."""
    marker: str
    """The word for "answer" of the prompt's language."""
    seed: int = 0


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """`choice` None: nothing could be read."""

    choice: int | None
    weights: tuple[float, ...] = ()
    """Log-probabilities, where the endpoint tells them."""
    text: str = ""


class Method(Protocol):
    """Asks one question. `forms` are the templates it can do: `chat`, `plain`; `bys`: `label`, `text`."""

    forms: tuple[str, ...]
    bys: tuple[str, ...]

    async def works(self, door: Door, form: str) -> bool:
        """Whether this endpoint can be asked so: one small question is put to it."""
        ...

    async def choose(self, question: Question, door: Door, counter: Counter) -> Chosen:
        """Raise EndpointGone, EndpointRefuses, RowRefused."""
        ...
