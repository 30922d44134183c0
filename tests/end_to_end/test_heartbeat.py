"""Heartbeats: a silent stream stays open for proxies, clients read past it, failures are told inside of it."""

import json
import time
import urllib.request

import anthropic
import openai
import pytest

from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from stands import in_each_format

HELLO = [{"role": "user", "content": "안녕하세요"}]
SLOW = Script(delay=0.7)
PATHS = {
    "/v1/chat/completions": {"model": "openai_compatible", "messages": HELLO, "stream": True},
    "/v1/messages": {"model": "anthropic", "max_tokens": 9, "messages": HELLO, "stream": True},
    "/v1/responses": {"model": "openai_compatible", "input": "안녕하세요", "stream": True},
    "/v1beta/models/gemini:streamGenerateContent?alt=sse": {
        "contents": [{"role": "user", "parts": [{"text": "안녕하세요"}]}]
    },
}


@pytest.fixture(scope="module")
def model():
    with ScriptedModel() as one:
        yield one


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    yaml = in_each_format(model.origin).replace("{port: 0}", "{port: 0, heartbeat: 0.2}")
    with RunningHanbok(tmp_path_factory.mktemp("heartbeat"), yaml) as running:
        yield running


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as sdk:
        yield sdk


def streamed(server, path):
    request = urllib.request.Request(
        server.url + path,
        json.dumps(PATHS[path]).encode(),
        {"authorization": f"Bearer {server.key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["x-hanbok-ai-generated"] == "true"
        return answer.read()


@pytest.mark.parametrize("path", list(PATHS)[:3])
def test_a_stream_that_waits_for_its_first_token_beats(server, model, path):
    model.then(SLOW)
    body = streamed(server, path)
    assert body.startswith(b":\n\n:\n\n")
    assert "안녕".encode() in body


def test_a_client_that_knows_no_comments_gets_none(server, model):
    model.then(SLOW)
    assert streamed(server, list(PATHS)[3]).startswith(b"data: ")


def test_a_stream_that_falls_silent_among_its_tokens_beats(server, model):
    model.then(Script(say="하나둘셋", chunk=2, pace=0.5))
    body = streamed(server, "/v1/chat/completions")
    assert b"\n\n:\n\ndata: " in body
    assert body.endswith(b"data: [DONE]\n\n")


def test_the_official_clients_read_past_it(server, client, model):
    model.then(SLOW, SLOW)
    chunks = client.chat.completions.create(model="openai_compatible", messages=HELLO, stream=True)
    assert "".join(one.delta.content or "" for chunk in chunks for one in chunk.choices) == "안녕하세요"
    with (
        anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0) as sdk,
        sdk.messages.stream(model="anthropic", max_tokens=9, messages=HELLO) as stream,
    ):
        assert "".join(stream.text_stream) == "안녕하세요"


@pytest.mark.parametrize("status", [503, 400])
def test_what_fails_after_the_first_beat_is_an_error_and_no_clean_end(server, client, model, status):
    model.then(Script(delay=0.5, status=status))
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model="openai_compatible", messages=HELLO, stream=True))
    model.then(Script(delay=0.5, status=status))
    body = streamed(server, "/v1/chat/completions")
    assert body.startswith(b":\n\n")
    assert b"event: error\ndata: {" in body
    assert b"[DONE]" not in body


def test_whole_answers_and_early_refusals_keep_their_status(client, model):
    model.then(SLOW)
    answer = client.chat.completions.create(model="openai_compatible", messages=HELLO)
    assert answer.choices[0].message.content == "안녕하세요"
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="nowhere", messages=HELLO, stream=True)


def test_a_client_that_leaves_between_beats_lets_the_model_go(server, model):
    model.then(Script(delay=30))
    gone = len(model.cancelled)
    request = urllib.request.Request(
        server.url + "/v1/chat/completions",
        json.dumps(PATHS["/v1/chat/completions"]).encode(),
        {"authorization": f"Bearer {server.key}", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.read(3) == b":\n\n"
    for _ in range(200):
        if len(model.cancelled) > gone:
            return
        time.sleep(0.02)
    raise AssertionError("the model still works for nobody")
