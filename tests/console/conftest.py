"""One running server with a model abroad and one at home, both stand-ins that keep what they are sent."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from console.served import Answered, Ask, Running
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from stands import PRICE, SETTINGS


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ScriptedModel() as abroad, ScriptedModel() as home:
        settings = SETTINGS.format(abroad=abroad.url, home=home.url, price=PRICE)
        with RunningHanbok(tmp_path_factory.mktemp("console"), settings) as server:
            yield Running(server, abroad, home)


@pytest.fixture
def running(started: Running) -> Running:
    for stand in (started.abroad, started.home):
        stand.captured.clear()
        stand.cancelled.clear()
        stand.script = Script()
    return started


@pytest.fixture
def ask(running: Running) -> Ask:
    """Return a function that asks the server: a path, and a body for POST; with the first key unless told another."""

    def ask(path: str, body: object = None, *, key: str | None = None, **headers: str) -> Answered:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if secret := running.server.key if key is None else key:
            sent["authorization"] = f"Bearer {secret}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(running.server.url + path, data, sent)
        try:
            with urllib.request.urlopen(request) as answer:
                return Answered(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answered(error.code, dict(error.headers), error.read())

    return ask
