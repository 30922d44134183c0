"""Leaves values as they are (유지): what is found is only reported."""

from collections.abc import Iterable
from typing import ClassVar

from hanbok.guard.operator import Setting
from hanbok.guard.pseudonym import Edit
from hanbok.guard.recogniser import Finding


class Keep:
    lifelike: ClassVar[bool] = False

    def __init__(self, setting: Setting) -> None: ...

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:  # noqa: ARG002 - nothing is read
        return []
