"""The lean client over TLS: whom it trusts, and that it asks once a life."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta

import pytest
import trustme
import uvloop

from hanbok.core.values import Destination, Language, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.openai_compatible import OpenaiCompatible
from hanbok.gateway.errors import UpstreamCut, UpstreamUnreachable
from hanbok.gateway.upstream import Timeouts
from hanbok.gateway.upstreams.http1 import Http1
from hanbok.testing.scripted import Script, ScriptedModel

BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
QUICK = Timeouts(connect=2, first=2, idle=2, total=5)
PAST = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusted(authority, tmp_path):
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    return file


def server_context(authority, name="127.0.0.1", **options):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, **options).configure_cert(context)
    return context


async def ask(model, authorities, times=1):
    upstream = Http1()
    for origin, file in authorities.items():
        upstream.trust(f"{origin}/v1", file)
    try:
        for _ in range(times):
            exchange = await upstream.post(f"{model.url}/chat/completions", (), BODY, QUICK)
            body = await exchange.whole(1 << 20)
            await asyncio.sleep(0.01)
        return body, len(upstream._reach.trust._contexts)
    finally:
        await upstream.close()


async def until(seen):
    for _ in range(100):
        if seen():
            return
        await asyncio.sleep(0.01)
    pytest.fail("not within a second")


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_trusted_server_is_asked_over_one_connection_with_one_context(authority, trusted, factory):
    async def main():
        async with ScriptedModel(Script(say="한복"), tls=server_context(authority)) as model:
            body, contexts = await ask(model, {model.origin: trusted}, times=4)
            assert "한복".encode() in body
            assert (contexts, model.connections) == (1, 1)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())


async def test_a_server_of_an_unknown_authority_is_refused_before_anything_is_sent(authority):
    async with ScriptedModel(tls=server_context(authority)) as model:
        with pytest.raises(UpstreamUnreachable, match="certificate is refused"):
            await ask(model, {})
        assert model.captured == []


async def test_an_authority_is_trusted_for_its_own_origin_only(authority, trusted):
    async with ScriptedModel(tls=server_context(authority)) as model:
        with pytest.raises(UpstreamUnreachable, match="certificate is refused"):
            await ask(model, {"https://127.0.0.1:1": trusted})


@pytest.mark.parametrize(
    ("name", "options", "why"),
    [
        ("127.0.0.1", {"not_before": PAST, "not_after": PAST + timedelta(days=1)}, "expired"),
        ("other.example", {}, "mismatch|not valid for"),
    ],
)
async def test_an_expired_or_foreign_certificate_is_refused_with_the_reason(
    authority, trusted, name, options, why
):
    async with ScriptedModel(tls=server_context(authority, name, **options)) as model:
        with pytest.raises(UpstreamUnreachable, match=why):
            await ask(model, {model.origin: trusted})
        assert model.captured == []


async def test_a_server_that_speaks_no_tls_is_refused():
    async def plain(reader, writer):
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        upstream = Http1()
        with pytest.raises(UpstreamUnreachable, match="TLS failed"):
            await upstream.post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/", (), BODY, QUICK)
        await upstream.close()


async def test_a_missing_file_of_authorities_is_told(authority, tmp_path):
    async with ScriptedModel(tls=server_context(authority)) as model:
        with pytest.raises(UpstreamUnreachable, match="CA certificates") as caught:
            await ask(model, {model.origin: tmp_path / "none.pem"})
        assert caught.value.say(Language.KO).endswith(
            "연결하지 못했습니다: CA 인증서 파일을 읽을 수 없습니다"
        )


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("reset", [False, True])
def test_a_sized_answer_cut_under_tls_is_never_taken_for_whole(authority, trusted, factory, reset):
    async def main():
        raw = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world"
        async with ScriptedModel(tls=server_context(authority)) as model:
            for at in (0, 10, len(raw) - 1):
                model.then(Script(raw=raw, cut_at=at, reset=reset))
                with pytest.raises(UpstreamCut):
                    await ask(model, {model.origin: trusted})

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_server_that_never_greets_runs_out_of_connect_time(factory):
    async def main():
        over = asyncio.Event()

        async def silent(reader, writer):
            await reader.read()
            writer.close()
            over.set()

        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            upstream = Http1()
            with pytest.raises(UpstreamUnreachable, match=r"no connection within 0\.3 s"):
                await upstream.post(url, (), BODY, Timeouts(connect=0.3))
            await upstream.close()
            await asyncio.wait_for(over.wait(), 2)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_caller_that_gives_up_under_tls_stops_the_provider(authority, trusted, factory):
    async def main():
        async with ScriptedModel(Script(delay=30), tls=server_context(authority)) as model:
            task = asyncio.create_task(ask(model, {model.origin: trusted}))
            await until(lambda: model.captured)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await until(lambda: model.cancelled)

    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main())


async def test_an_endpoint_names_its_own_authority_and_a_new_file_counts_at_once(
    authority, trusted, tmp_path
):
    destination = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
    upstream = Http1()
    async with ScriptedModel(Script(say="한복"), tls=server_context(authority)) as model:
        for file, accepted in ((tmp_path / "none.pem", False), (trusted, True)):
            config = EndpointConfig(destination=destination, url=model.url, options={"ca_file": str(file)})
            address = await OpenaiCompatible(config, upstream).address(Operation.CHAT, "m")
            try:
                exchange = await upstream.post(f"{address.url}/chat/completions", (), BODY, QUICK)
                assert accepted
                assert "한복".encode() in await exchange.whole(1 << 20)
            except UpstreamUnreachable:
                assert not accepted
    await upstream.close()
