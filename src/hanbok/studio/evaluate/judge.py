"""The contract of a judge, and the two there are: a model, and a file of what one said before."""

import hashlib
from pathlib import Path
from typing import Final, Protocol

import msgspec

from hanbok.studio.evaluate.asking import Counter, Door
from hanbok.studio.evaluate.errors import DataUnreadable, VerdictMissing

_TOKENS: Final = 1024


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `verdicts.jsonl`."""

    judge: str
    asked: str
    """SHA-256 of the question put to the judge."""
    said: str


class Judge(Protocol):
    """Says what it thinks of an answer."""

    name: str
    counter: Counter

    async def say(self, question: str, attempt: int = 0) -> Verdict:
        """Raise EndpointGone, EndpointRefuses, RowRefused, VerdictMissing."""
        ...


class ModelJudge:
    """Asks a model, at temperature 0."""

    def __init__(self, door: Door) -> None:
        self.name = door.model
        self.counter = Counter()
        self._door = door

    async def say(self, question: str, attempt: int = 0) -> Verdict:
        """Ask; a second attempt has another seed."""
        messages = [{"role": "user", "content": question}]
        said = await self._door.chat(
            messages, self.counter, temperature=0 if not attempt else 0.5, seed=attempt, max_tokens=_TOKENS
        )
        return Verdict(judge=self.name, asked=_digest(question), said=said.text)


class RecordedJudge:
    """Says again what was said before to the very same question."""

    def __init__(self, path: Path) -> None:
        """Raise DataUnreadable."""
        self.counter = Counter()
        self._path = path
        decoder = msgspec.json.Decoder(Verdict)
        try:
            found = [decoder.decode(line) for line in path.read_bytes().splitlines()]
        except OSError as error:
            raise DataUnreadable(path=path, why=error.strerror) from None
        except msgspec.DecodeError as error:
            raise DataUnreadable(path=path, why=str(error)) from None
        names = {one.judge for one in found}
        if len(names) != 1:
            raise DataUnreadable(path=path, why=f"{len(names)} judges")
        self.name = names.pop()
        self._said: dict[str, list[Verdict]] = {}
        for one in found:
            self._said.setdefault(one.asked, []).append(one)

    async def say(self, question: str, attempt: int = 0) -> Verdict:
        digest = _digest(question)
        found = self._said.get(digest)
        if not found:
            raise VerdictMissing(path=self._path, digest=digest[:16])
        return found[min(attempt, len(found) - 1)]


def _digest(question: str) -> str:
    return hashlib.sha256(question.encode()).hexdigest()
