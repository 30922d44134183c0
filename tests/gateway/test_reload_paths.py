"""A reload: what was in force waits for the calls of every path, not of models alone."""

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import hanbok.app
from hanbok.app import App
from hanbok.core.clock import stamp
from hanbok.core.duty import Duty
from hanbok.evidence.entry import Act
from hanbok.evidence.journal import Journal
from hanbok.evidence.verify import verify
from hanbok.gateway.mcp.stdio import Program
from hanbok.gateway.path import Path as CallPath
from hanbok.gateway.running import Endpoints
from hanbok.gateway.vaults import Vaults
from hanbok.settings.reading import load
from hanbok.store.errors import StoreUnavailable

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


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    file = tmp_path / "hanbok.yaml"
    file.write_text(
        SETTINGS.format(state=tmp_path / "state").replace(
            "url: http://127.0.0.1:9/mcp", "command: [/nowhere/at/all]"
        ),
        encoding="utf-8",
    )
    app = await App.open(await asyncio.to_thread(load, file))
    yield app
    await app.close()


def rewritten(app: App) -> None:
    """Change an endpoint, a model's name and a server of tools in the file."""
    file = Path(app.runtime.settings.state).parent / "hanbok.yaml"
    text = file.read_text(encoding="utf-8")
    for old, new in (("talk", "speak"), ("9/v1", "10/v1"), ("/nowhere/at", "/elsewhere/at")):
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("fails", ["take_up", "log"])
async def test_a_refused_reload_changes_nothing(
    app: App, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    closed: list[object] = []

    async def close(self: Program) -> None:
        closed.append(self)

    async def started(*_: object) -> None:
        endpoints.append("started")

    async def stopped(*_: object) -> None:
        endpoints.append("stopped")

    def broken(*_: object, **__: object) -> Any:
        raise StoreUnavailable(why="away")

    endpoints: list[str] = []
    before = app.runtime
    kind = type(before.places["home"].endpoint)
    rewritten(app)
    with monkeypatch.context() as patched:
        patched.setattr(Program, "close", close)
        patched.setattr(kind, "start", started)
        patched.setattr(kind, "close", stopped)
        if fails == "log":
            patched.setattr(app.log, "append", broken)
        else:
            patched.setattr(hanbok.app, "take_up", broken)
        with pytest.raises(StoreUnavailable):
            await app.reload()
        await asyncio.sleep(0.01)
        assert app.runtime is before
        assert (closed, endpoints) == ([], ["started", "stopped"])
    await app.reload()
    assert "speak" in app.runtime.catalogue
    assert app.runtime.places["home"].endpoint is not before.places["home"].endpoint


async def test_an_endpoint_that_cannot_start_takes_those_with_it_that_did(app: App) -> None:
    class Fake:
        def __init__(self, *, good: bool) -> None:
            self.good, self.running = good, False

        async def start(self) -> None:
            if not self.good:
                raise StoreUnavailable(why="no")
            self.running = True

        async def close(self) -> None:
            self.running = False

    endpoints = Endpoints(None, None, None)  # type: ignore[arg-type] # none of these is asked
    there = app._endpoints._built["home"]
    good, bad = (there._replace(endpoint=Fake(good=one)) for one in (True, False))
    async with endpoints.started({"a": good}):
        pass
    assert endpoints.put_in_force({"a": good}) == []
    other = there._replace(endpoint=Fake(good=True))
    with pytest.raises(StoreUnavailable):
        async with endpoints.started({"a": good, "b": other, "c": bad}):
            raise AssertionError
    assert (good.endpoint.running, other.endpoint.running) == (True, False)


async def test_what_was_begun_by_older_settings_does_not_end_after_a_reload(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, reached, real = threading.Event(), threading.Event(), hanbok.app.guard_of

    def slow(*arguments: Any) -> Any:
        if not reached.is_set():
            reached.set()
            held.wait(10)
        return real(*arguments)

    monkeypatch.setattr(hanbok.app, "guard_of", slow)
    app._policy_changes -= 1
    older = asyncio.create_task(app._keep_policy())
    await asyncio.to_thread(reached.wait, 10)
    rewritten(app)
    reload = asyncio.create_task(app.reload())
    await asyncio.wait({reload}, timeout=0.3)
    held.set()
    await asyncio.gather(older, reload)
    assert "speak" in app.runtime.catalogue


async def test_a_duty_that_fails_by_a_fault_of_ours_is_told_and_done_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "hanbok.yaml"
    file.write_text(SETTINGS.format(state=tmp_path / "state"), encoding="utf-8")
    app = await App.open(await asyncio.to_thread(load, file))
    faults, done = [OSError("a full disk"), asyncio.CancelledError()], asyncio.Event()

    async def duty() -> None:
        if faults:
            raise faults.pop(0)
        done.set()

    app._keep(Duty(0.001, duty))
    async with asyncio.timeout(10):
        await done.wait()
    assert caplog.text.count("begins again") == 2
    assert "a full disk" in caplog.text
    await app.close()


class Stuck:
    async def close(self) -> None:
        raise RuntimeError("it does not stop")


@pytest.mark.parametrize("what", ["_upstream", "_custody._sharing"])
async def test_the_log_is_closed_whatever_else_does_not_stop(tmp_path: Path, what: str) -> None:
    file = tmp_path / "hanbok.yaml"
    file.write_text(SETTINGS.format(state=tmp_path / "state"), encoding="utf-8")
    app = await App.open(await asyncio.to_thread(load, file))
    app.log.post(Act(at=stamp(), actor="test", verb="last", object="one"))
    path, _, name = what.rpartition(".")
    setattr(getattr(app, path) if path else app, name, Stuck())
    with pytest.raises(RuntimeError, match="does not stop"):
        await app.close()
    directory = tmp_path / "state" / "evidence"
    journal = await asyncio.to_thread(Journal.open, directory, patience=0)
    assert [record.entry.verb for record in journal.read() if isinstance(record.entry, Act)][-1] == "last"
    await asyncio.to_thread(journal.close)
    assert verify(directory).signed == journal.size
