"""Who the client is behind proxies, and that nobody else may say so."""

import asyncio
from collections.abc import Mapping

import pytest

from hanbok.http.forwarded import Forwarding
from hanbok.http.inbound import Inbound
from hanbok.http.server import Server
from hanbok.settings.server import Proxies, ServerSettings

OURS = ("10.0.0.0/24", "2001:db8:1::/48", "192.0.2.7")


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("10.0.0.9", "203.0.113.5", "203.0.113.5"),
        ("10.0.0.9", "203.0.113.5:4711", "203.0.113.5"),
        ("10.0.0.9", "[2001:db8:2::5]:4711", "2001:db8:2::5"),
        ("10.0.0.9", "2001:DB8:2:0::5", "2001:db8:2::5"),
        ("10.0.0.9", "::ffff:203.0.113.5", "203.0.113.5"),
        ("2001:db8:1::9", "203.0.113.5", "203.0.113.5"),
        # Proxies behind proxies are passed over; what stands before the first stranger is what it made up.
        ("10.0.0.9", "198.51.100.1, 203.0.113.5, 192.0.2.7", "203.0.113.5"),
        ("10.0.0.9", "10.0.0.1, 10.0.0.2", "10.0.0.1"),
        # Nobody else may say anything.
        ("203.0.113.5", "198.51.100.1", "203.0.113.5"),
        ("10.0.1.9", "198.51.100.1", "10.0.1.9"),
        # What is no address says nothing, and hides nothing behind it.
        ("10.0.0.9", "", "10.0.0.9"),
        ("10.0.0.9", "unknown", "10.0.0.9"),
        ("10.0.0.9", "198.51.100.1, 203.0.113.999", "10.0.0.9"),
        ("10.0.0.9", "198.51.100.1,", "10.0.0.9"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_nearest_address_that_is_no_proxy_is_the_client(peer: str, told: str, client: str) -> None:
    forwarding = Forwarding(Proxies(trusted=OURS))
    assert forwarding.client(peer, {"x-forwarded-for": told, "forwarded": "for=198.51.100.77"}) == client


@pytest.mark.parametrize(
    ("told", "client"),
    [
        ("for=203.0.113.5", "203.0.113.5"),
        ('For="[2001:db8:2::5]:4711"; proto=https;by=10.0.0.9', "2001:db8:2::5"),
        ("for=198.51.100.1, for=203.0.113.5;host=h , for=192.0.2.7", "203.0.113.5"),
        # A host that a client chose is quoted, and never read as another proxy's word.
        ('for=203.0.113.5;host="x, for=198.51.100.1;y="', "203.0.113.5"),
        ('for=203.0.113.5;host="x\\", for=198.51.100.1"', "203.0.113.5"),
        ('proto=https;host="x;for=198.51.100.1";for=203.0.113.5', "203.0.113.5"),
        ('host="for=198.51.100.1"', "10.0.0.9"),
        ('host="x;for=198.51.100.1"', "10.0.0.9"),
        ("xfor=198.51.100.1", "10.0.0.9"),
        ("for=_hidden", "10.0.0.9"),
        ("for=unknown", "10.0.0.9"),
        ('for=", for=203.0.113.5', "10.0.0.9"),
        ("198.51.100.1", "10.0.0.9"),
        ("," * 60_000 + "for=203.0.113.5", "10.0.0.9"),  # reading it would take a fifth of a second
        ("for=198.51.100.1, " * 200 + "for=203.0.113.5", "203.0.113.5"),
    ],
)
def test_the_header_of_the_standard_is_read_too(told: str, client: str) -> None:
    forwarding = Forwarding(Proxies(trusted=OURS, header="forwarded"))
    assert forwarding.client("10.0.0.9", {"forwarded": told, "x-forwarded-for": "198.51.100.77"}) == client


@pytest.mark.parametrize("network", ["10.0.0.1/24", "proxy.example", ""])
def test_what_is_no_network_is_a_problem_of_the_file(network: str) -> None:
    with pytest.raises(ValueError, match=r"host bits|not appear"):
        Proxies(trusted=(network,))


async def tell(inbound: Inbound) -> None:
    await inbound.reply(200, [], inbound.peer.encode())


async def peer_of(settings: Mapping[str, object], *lines: str) -> list[bytes]:
    """Return whom a server takes for the client of two requests on one connection, with and without the lines."""
    server = Server(tell, ServerSettings(port=0, **settings))
    await server.listen()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for extra in (lines, ("connection: close",)):
            writer.write("\r\n".join(("GET / HTTP/1.1", "host: h", *extra, "", "")).encode())
        got = await reader.read()
        writer.close()
    finally:
        await server.close()
    return [part.partition(b"\r\n\r\n")[2] for part in got.split(b"HTTP/1.1 200 OK\r\n")[1:]]


async def test_a_server_takes_the_word_of_its_proxies_only() -> None:
    told = ("X-Forwarded-For: 198.51.100.1", "x-forwarded-for: 203.0.113.5")
    believed = {"proxies": Proxies(trusted=("127.0.0.0/8",))}
    assert await peer_of(believed, *told) == [b"203.0.113.5", b"127.0.0.1"]
    assert await peer_of({"proxies": Proxies(trusted=OURS)}, *told) == [b"127.0.0.1"] * 2
    assert await peer_of({}, *told) == [b"127.0.0.1"] * 2
