"""The stand-in itself, asked by the official SDK and by hand."""

import asyncio
import json
import subprocess
import sys
import time

import openai
import pytest

from hanbok.testing.scripted import Said, Script, ScriptedModel, echo_tool

ASK = [{"role": "user", "content": "안녕하세요 여러분"}]
TOOL = {
    "type": "function",
    "function": {"name": "lookup", "parameters": {"type": "object", "properties": {}}},
}


def sdk(model, **options):
    return openai.AsyncOpenAI(base_url=model.url, api_key="k", max_retries=0, **options)


async def raw(model, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(model.origin.rpartition(":")[2]))
    writer.write(request)
    got = await reader.read()
    writer.close()
    await writer.wait_closed()
    return got


async def test_it_echoes_and_captures_the_request_byte_for_byte():
    async with ScriptedModel() as model, sdk(model) as client:
        answer = await client.chat.completions.create(model="m", messages=ASK, n=2)
        assert [choice.message.content for choice in answer.choices] == ["안녕하세요 여러분"] * 2
        assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (9, 9)
        seen = model.captured[0]
        assert seen.target == "/v1/chat/completions"
        assert seen.headers["authorization"] == "Bearer k"
        assert seen.raw.endswith(b"\r\n\r\n" + seen.body)
        assert seen.json["messages"] == ASK


@pytest.mark.parametrize("chunk", [1, 4, 100])
async def test_a_stream_is_cut_by_characters(chunk):
    async with ScriptedModel(Script(chunk=chunk)) as model, sdk(model) as client:
        options = {"include_usage": True}
        stream = await client.chat.completions.create(
            model="m", messages=ASK, stream=True, stream_options=options, logprobs=True
        )
        chunks = [one async for one in stream]
        texts = [one.choices[0].delta.content for one in chunks if one.choices]
        assert "".join(text or "" for text in texts) == "안녕하세요 여러분"
        assert max(len(text or "") for text in texts) == min(chunk, 9)
        assert chunks[1].choices[0].logprobs.content[0].token == "안"
        assert chunks[-1].usage.completion_tokens == 9


@pytest.mark.parametrize("stream", [False, True])
async def test_a_tool_call_quotes_the_user(stream):
    async with ScriptedModel(Script(say=echo_tool)) as model, sdk(model) as client:
        if stream:
            manager = client.chat.completions.stream(model="m", messages=ASK, tools=[TOOL])
            async with manager as events:
                answer = await events.get_final_completion()
        else:
            answer = await client.chat.completions.create(model="m", messages=ASK, tools=[TOOL])
        call = answer.choices[0].message.tool_calls[0]
        assert (call.function.name, json.loads(call.function.arguments)) == (
            "lookup",
            {"text": ASK[0]["content"]},
        )
        assert answer.choices[0].finish_reason == "tool_calls"


async def test_scripts_are_followed_one_after_another():
    async with ScriptedModel(Script(say="늘")) as model, sdk(model) as client:
        model.then(Script(say="처음"), Script(say=lambda asked: Said(text=asked.model, finish="length")))
        answers = [await client.chat.completions.create(model="m", messages=ASK) for _ in range(3)]
        assert [one.choices[0].message.content for one in answers] == ["처음", "m", "늘"]
        assert answers[1].choices[0].finish_reason == "length"


async def test_errors_come_with_their_status_and_delay():
    async with ScriptedModel(Script(status=429, retry_after="7")) as model, sdk(model) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            await client.chat.completions.create(model="m", messages=ASK)
        assert caught.value.response.headers["retry-after"] == "7"
        assert caught.value.code == "rate_limit_exceeded"


async def test_an_error_event_ends_a_stream():
    async with ScriptedModel(Script(error_after=2)) as model, sdk(model) as client:
        stream = await client.chat.completions.create(model="m", messages=ASK, stream=True)
        with pytest.raises(openai.APIError, match="scripted"):
            [one async for one in stream]


async def test_models_and_embeddings_are_there():
    async with ScriptedModel(models=("가", "b")) as model, sdk(model) as client:
        assert [one.id for one in (await client.models.list()).data] == ["가", "b"]
        first, second = (await client.embeddings.create(model="e", input=["x", "y"])).data
        assert len(first.embedding) == 8
        assert first.embedding != second.embedding


async def test_a_client_that_leaves_is_noticed():
    async with ScriptedModel(Script(pace=0.05)) as model, sdk(model) as client:
        stream = await client.chat.completions.create(model="m", messages=ASK, stream=True)
        await anext(stream)
        left = time.monotonic()
        await stream.close()
        for _ in range(50):
            if model.cancelled:
                break
            await asyncio.sleep(0.02)
        assert model.cancelled[0].sent > 0
        assert model.cancelled[0].at - left < 1


@pytest.mark.parametrize("at", [0, 5, 60])
async def test_an_answer_is_cut_at_the_byte_asked_for(at):
    async with ScriptedModel(Script(cut_at=at)) as model:
        request = b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}"
        assert len(await raw(model, request)) == at


async def test_raw_bytes_are_sent_as_they_are():
    async with ScriptedModel(Script(raw=b"\x00garbage")) as model:
        assert await raw(model, b"POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n") == b"\x00garbage"


async def test_a_silent_model_says_nothing_more():
    async with ScriptedModel(Script(hang_at=10)) as model, sdk(model, timeout=0.3) as client:
        with pytest.raises(openai.APITimeoutError):
            await client.chat.completions.create(model="m", messages=ASK)
        await asyncio.sleep(0.05)
        assert model.cancelled[0].sent == 10


def test_another_process_can_ask_the_threaded_form():
    code = (
        "import sys, urllib.request as u; "
        "print(u.urlopen(u.Request(sys.argv[1], b'{\"messages\": []}')).status)"
    )
    with ScriptedModel() as model:
        done = subprocess.run(
            [sys.executable, "-c", code, f"{model.url}/chat/completions"],
            check=True,
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.stdout == "200\n"
        assert len(model.captured) == 1
