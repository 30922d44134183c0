"""The scanner for machines without Hyperscan: the same patterns, searched one by one."""

from collections.abc import Mapping
from pathlib import Path

from hanbok.guard.regions import search
from hanbok.guard.scanner import Place, Sought


class Fallback:
    def __init__(self, sought: Mapping[int, Sought], cache: Path | None = None) -> None:  # noqa: ARG002 - it has nothing to keep
        self._sought = sought

    def scan(self, text: str) -> list[Place]:
        return search(text, self._sought)
