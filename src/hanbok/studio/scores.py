"""What an evaluation leaves: `scores.json`, with each score's protocol, and `answers.jsonl` that they follow from."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon, Text
from hanbok.studio.artifacts import Artifact, canonical

SCORES: Final = "scores.json"
ANSWERS: Final = "answers.jsonl"
FORMAT: Final = 1


class ScoresUnreadable(HanbokError):
    code = "scores_unreadable"
    message = Text(
        ko="{path}에서 평가 결과를 읽을 수 없습니다: {why}", en="no scores can be read from {path}: {why}"
    )
    hint = Text(
        ko="`hanbok model evaluate`가 만든 폴더를 지정하십시오.",
        en="Name a folder that `hanbok model evaluate` made.",
    )


class Protocol(msgspec.Struct, frozen=True, kw_only=True):
    """How a task was asked and marked. Two scores compare only where all of this is the same."""

    kind: str
    """Key of the task plug-in, such as `multiple_choice`."""
    data: dict[str, str]
    """SHA-256 of each file, by its role: `rows`, `shots`, `passages`."""
    rows: str
    """SHA-256 of the ids of the rows in their order: a sample is another protocol than the whole."""
    prompt: str
    """The template of the prompt."""
    system: str = ""
    shots: int = 0
    method: str = ""
    """How a choice was taken: `likelihood`, `first_token`, `constrained`, `strict`; of other kinds `write`."""
    template: str = "chat"
    """`chat`: the endpoint's own chat template; `plain`: the prompt is completed as it stands."""
    options: dict[str, str] = {}
    """What else decides the marks: checkers, stops, bounds."""
    seed: int = 0
    temperature: float = 0.0
    max_tokens: int = 0
    judge: str = ""
    """Who judged, and the digest of what it was asked."""
    harness: str = "hanbok/1"

    @property
    def digest(self) -> str:
        return hashlib.sha256(canonical(msgspec.to_builtins(self))).hexdigest()


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One figure with its 95% interval, over `n` rows."""

    value: float
    low: float
    high: float
    n: int
    interval: str
    """`wilson` or `bootstrap`."""


class TaskScore(msgspec.Struct, frozen=True, kw_only=True):
    """`main` names the metric that stands for the task; `groups` has it by category."""

    name: str
    title: Text
    language: str
    main: str
    paired: str
    """The mark of a row on which two models are compared."""
    metrics: dict[str, Metric]
    groups: dict[str, Metric] = {}
    protocol: Protocol
    rows: int
    unread: int = 0
    """Answers in which nothing could be read; they count as wrong."""
    warnings: list[Text] = []

    @property
    def score(self) -> Metric:
        return self.metrics[self.main]


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked. `digest` is that of the artifact or of the weights; empty: an endpoint that tells none."""

    name: str
    kind: str
    """`embedded` or `endpoint`."""
    digest: str = ""
    adapter: str = ""
    """Digest of the adapter; empty: none."""
    url: str = ""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """`seconds` are those that answers took, one beside another; `wall` those of the clock."""

    requests: int
    input: int
    output: int
    seconds: float
    wall: float
    cost: MicroWon | None = None
    """None: no price was given."""

    @property
    def rate(self) -> float:
        """Tokens written in a second of the clock."""
        return self.output / self.wall if self.wall else 0.0


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """`scores.json`."""

    format: int = FORMAT
    subject: Subject
    suite: str
    title: Text
    tasks: list[TaskScore]
    spent: Spent
    harness: str
    made_at: str

    def task(self, name: str) -> TaskScore | None:
        return next((one for one in self.tasks if one.name == name), None)


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of `answers.jsonl`: what a model answered to one row, and its marks."""

    task: str
    id: str
    protocol: str
    """Digest of the protocol it was asked by."""
    group: str = ""
    turns: list[str] = []
    """What it wrote, one text a turn."""
    choice: int | None = None
    """The choice that was read; None: none could be."""
    weights: list[float] = []
    """Log-probability of each choice, where the endpoint tells it."""
    calls: list[tuple[str, str]] = []
    """Tools that it called: name and arguments."""
    order: list[str] = []
    """Ids that it ranked."""
    verdicts: list[str] = []
    """What the judge wrote."""
    refused: str = ""
    """Why the endpoint would not take this row; empty: it took it."""
    marks: dict[str, float] = {}
    labels: tuple[str, str] | None = None
    """The right label and the one given, of a classification."""
    input: int = 0
    output: int = 0
    requests: int = 0
    seconds: float = 0.0


def scores_of(place: Artifact | Path) -> Scores:
    """Return the scores in an artifact, a folder or a file. Raises ScoresUnreadable."""
    path = place.path if isinstance(place, Artifact) else place
    file = path / SCORES if path.is_dir() else path
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Scores)
    except OSError as error:
        raise ScoresUnreadable(path=file, why=error.strerror) from None
    except msgspec.DecodeError as error:
        raise ScoresUnreadable(path=file, why=str(error)) from None
    if found.format != FORMAT:
        raise ScoresUnreadable(path=file, why=f"format {found.format}")
    return found


def answers_of(place: Artifact | Path) -> Iterator[Answer]:
    """Yield the answers of an artifact or folder. Raises ScoresUnreadable."""
    path = place.path if isinstance(place, Artifact) else place
    file = path / ANSWERS if path.is_dir() else path
    decoder = msgspec.json.Decoder(Answer)
    try:
        with file.open("rb") as lines:
            for line in lines:
                yield decoder.decode(line)
    except OSError as error:
        raise ScoresUnreadable(path=file, why=error.strerror) from None
    except msgspec.DecodeError as error:
        raise ScoresUnreadable(path=file, why=str(error)) from None
