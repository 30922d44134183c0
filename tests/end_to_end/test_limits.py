"""What a key may use holds, and what is held is given back on any end."""

import json
import threading
import time
from collections.abc import Iterator

import openai
import pytest

from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Said, Script, ScriptedModel

SETTINGS = """\
state: state
server: {{port: 0}}
endpoints:
  home: {{kind: openai_compatible, url: {url}, zone: home, operator: self, data_use: {{trains: false}}}}
models:
  m: {{targets: [{{endpoint: home, model: m}}], price: {{input: 1000000, output: 2000000, as_of: 2026-11-01}}}}
  dear: {{targets: [{{endpoint: home, model: unheard-of}}]}}
"""
HELLO = [{"role": "user", "content": "안녕하세요"}]
WON = 1_000_000


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(Script(say=Said(text="네", input=10, output=5))) as model:
        yield model


@pytest.fixture(scope="module")
def server(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHanbok]:
    with RunningHanbok(tmp_path_factory.mktemp("limits"), SETTINGS.format(url=model.url)) as running:
        yield running


def key(server: RunningHanbok, *limits: str) -> dict[str, str]:
    made = server.run("key", "create", "--organisation", "default", "--json", *limits)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def client(server: RunningHanbok, made: dict[str, str]) -> openai.OpenAI:
    opened = openai.OpenAI(base_url=server.api, api_key=made["secret"], max_retries=0)
    for _ in range(100):
        try:
            opened.models.list()
        except openai.AuthenticationError:
            time.sleep(0.05)
            continue
        return opened
    raise TimeoutError("the server did not hear of the key")


def ask(opened: openai.OpenAI, **more: object) -> object:
    return opened.chat.completions.create(model="m", messages=HELLO, max_tokens=5, **more)


def test_requests_a_minute_are_limited_and_the_wait_is_told(server: RunningHanbok) -> None:
    with client(server, key(server, "--requests-per-minute", "3")) as opened:
        for _ in range(3):
            ask(opened)
        with pytest.raises(openai.RateLimitError) as caught:
            ask(opened)
    assert caught.value.code == "rate_limited"
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 60


def test_calls_at_once_are_limited_and_given_back(server: RunningHanbok, model: ScriptedModel) -> None:
    with client(server, key(server, "--concurrency", "1")) as opened:
        model.then(Script(delay=1.5))
        first = threading.Thread(target=ask, args=(opened,))
        count = len(model.captured)
        first.start()
        while len(model.captured) == count:
            time.sleep(0.01)
        with pytest.raises(openai.RateLimitError) as caught:
            ask(opened)
        first.join()
        assert caught.value.code == "concurrency_exceeded"
        ask(opened)


def test_a_budget_is_held_settled_and_the_same_streamed_and_not(server: RunningHanbok) -> None:
    made = key(server, "--won-per-day", "5000")
    with client(server, made) as opened:
        ask(opened)
        list(ask(opened, stream=True))
        while _spent(server, made) < 2 * 20 * WON:
            time.sleep(0.1)
        assert _spent(server, made) == 2 * (10 * 1 + 5 * 2) * WON
        with pytest.raises(openai.APIStatusError) as caught:
            opened.chat.completions.create(model="m", messages=HELLO, max_tokens=100_000)
    assert caught.value.status_code == 402
    assert caught.value.code == "budget_exceeded"


def test_a_model_without_a_price_is_refused(server: RunningHanbok, model: ScriptedModel) -> None:
    count = len(model.captured)
    with client(server, key(server)) as opened, pytest.raises(openai.APIStatusError) as caught:
        opened.chat.completions.create(model="dear", messages=HELLO)
    assert (caught.value.status_code, caught.value.code) == (402, "model_unpriced")
    assert len(model.captured) == count


def test_a_key_asks_only_the_models_it_may(server: RunningHanbok) -> None:
    with client(server, key(server, "--model", "other")) as opened:
        assert list(opened.models.list()) == []
        with pytest.raises(openai.PermissionDeniedError) as caught:
            ask(opened)
    assert caught.value.code == "model_not_allowed"


def test_what_stands_in_the_place_of_a_model_does_not_stand_in_the_log(server: RunningHanbok) -> None:
    words = "홍길동 씨의 상담 내용입니다. " * 200
    with client(server, key(server)) as opened, pytest.raises(openai.NotFoundError) as caught:
        opened.chat.completions.create(model=words, messages=HELLO)
    assert caught.value.code == "model_unknown"
    log = b"".join(file.read_bytes() for file in (server.folder / "state" / "evidence").glob("*.jsonl"))
    assert b'"model_unknown"' in log
    assert "홍길동".encode() not in log


def test_an_unknown_key_is_told_so(server: RunningHanbok) -> None:
    with (
        openai.OpenAI(base_url=server.api, api_key="hb-none", max_retries=0) as opened,
        pytest.raises(openai.AuthenticationError) as caught,
    ):
        ask(opened)
    assert caught.value.code == "key_unknown"
    assert caught.value.response.headers["www-authenticate"] == "Bearer"


def _spent(server: RunningHanbok, made: dict[str, str]) -> int:
    shown = json.loads(server.run("key", "list", "--json").stdout)
    return next(one["spent_today"] for one in shown if one["id"] == made["id"])
