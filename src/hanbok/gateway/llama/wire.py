"""What the gateway and the model's process tell each other: one JSON object per line."""

import msgspec


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


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """How far the process is. `url` is set once it serves, `why` when it cannot."""

    stage: str
    url: str = ""
    code: str = ""
    facts: dict[str, str] = {}
