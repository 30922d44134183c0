"""Puts a made-up value of the same look in place of each value (가명·토큰화), always the same one in one scope.

Without a key the scope is this run; with a key the same values get the same pseudonyms in every run.
"""

import secrets
from collections.abc import Iterable
from typing import ClassVar

from hanbok.guard.natural import NaturalPseudonyms
from hanbok.guard.operator import Setting
from hanbok.guard.pseudonym import Edit
from hanbok.guard.recogniser import Finding


class Pseudonym:
    lifelike: ClassVar[bool] = True

    def __init__(self, setting: Setting) -> None:
        key = setting.key_for("pseudonym") if setting.key else secrets.token_bytes(32)
        self.map = NaturalPseudonyms(key)
        """Turns treated texts back, and gives out its pairs for a vault."""

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        return self.map.hide(text, findings)
