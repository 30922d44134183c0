"""What the gateway and the model's process tell each other: one JSON object per line."""

from enum import StrEnum

import msgspec

from hanbok.core.values import Text


class Adapter(msgspec.Struct, frozen=True, kw_only=True):
    """A LoRA that is loaded beside the weights."""

    path: str
    scale: float = 0
    """How much of it a request gets that does not say."""


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
    adapters: tuple[Adapter, ...] = ()
    """In the order of their numbers."""
    template: str = ""
    """Jinja text; empty: the file's own."""
    stops: tuple[str, ...] = ()
    temperature: float | None = None
    min_p: float | None = None
    remember: bool = True
    """Whether prompts that a slot has read are kept for other slots. llama.cpp does not tell by which adapter they
    were read: only a server with one way of reading may."""


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
