"""What workers and their keeper tell each other: MessagePack, many frames in one write."""

from typing import TypeAlias

import msgspec

from hanbok.core.metrics import Family
from hanbok.core.values import Text
from hanbok.evidence.entry import AnyEntry
from hanbok.policy.key import Key

Fact: TypeAlias = str | int | float | Text | None


class _Frame(msgspec.Struct, frozen=True, array_like=True):
    pass


class Hello(_Frame, frozen=True, tag="hello"):
    """The first frame of a worker: the calls that it carries, of which the log has an intent and no outcome."""

    calls: list[str]


class Enter(_Frame, frozen=True, tag="enter"):
    """May this call start? Answered by `Done` or `Failed`."""

    number: int
    preview: bool
    call: str
    key: str
    model: str
    worst: int
    tokens: int
    made: Key | None = None
    """The key itself, where it stands for an access token: such keys are in no table."""


class Leave(_Frame, frozen=True, tag="leave"):
    """A call that came in has ended, and never had an intent."""

    call: str
    cost: int
    tokens: int | None


class Append(_Frame, frozen=True, tag="append"):
    """Answered by `Appended` once the entry is durable, or by `Failed`."""

    number: int
    entry: AnyEntry


class Post(_Frame, frozen=True, tag="post"):
    """Not answered. An outcome settles its call."""

    entry: AnyEntry


class Counts(_Frame, frozen=True, tag="counts"):
    """The counters of this worker as they are now."""

    families: list[Family]


class Scrape(_Frame, frozen=True, tag="scrape"):
    """Answered by `Told`: the counters of all as Prometheus text."""

    number: int


class Nudge(_Frame, frozen=True, tag="nudge"):
    """There is work for the desk that tunes models."""


class Lend(_Frame, frozen=True, tag="lend"):
    """Where does this endpoint of the keeper's answer? Answered by `Lent` or `Failed`."""

    number: int
    endpoint: str
    operation: str
    model: str


class GiveBack(_Frame, frozen=True, tag="give back"):
    """The call that used what was lent as `number` is over."""

    number: int


class Bye(_Frame, frozen=True, tag="bye"):
    """The last frame of a worker; answered by `Done`, when everything before it has been taken over."""

    number: int


class Done(_Frame, frozen=True, tag="done"):
    number: int


class Failed(_Frame, frozen=True, tag="failed"):
    number: int
    code: str
    facts: dict[str, Fact]


class Appended(_Frame, frozen=True, tag="appended"):
    number: int
    index: int
    digest: str
    posts: int
    """How many `Post` frames of this connection are durable too."""


class Told(_Frame, frozen=True, tag="told"):
    number: int
    text: bytes


class Lent(_Frame, frozen=True, tag="lent"):
    number: int
    url: str
    headers: list[tuple[str, str]]
    query: str
    release: str
    dress: bytes
    """How the body is changed last, by `Dress.packed`; empty: not at all."""


class Stages(_Frame, frozen=True, tag="stages"):
    """How far the keeper's endpoints are, by name, and what else is not ready, for people."""

    stages: dict[str, str]
    unready: list[str]


Up: TypeAlias = Hello | Enter | Leave | Append | Post | Counts | Scrape | Nudge | Lend | GiveBack | Bye
Answer: TypeAlias = Done | Failed | Appended | Told | Lent
Down: TypeAlias = Answer | Stages
