"""The embedded model at work: real weights, one process for the module."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import openai
import pytest
import pytest_asyncio
from pydantic import BaseModel

from hanbok.core.values import Destination, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.embedded import Embedded
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]
HOME = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "도시의 날씨",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
LONG = "백까지 하나씩 세어 주세요."


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint(tmp_path_factory, lay_weights):
    state = lay_weights(tmp_path_factory.mktemp("embedded"))
    one = Embedded(
        EndpointConfig(destination=HOME, state=state, options={"context": "1024", "slots": "4"}), Http1()
    )
    await one.start()
    yield one
    await one.close()


@pytest_asyncio.fixture(loop_scope="module")
async def client(endpoint):
    address = await ready(endpoint)
    key = dict(address.headers)["authorization"].removeprefix("Bearer ")
    async with openai.AsyncOpenAI(base_url=address.url, api_key=key, max_retries=0, timeout=120) as one:
        yield one


async def ready(endpoint):
    return await endpoint.address(Operation.CHAT, "gemma-3-270m")


def ask(client, text, **options):
    return client.chat.completions.create(
        model="gemma-3-270m", messages=[{"role": "user", "content": text}], **{"max_tokens": 48} | options
    )


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def alive(pid):
    return Path(f"/proc/{pid}").exists()


async def test_it_answers_in_korean_and_stops_by_itself(client):
    greeted = await ask(client, "안녕하세요?", temperature=0)
    assert "안녕하세요" in greeted.choices[0].message.content
    answer = await ask(client, "대한민국의 수도는 어디인가요?", temperature=0)
    assert "서울" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == "gemma-3-270m"
    assert answer.usage.completion_tokens > 0


async def test_a_stream_says_what_the_whole_answer_says(client):
    whole = await ask(client, "'bread'를 한국어로 번역해 줘.", temperature=0)
    stream = await ask(
        client,
        "'bread'를 한국어로 번역해 줘.",
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == whole.choices[0].message.content
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


async def test_system_turns_and_tool_results_fit_its_template(client):
    answer = await client.chat.completions.create(
        model="gemma-3-270m",
        max_tokens=16,
        tools=[WEATHER],
        messages=[
            {"role": "system", "content": "존댓말로 짧게 답하세요."},
            {"role": "user", "content": [{"type": "text", "text": "서울 날씨는?"}]},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "c1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"서울"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "맑음, 12도"},
            {"role": "user", "content": "그럼 부산은?"},
        ],
    )
    assert answer.choices[0].finish_reason in {"stop", "length"}


async def test_structured_output_is_parsed_by_the_sdk(client):
    class Review(BaseModel):
        good: bool

    answer = await client.chat.completions.parse(
        model="gemma-3-270m",
        messages=[{"role": "user", "content": "긍정인지 답하세요: 정말 재미있어요."}],
        response_format=Review,
        max_tokens=200,
        temperature=0,
    )
    assert isinstance(answer.choices[0].message.parsed.good, bool)


async def test_several_choices_and_log_probabilities_are_given(client):
    answer = await ask(client, "하늘은 무슨 색인가요?", n=2, logprobs=True, top_logprobs=2, max_tokens=4)
    assert [choice.index for choice in answer.choices] == [0, 1]
    for choice in answer.choices:
        assert all(token.logprob <= 0 and len(token.top_logprobs) == 2 for token in choice.logprobs.content)


async def test_a_prompt_beyond_the_context_is_refused_with_the_numbers(client):
    with pytest.raises(openai.BadRequestError) as caught:
        await ask(client, "가나다라 " * 2000)
    assert caught.value.body["type"] == "exceed_context_size_error"
    assert "1024 tokens" in caught.value.body["message"]


async def test_an_answer_that_fills_the_context_ends_as_too_long(client):
    answer = await ask(
        client, "가나다라 " * 130, max_tokens=2000, stop=["없음"], extra_body={"ignore_eos": True}
    )
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.total_tokens <= 1024


async def test_four_requests_are_computed_in_one_batch(client, endpoint):
    options = {"max_tokens": 12, "temperature": 0, "stop": ["없음"], "extra_body": {"ignore_eos": True}}
    pid = endpoint._supervisor.pid
    await asyncio.gather(
        *(ask(client, LONG, **options) for _ in range(4))
    )  # every slot has read the preamble
    began = cpu_seconds(pid)
    for _ in range(4):
        await ask(client, LONG, **options)
    one_by_one = cpu_seconds(pid) - began
    answers = await asyncio.gather(*(ask(client, LONG, **options) for _ in range(4)))
    together = cpu_seconds(pid) - began - one_by_one
    assert [answer.usage.completion_tokens for answer in answers] == [12] * 4
    assert together < one_by_one


async def test_it_stops_computing_within_a_second_when_the_client_leaves(endpoint):
    address = await ready(endpoint)
    body = {
        "messages": [{"role": "user", "content": LONG}],
        "stream": True,
        "max_tokens": 1500,
        "ignore_eos": True,
    }
    upstream = Http1()
    exchange = await upstream.post(
        f"{address.url}/chat/completions",
        (*address.headers, ("content-type", "application/json")),
        json.dumps(body).encode(),
        Timeouts(),
    )
    async for piece in exchange.read():
        if b"content" in piece:
            break
    exchange.close()
    await asyncio.sleep(1)
    pid = endpoint._supervisor.pid
    began = cpu_seconds(pid)
    await asyncio.sleep(1)
    assert cpu_seconds(pid) - began < 0.1
    await upstream.close()


async def test_only_the_gateway_holding_its_key_may_ask(endpoint):
    address = await ready(endpoint)
    async with openai.AsyncOpenAI(base_url=address.url, api_key="guessed", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError):
            await ask(stranger, "안녕")


async def test_its_log_holds_no_prompt(client, endpoint):
    await ask(client, "비밀번호는 사과나무입니다", max_tokens=4)
    with pytest.raises(openai.BadRequestError):
        await ask(client, "사과나무 " * 4000)
    assert "사과나무" not in endpoint._supervisor.log.read_text("utf-8", errors="replace")


async def test_killed_in_the_middle_of_a_stream_it_breaks_off_and_then_works_again(client, endpoint):
    first = endpoint._supervisor.pid
    stream = await ask(
        client, LONG, stream=True, max_tokens=1500, stop=["없음"], extra_body={"ignore_eos": True}
    )
    await anext(stream)
    os.kill(first, signal.SIGKILL)
    with pytest.raises(openai.APIConnectionError):
        async for _ in stream:
            pass
    while endpoint._supervisor.pid in {first, None}:  # noqa: ASYNC110 - what happens is another process's death
        await asyncio.sleep(0.05)
    address = await ready(endpoint)
    assert endpoint._supervisor.pid != first
    async with openai.AsyncOpenAI(
        base_url=address.url, api_key=endpoint._supervisor.spec.key, max_retries=0
    ) as again:
        assert (await ask(again, "안녕하세요?", temperature=0)).choices[0].message.content


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
async def test_the_process_does_not_outlive_its_gateway(stop, tmp_path, lay_weights):
    """A gateway that is killed cannot say goodbye."""
    program = f"""
import asyncio
from pathlib import Path
from hanbok.core.values import Destination, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.embedded import Embedded
from hanbok.gateway.upstreams.http1 import Http1

async def main():
    home = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
    endpoint = Embedded(EndpointConfig(destination=home, state=Path({str(lay_weights(tmp_path))!r})), Http1())
    await endpoint.start()
    await endpoint.address(Operation.CHAT, "m")
    print(endpoint._supervisor.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    child = int(await gateway.stdout.readline())
    gateway.send_signal(stop)
    await gateway.wait()
    end = time.monotonic() + 3
    while alive(child) and time.monotonic() < end:  # noqa: ASYNC110 - another process's death has no event
        await asyncio.sleep(0.02)
    assert not alive(child)
