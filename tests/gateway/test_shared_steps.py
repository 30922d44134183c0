"""Steps of other packages stand behind the decision: on the way of models, and on every way if the settings say so."""

import asyncio
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import hanbok.building
from gateway.test_reload_paths import SETTINGS
from hanbok.app import App
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.path import Path as CallPath
from hanbok.gateway.step import Next
from hanbok.gateway.steps.decide import Decide
from hanbok.settings.plugins import PluginSettings
from hanbok.settings.reading import load


class Brought:
    def __init__(self, options: Mapping[str, str]) -> None:
        self.options = options

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        return await call_next(call)


def steps_on(path: CallPath) -> Iterator[object]:
    onward: Any = path._first
    while isinstance(onward, partial):
        yield onward.func.__self__
        onward = onward.keywords["call_next"]


@pytest.mark.parametrize("everywhere", [False, True])
async def test_every_way_has_the_steps_that_are_named_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, everywhere: bool
) -> None:
    monkeypatch.setattr(hanbok.building, "installed", lambda *_: Brought)
    file = tmp_path / "hanbok.yaml"
    named = "plugins: {steps: {first: {n: '1'}, second: {n: '2'}}"
    named += ", everywhere: [second, first]}\n" if everywhere else "}\n"
    file.write_text(SETTINGS.format(state=tmp_path / "state") + named, encoding="utf-8")
    app = await App.open(await asyncio.to_thread(load, file))
    run = app.runtime
    assert run.tools is not None
    assert run.realtime is not None
    assert run.passages is not None
    others = (
        run.tools.path,
        run.realtime.path,
        run.realtime._opening,
        run.realtime._minting,
        run.passages.path,
    )
    for path in (run.path, *others):
        steps = list(steps_on(path))
        behind = next(index for index, step in enumerate(steps) if isinstance(step, Decide)) + 1
        found = [step.options["n"] for step in steps[behind : behind + 2] if isinstance(step, Brought)]
        assert found == (["1", "2"] if everywhere or path is run.path else [])
        assert sum(isinstance(step, Brought) for step in steps) == len(found)
    await app.close()


def test_a_step_that_is_not_there_is_a_problem_of_the_file() -> None:
    with pytest.raises(ValueError, match="'other'"):
        PluginSettings(steps={"one": {}}, everywhere=("one", "other"))
