"""A reload: what was in force waits for the calls of every path, not of models alone."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from hanbok.app import App
from hanbok.gateway.path import Path as CallPath
from hanbok.gateway.vaults import Vaults
from hanbok.settings.reading import load

SETTINGS = """\
state: {state}
endpoints:
  home:
    kind: openai_compatible
    url: http://127.0.0.1:9/v1
    zone: home
    operator: self
    data_use: {{trains: false}}
    passthrough: [{{method: GET, path: /items/*, price: 0}}]
models:
  talk:
    targets: [{{endpoint: home, model: m}}]
    price: {{input: 1, output: 1, as_of: 2026-11-01}}
realtime: {{models: [talk]}}
mcp:
  servers:
    crm:
      url: http://127.0.0.1:9/mcp
      zone: home
      operator: self
      data_use: {{trains: false}}
      allow: [{{tools: ["*"]}}]
"""


async def test_what_a_reload_retires_waits_for_every_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[Sequence[CallPath]] = []
    monkeypatch.setattr(Vaults, "put_in_force", lambda _self, _vault, before: waited.append(before))
    file = tmp_path / "hanbok.yaml"
    file.write_text(SETTINGS.format(state=tmp_path / "state"), encoding="utf-8")
    app = await App.open(await asyncio.to_thread(load, file))
    old = app.runtime
    await app.reload()
    await app.close()
    assert old.tools is not None
    assert old.realtime is not None
    assert old.passages is not None
    assert waited[0] == ()
    assert set(waited[1]) == {old.path, old.tools.path, old.realtime.path, old.passages.path}
