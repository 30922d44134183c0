"""A text as a direction in space, by an embedding model at home."""

from array import array
from dataclasses import dataclass
from math import isfinite, sqrt
from operator import mul
from typing import Final, TypeAlias

import msgspec

from hanbok.gateway.answering.aside import Aside
from hanbok.gateway.call import Operation
from hanbok.gateway.errors import UpstreamGarbled

Vector: TypeAlias = "array[float]"
"""Of length one."""
_LARGEST: Final = 8192


class _Row(msgspec.Struct):
    embedding: list[float]


class _Answer(msgspec.Struct):
    data: list[_Row]


@dataclass(frozen=True, slots=True)
class Embedder:
    aside: Aside

    @property
    def endpoint(self) -> str:
        return self.aside.place.endpoint.destination.endpoint

    async def embed(self, text: str) -> Vector:
        """Return the direction of a text. Raises one of `asking.FAILURES`."""
        asked = msgspec.json.encode({"model": self.aside.model, "input": text})
        answer = await self.aside.ask(Operation.EMBEDDINGS, asked)
        try:
            [row] = msgspec.json.decode(answer.body, type=_Answer).data
        except (msgspec.MsgspecError, ValueError) as error:
            raise UpstreamGarbled(origin=self.endpoint, why=type(error).__name__) from None
        length = sqrt(sum(map(mul, row.embedding, row.embedding)))
        if not 0 < len(row.embedding) <= _LARGEST or not isfinite(length) or not length:
            raise UpstreamGarbled(origin=self.endpoint, why="no direction")
        return array("f", [one / length for one in row.embedding])


def cosine(one: Vector, other: Vector) -> float:
    """Return how alike two directions are, -1 to 1; those of different models are not."""
    return sum(map(mul, one, other)) if len(one) == len(other) else -1.0
