"""The addresses of what counts for all machines."""

import pytest

from hanbok.policy.shared.address import Address, parse


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("redis://h:1/0", Address(kind="server", tls=False, login=False)),
        ("rediss://:p@h", Address(kind="server", tls=True, login=True)),
        ("unix:///run/redis.sock", Address(kind="server", tls=False, login=False)),
        (
            "redis+sentinel://a,b:5,[::1]:6,[::2]/mymaster",
            Address(
                kind="sentinel",
                tls=False,
                login=False,
                nodes=(("a", 26379), ("b", 5), ("::1", 6), ("::2", 26379)),
                master="mymaster",
            ),
        ),
        (
            "rediss+sentinel://user:p%40@/:?@a/m%20n/3",
            Address(
                kind="sentinel",
                tls=True,
                login=True,
                username="user",
                password="p@@/:?",
                nodes=(("a", 26379),),
                master="m n",
                database=3,
            ),
        ),
        (
            "rediss+cluster://:p@a,b:7000",
            Address(kind="cluster", tls=True, login=True, password="p", nodes=(("a", 6379), ("b", 7000))),
        ),
    ],
)
def test_addresses_are_read(url: str, read: Address) -> None:
    assert parse(url) == read


@pytest.mark.parametrize(
    "url",
    [
        "http://:hidden@h",
        "hidden",
        "redis+sentinel://:hidden@a,b",
        "redis+sentinel://:hidden@a,b/",
        "redis+sentinel://:hidden@a,b/m/x",
        "redis+sentinel://:hidden@a,,b/m",
        "redis+cluster://:hidden@a/1",
        "redis+cluster://:hidden@",
        "redis+cluster://:hidden@a:0",
        "redis+cluster://:hidden@a:65536",
        "redis+cluster://:hidden@a:x",
        "redis+cluster://:hidden@a?x=1",
    ],
)
def test_addresses_that_are_none_are_told_without_what_they_hold(url: str) -> None:
    with pytest.raises(ValueError, match="address") as caught:
        parse(url)
    assert "hidden" not in str(caught.value)
