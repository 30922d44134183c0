"""What the gateway and the model's process tell each other: one JSON object per line."""

from enum import StrEnum

import msgspec

from hanbok.core.values import Text


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve; the first and only line that the process reads. The end of its input ends the process."""

    folder: str
    """Where the bundled weights are joined."""
    path: str = ""
    """A GGUF file; empty: the bundled weights."""
    alias: str
    key: str
    context: int
    """Tokens of one request, prompt and answer together."""
    slots: int
    """Requests computed in one batch."""
    threads: int
    embeddings: bool = False


class Stage(StrEnum):
    """How far the process is."""

    JOINING = "joining"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """`percent` belongs to joining, `url` to ready, an error's code and facts to failed."""

    stage: Stage
    percent: int = 0
    url: str = ""
    code: str = ""
    facts: dict[str, str | Text] = {}
