"""What the tests of the pages share: the settings, and how an answer is told."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel

SETTINGS = """\
language: ko
state: state
server: {{port: 0}}
endpoints:
  abroad:
    kind: openai_compatible
    url: {abroad}
    key: sk-stand-in
    country: US
    zone: foreign
    operator: Example Inc.
    data_use: {{trains: false, retention_days: 30}}
  home:
    kind: openai_compatible
    url: {home}
    country: KR
    zone: home
    operator: self
    data_use: {{trains: false}}
models:
  abroad: {{targets: [{{endpoint: abroad, model: gpt-x}}], {price}}}
  careful: {{targets: [{{endpoint: abroad, model: gpt-x}}], instead: house, {price}}}
  house: {{targets: [{{endpoint: home, model: local}}], {price}}}
"""
PRICE = "price: {input: 1000, output: 4000, as_of: 2026-11-01}"


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
