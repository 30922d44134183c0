"""Takes values out (삭제): the name of their kind, such as `[전화번호]`, stands in their place."""

from collections.abc import Iterable
from typing import ClassVar

from hanbok.guard.operator import Setting, each
from hanbok.guard.pseudonym import Edit
from hanbok.guard.recogniser import Finding


class Redact:
    lifelike: ClassVar[bool] = False

    def __init__(self, setting: Setting) -> None:
        self._setting = setting

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        return each(text, findings, lambda kind, _: self._setting.label(kind))
