"""The contract of an export: one more form in which a release may be taken away."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hanbok.gateway.llama.releases import Serving
from hanbok.studio.artifacts import Artifact


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A release that is being put together: its GGUF, cards and notices are in the folder."""

    folder: Path
    serving: Serving
    inputs: Mapping[str, Artifact]


class Exporter(Protocol):
    """Adds files to a release's folder. It reaches for no network."""

    def write(self, made: Exported) -> str:
        """Return what it made, by its path in the folder. Raises ExportUnsupported."""
        ...
