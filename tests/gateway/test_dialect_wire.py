"""Endpoint, dialect, splitter and client together, against the stand-in that speaks each format by itself."""

import json
from types import SimpleNamespace

import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from hanbok.core.plugin import load
from hanbok.core.values import Destination, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.errors import UpstreamCut, UpstreamFailed
from hanbok.gateway.sse import SseReader
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.testing.scripted import Said, Script, ScriptedModel, ToolCall

KINDS = {"openai_compatible": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}
TOOL = {
    "type": "function",
    "function": {"name": "lookup", "parameters": {"type": "object", "properties": {}}},
}
SAID = {
    "text": Said(text="안녕하세요, 반갑습니다.", cached=3),
    "thought": Said(text="네.", reasoning="음, 그러니까"),
    "calls": Said(
        text="찾아보겠습니다.",
        tool_calls=(
            ToolCall(name="lookup", arguments='{"이름": "가\\n나"}', id="c1"),
            ToolCall(name="lookup", arguments='{"q": [1, 2.5, null]}', id="c2"),
        ),
    ),
    "cut short": Said(text="안녕", finish="length"),
}


async def ask(model, upstream, kind, *, stream, **members):
    destination = Destination(endpoint="far", country="US", zone=Zone.FOREIGN, operator="Example")
    config = EndpointConfig(destination=destination, url=model.origin + KINDS[kind], secret="k")
    endpoint = load("hanbok.gateway.endpoints", kind)(config, upstream)
    request = {"model": "asked", "messages": [{"role": "user", "content": "안녕하십니까"}], **members}
    body = json.dumps(request | ({"stream": True} if stream else {})).encode()
    wire = endpoint.dialect.request(Operation.CHAT, body, model="real", stream=stream)
    address = await endpoint.address(Operation.CHAT, "real")
    exchange = await upstream.post(
        address.url + wire.path, address.headers + wire.headers, wire.body, Timeouts()
    )
    if exchange.status != 200:
        return SimpleNamespace(failure=endpoint.dialect.failure(await exchange.whole(1 << 20)))
    if not stream:
        answer = endpoint.dialect.answer(Operation.CHAT, await exchange.whole(1 << 20))
        return read_whole(ChatCompletion.model_validate_json(answer.body), answer.usage)
    reader, events, chunks = endpoint.dialect.reader(), SseReader(), []
    try:
        async for data in exchange.read():
            chunks += [chunk for event, one in events.feed(data) for chunk in reader.feed(event, one)]
    except UpstreamCut:
        return SimpleNamespace(done=reader.done, chunks=chunks)
    return read_stream([ChatCompletionChunk.model_validate_json(one) for one in chunks], reader)


def read_whole(answer, usage):
    message = answer.choices[0].message
    calls = [
        (one.id, one.function.name, json.loads(one.function.arguments)) for one in message.tool_calls or []
    ]
    return SimpleNamespace(
        text=message.content or "",
        reasoning=getattr(message, "reasoning_content", ""),
        calls=calls,
        finish=answer.choices[0].finish_reason,
        usage=usage,
        model=answer.model,
        done=True,
    )


def read_stream(chunks, reader):
    choices = [one.choices[0] for one in chunks if one.choices]
    calls = {}
    for part in (part for choice in choices for part in choice.delta.tool_calls or []):
        if part.id:
            calls[part.index] = [part.id, part.function.name, ""]
        calls[part.index][2] += part.function.arguments or ""
    return SimpleNamespace(
        text="".join(one.delta.content or "" for one in choices),
        reasoning="".join(getattr(one.delta, "reasoning_content", None) or "" for one in choices),
        calls=[(one, name, json.loads(arguments)) for one, name, arguments in calls.values()],
        finish=next(one.finish_reason for one in choices if one.finish_reason),
        usage=reader.usage,
        model=chunks[0].model,
        done=reader.done,
        told=chunks[-1].usage,
    )


@pytest.fixture
async def upstream():
    client = Http1()
    yield client
    await client.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("kind", KINDS)
async def test_every_format_says_the_same(upstream, kind, said, stream):
    want = SAID[said]
    async with ScriptedModel(Script(say=want, chunk=3)) as model:
        got = await ask(model, upstream, kind, stream=stream, tools=[TOOL])
        assert (got.text, got.reasoning or "") == (want.text, want.reasoning)
        assert got.calls == [(one.id, one.name, json.loads(one.arguments)) for one in want.tool_calls]
        assert got.finish == (want.finish or ("tool_calls" if want.tool_calls else "stop"))
        assert got.model == "real"
        assert got.done
        spoken = want.text + want.reasoning + "".join(one.arguments for one in want.tool_calls)
        assert (got.usage.input, got.usage.output, got.usage.cached) == (6, len(spoken), want.cached)
        if stream:
            assert got.told.completion_tokens == len(spoken)
        assert model.connections == 1
        assert "안녕하십니까" in json.dumps(model.captured[0].json, ensure_ascii=False)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_cut_anywhere_is_never_whole(upstream, kind):
    async with ScriptedModel() as model:
        cuts = 0
        for at in range(1, 5000, 31):
            model.then(Script(say="안녕하세요", chunk=2, cut_at=at))
            try:
                got = await ask(model, upstream, kind, stream=True)
            except UpstreamCut:
                continue  # in the head
            if got.done:
                break
            cuts += 1
        assert cuts > 10
        assert getattr(got, "text", "안녕하세요") == "안녕하세요"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_stream_without_its_last_event_is_never_whole(upstream, kind):
    async with ScriptedModel(Script(say="안녕", done=False)) as model:
        destination = Destination(endpoint="far", country="US", zone=Zone.FOREIGN, operator="Example")
        config = EndpointConfig(destination=destination, url=model.origin + KINDS[kind], secret="k")
        dialect = load("hanbok.gateway.endpoints", kind)(config, upstream).dialect
        body = b'{"model":"m","messages":[{"role":"user","content":"x"}],"stream":true}'
        wire = dialect.request(Operation.CHAT, body, model="m", stream=True)
        exchange = await upstream.post(model.origin + KINDS[kind] + wire.path, (), wire.body, Timeouts())
        reader, events = dialect.reader(), SseReader()
        for event, data in events.feed(await exchange.whole(1 << 20)):
            reader.feed(event, data)
        assert not reader.done


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_event_fails_the_stream(upstream, kind):
    async with ScriptedModel(Script(say="안녕하세요", error_after=3)) as model:
        with pytest.raises(UpstreamFailed) as caught:
            await ask(model, upstream, kind, stream=True)
        assert caught.value.facts["origin"] == "far"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_refusal_gives_the_providers_code(upstream, kind):
    async with ScriptedModel(Script(status=429)) as model:
        got = await ask(model, upstream, kind, stream=False)
        assert got.failure in {"rate_limit_exceeded", "rate_limit_error", "RESOURCE_EXHAUSTED"}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_gemini_gives_several_answers_and_probabilities(upstream, stream):
    async with ScriptedModel(Script(say="가나")) as model:
        got = await ask(model, upstream, "gemini", stream=stream, n=2, logprobs=True)
        assert got.done


async def test_gemini_and_openai_embed_alike(upstream):
    async with ScriptedModel() as model:
        vectors = {}
        for kind in ("openai_compatible", "gemini"):
            destination = Destination(endpoint="far", country="US", zone=Zone.FOREIGN, operator="Example")
            config = EndpointConfig(destination=destination, url=model.origin + KINDS[kind], secret="k")
            endpoint = load("hanbok.gateway.endpoints", kind)(config, upstream)
            body = '{"model":"m","input":["가","나"]}'.encode()
            wire = endpoint.dialect.request(Operation.EMBEDDINGS, body, model="e", stream=False)
            exchange = await upstream.post(config.url + wire.path, wire.headers, wire.body, Timeouts())
            answer = endpoint.dialect.answer(Operation.EMBEDDINGS, await exchange.whole(1 << 20))
            vectors[kind] = [one["embedding"] for one in json.loads(answer.body)["data"]]
        assert vectors["gemini"] == vectors["openai_compatible"]
        assert len(vectors["gemini"]) == 2
