"""A question of hanbok's own: one place that fails again and again keeps no call waiting."""

import asyncio
from typing import Any

import pytest

from hanbok.core.values import Destination, Zone
from hanbok.gateway.answering.aside import Aside
from hanbok.gateway.answering.embedder import Embedder, cosine
from hanbok.gateway.asking import Place
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.openai_compatible import OpenaiCompatible
from hanbok.gateway.errors import EndpointUnavailable, UpstreamFailed, UpstreamGarbled, UpstreamTimeout
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.testing.scripted import Script, ScriptedModel

HOME = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
ASKED = b'{"model":"e","input":"x"}'
TIMEOUTS = Timeouts(connect=5, first=5, idle=5, total=5)


@pytest.fixture
async def upstream() -> Any:
    one = Http1()
    yield one
    await one.close()


def aside(model: ScriptedModel, upstream: Http1, seconds: float = 5) -> Aside:
    config = EndpointConfig(destination=HOME, url=model.url, private=True)
    return Aside(Place(OpenaiCompatible(config, upstream), TIMEOUTS), upstream, "e", seconds)


async def test_a_text_becomes_a_direction(upstream: Http1) -> None:
    async with ScriptedModel() as model:
        embedder = Embedder(aside(model, upstream))
        one, same, other = [await embedder.embed(text) for text in ("가", "가", "나")]
    assert cosine(one, same) == pytest.approx(1, abs=1e-6)
    assert cosine(one, other) < 0.999
    assert cosine(one, one[:-1]) == -1


@pytest.mark.parametrize(
    ("script", "seconds", "error"),
    [
        (Script(status=500), 5, UpstreamFailed),
        (Script(delay=2), 0.05, UpstreamTimeout),
    ],
)
async def test_a_place_that_fails_again_and_again_rests(
    upstream: Http1, script: Script, seconds: float, error: type[Exception]
) -> None:
    async with ScriptedModel(script) as model:
        one = aside(model, upstream, seconds)
        for _ in range(3):
            with pytest.raises(error):
                await one.ask(Operation.EMBEDDINGS, ASKED)
        with pytest.raises(EndpointUnavailable):
            await one.ask(Operation.EMBEDDINGS, ASKED)
        await asyncio.sleep(0)
        assert len(model.captured) == 3


async def test_the_fault_of_one_request_rests_nothing_for_the_others(upstream: Http1) -> None:
    async with ScriptedModel(Script(status=400)) as model:
        one = aside(model, upstream)
        for _ in range(4):
            with pytest.raises(UpstreamFailed):
                await one.ask(Operation.EMBEDDINGS, ASKED)
        model.script = Script()
        assert await one.ask(Operation.EMBEDDINGS, ASKED)


@pytest.mark.parametrize(
    "body",
    [
        '{"data":[]}',
        '{"data":[{"embedding":[]}]}',
        '{"data":[{"embedding":[0.0,0.0]}]}',
        '{"data":[{"embedding":"x"}]}',
    ],
)
async def test_what_is_no_direction_is_refused(upstream: Http1, body: str) -> None:
    head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
    async with ScriptedModel(Script(raw=(head + body).encode())) as model:
        with pytest.raises(UpstreamGarbled):
            await Embedder(aside(model, upstream)).embed("가")
