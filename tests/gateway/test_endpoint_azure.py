"""Entra ID tokens: fetched once for all who wait, renewed before they end, honest when refused."""

import asyncio
from urllib.parse import parse_qs

import pytest

from hanbok.core.values import Destination, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.azure import Azure
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.transport.client_credentials import ClientCredentials
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.testing.scripted import Script, ScriptedModel

HERE = Destination(endpoint="azure-kr", country="KR", zone=Zone.DOMESTIC, operator="Example")


@pytest.fixture
async def login():
    async with ScriptedModel() as model:
        yield model


@pytest.fixture
async def upstream():
    client = Http1()
    yield client
    await client.close()


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def tokens(login, upstream, clock):
    return ClientCredentials(
        endpoint="azure-kr",
        url=f"{login.origin}/t/oauth2/v2.0/token",
        client_id="app",
        client_secret="s&cret",
        scope="scope/.default",
        upstream=upstream,
        clock=clock,
    )


async def test_an_application_asks_with_its_own_token(login, upstream):
    options = {"tenant": "t", "client_id": "app", "authority": login.origin + "/"}
    config = EndpointConfig(destination=HERE, url="https://bank.example", secret="s&cret", options=options)
    address = await Azure(config, upstream).address(Operation.CHAT, "m")
    assert address.headers == (("authorization", "Bearer token-1"),)
    asked = login.captured[0]
    assert asked.target == "/t/oauth2/v2.0/token"
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["app"],
        "client_secret": ["s&cret"],
        "scope": ["https://cognitiveservices.azure.com/.default"],
    }


async def test_a_token_is_fetched_once_for_all_who_wait_and_kept(login, upstream):
    login.script = Script(delay=0.05)
    one = tokens(login, upstream, Clock())
    assert set(await asyncio.gather(*(one.token() for _ in range(20)))) == {"token-1"}
    assert await one.token() == "token-1"
    assert len(login.captured) == 1


async def renewed(one, token):
    """Wait until the renewal beside the calls is done."""
    for _ in range(500):
        if await one.token() == token:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{token} did not come")


async def test_a_token_is_renewed_before_its_end(login, upstream):
    clock = Clock()
    one = tokens(login, upstream, clock)
    await one.token()
    clock.now += 3600 - 301
    assert await one.token() == "token-1"
    clock.now += 2
    assert await one.token() == "token-1", "no call waits for a renewal"
    await renewed(one, "token-2")
    assert len(login.captured) == 2


async def test_a_short_token_is_not_renewed_at_every_call(login, upstream):
    login.token_seconds = 60
    one = tokens(login, upstream, Clock())
    assert [await one.token() for _ in range(3)] == ["token-1"] * 3


async def test_during_a_renewal_all_keep_the_old_token_and_it_can_be_ended(login, upstream):
    clock = Clock()
    one = tokens(login, upstream, clock)
    await one.token()
    clock.now += 3500
    login.script = Script(delay=30)
    assert {await one.token() for _ in range(3)} == {"token-1"}
    await one.close()
    assert await one.token() == "token-1"
    await one.close()


async def test_a_refused_renewal_is_survived_while_the_old_token_lives(login, upstream):
    clock = Clock()
    one = tokens(login, upstream, clock)
    await one.token()
    login.script = Script(status=503)
    clock.now += 3500
    assert await one.token() == "token-1"
    clock.now += 200
    with pytest.raises(EndpointUnavailable, match="azure-kr"):
        await one.token()


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (Script(status=401), "invalid_request"),
        (Script(raw=b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"), "unreadable"),
        (Script(raw=b"HTTP/1.1 200 OK\r\n", cut_at=10), "upstream_cut"),
    ],
)
async def test_no_token_is_told_with_the_reason_and_without_the_secret(login, upstream, script, why):
    login.script = script
    with pytest.raises(EndpointUnavailable, match=why) as caught:
        await tokens(login, upstream, Clock()).token()
    assert "cret" not in str(caught.value)


async def test_a_caller_that_gives_up_does_not_block_the_next(login, upstream):
    login.then(Script(delay=30))
    one = tokens(login, upstream, Clock())
    first = asyncio.create_task(one.token())
    await asyncio.sleep(0.05)
    first.cancel()
    assert await asyncio.wait_for(one.token(), 2) == "token-2"
