"""What the tests of the pages share: how an answer is told."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel


@dataclass(frozen=True)
class Running:
    server: RunningHanbok
    abroad: ScriptedModel
    home: ScriptedModel


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Answered]
