"""The outbound allow-list, attacked: other ports, names that lead inside, names that change, redirects."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hanbok.core.values import Destination, Zone
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.azure import Azure
from hanbok.gateway.endpoints.openai_compatible import OpenaiCompatible
from hanbok.gateway.errors import UpstreamUnreachable
from hanbok.gateway.transport.egress import Doorway, Egress, EgressForbidden, inside
from hanbok.gateway.upstream import Gate, Timeouts
from hanbok.gateway.upstreams.http1 import Http1

TIMES = Timeouts(connect=2, first=2, idle=2, total=4)


def gate(host: str, port: int, *, private: bool = False, endpoint: str = "abroad") -> Gate:
    return Gate(host=host, port=port, endpoint=endpoint, private=private)


class Listener:
    def __init__(self) -> None:
        self.connections = 0
        self.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await reader.read(65536):
                writer.write(self.answer)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    one = Listener()
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()
        await server.wait_closed()


@asynccontextmanager
async def client(*gates: Gate) -> AsyncIterator[tuple[Http1, Egress]]:
    egress = Egress()
    egress.only(gates)
    one = Http1(egress=egress)
    try:
        yield one, egress
    finally:
        await one.close()


async def ask(upstream: Http1, url: str) -> bytes:
    exchange = await upstream.post(url, (), b"{}", TIMES)
    try:
        return await exchange.whole(1000)
    finally:
        exchange.close()


def answering(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names have these addresses, the last ones for good; return the list of names that were asked for."""
    asked: list[str] = []

    async def lookup(_loop: object, host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        addresses = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(type(asyncio.get_running_loop()), "getaddrinfo", lookup)
    return asked


async def test_only_a_registered_host_and_port_is_reached() -> None:
    async with listening() as here, listening() as other, client(gate("127.0.0.1", here.port)) as (one, _):
        assert await ask(one, f"http://127.0.0.1:{here.port}/v1") == b"ok"
        for url in (
            f"http://127.0.0.1:{other.port}/v1",
            f"http://127.0.0.2:{here.port}/v1",
            f"http://localhost:{here.port}/v1",
            f"http://127.0.0.1.evil.test:{here.port}/",
            "http://169.254.169.254/latest/meta-data",
        ):
            with pytest.raises(EgressForbidden):
                await ask(one, url)
        assert (here.connections, other.connections) == (1, 0)


async def test_an_empty_list_lets_nothing_out() -> None:
    async with listening() as here, client() as (one, _):
        with pytest.raises(EgressForbidden):
            await ask(one, f"http://127.0.0.1:{here.port}/")
        assert here.connections == 0


async def test_a_kept_connection_of_a_place_that_was_taken_off_is_not_used() -> None:
    async with listening() as here, client(gate("127.0.0.1", here.port)) as (one, egress):
        assert await ask(one, f"http://127.0.0.1:{here.port}/") == b"ok"
        egress.only([])
        with pytest.raises(EgressForbidden):
            await ask(one, f"http://127.0.0.1:{here.port}/")


INSIDE = (
    "127.0.0.1 10.0.0.5 192.168.1.1 172.16.0.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 "
    "::1 fe80::1%eth0 fd00::1 ::ffff:10.0.0.5 64:ff9b::a00:5 2002:a00:5::"
)


@pytest.mark.parametrize("address", INSIDE.split())
def test_an_address_inside_is_known_in_any_clothes(address: str) -> None:
    assert inside(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_a_public_address_is_not_inside(address: str) -> None:
    assert not inside(address)


async def test_a_name_that_leads_inside_is_refused_unless_its_endpoint_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with listening() as here:
        answering(monkeypatch, ["127.0.0.1"])
        async with client(gate("model.test", here.port)) as (one, _):
            with pytest.raises(EgressForbidden, match="inside the network"):
                await ask(one, f"http://model.test:{here.port}/")
            assert here.connections == 0
        async with client(gate("model.test", here.port, private=True)) as (one, _):
            assert await ask(one, f"http://model.test:{here.port}/") == b"ok"


async def test_the_address_that_was_checked_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers with a public address first and with an inside one a moment later gains nothing."""
    async with listening() as here, client(gate("rebinding.test", here.port)) as (one, _):
        asked = answering(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
        connected: list[str] = []

        async def connect(
            _loop: object, _factory: Callable[[], object], host: str, *_: object, **__: object
        ) -> None:
            connected.append(host)
            raise OSError("no route")

        monkeypatch.setattr(type(asyncio.get_running_loop()), "create_connection", connect)
        with pytest.raises(UpstreamUnreachable):
            await ask(one, f"http://rebinding.test:{here.port}/")
        assert (asked, connected) == (["rebinding.test"], ["8.8.8.8"])
        with pytest.raises(EgressForbidden):
            await ask(one, f"http://rebinding.test:{here.port}/")
        assert connected == ["8.8.8.8"]
        assert here.connections == 0


async def test_of_several_addresses_only_the_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with client(gate("mixed.test", 443)) as (_, egress):
        answering(monkeypatch, ["10.0.0.1", "8.8.8.8", "127.0.0.1"])
        from hanbok.gateway.transport.origin import opening  # noqa: PLC0415 - used once

        assert await egress.addresses(opening("https://mixed.test/v1", ())[0]) == ["8.8.8.8"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_an_answer_and_not_followed(status: int) -> None:
    async with listening() as here, listening() as other:
        both = (gate("127.0.0.1", here.port), gate("127.0.0.1", other.port))
        where = f"http://127.0.0.1:{other.port}/".encode()
        here.answer = b"HTTP/1.1 %d Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % (status, where)
        async with client(*both) as (one, _):
            exchange = await one.post(f"http://127.0.0.1:{here.port}/", (), b"{}", TIMES)
            assert exchange.status == status
            await exchange.whole(10)
            exchange.close()
        assert other.connections == 0


def config(name: str, url: str, *, private: bool = False, **options: str) -> EndpointConfig:
    place = Destination(endpoint=name, country="US", zone=Zone.FOREIGN, operator="o")
    return EndpointConfig(destination=place, url=url, secret="s", options=options, private=private)


def test_an_endpoint_names_its_places_when_it_is_built_and_they_go_with_it() -> None:
    egress = Egress()
    upstream = Http1(egress=egress)
    plain, azure = Doorway(upstream), Doorway(upstream)
    OpenaiCompatible(config("a", "https://model.test/v1"), plain)
    Azure(config("b", "https://x.openai.test:8443", private=True, tenant="t", client_id="c"), azure)
    assert [(one.host, one.port, one.endpoint, one.private) for one in egress.gates] == [
        ("login.microsoftonline.com", 443, "b", True),
        ("model.test", 443, "a", False),
        ("x.openai.test", 8443, "b", True),
    ]
    egress.only(plain.gates)
    assert [one.host for one in egress.gates] == ["model.test"]
