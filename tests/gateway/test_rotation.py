"""Several keys of one provider: used in turn, one that is refused rests, the others go on."""

import pytest

from hanbok.core.values import Destination, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints.openai import Openai
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.rotation import Rotation, endpoint_of
from hanbok.gateway.upstreams.http1 import Http1

HERE = Destination(endpoint="far", country="US", zone=Zone.FOREIGN, operator="Example")


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rotation(clock):
    kinds = [Openai(EndpointConfig(destination=HERE, secret=name), Http1()) for name in "abc"]
    return Rotation(kinds, clock)


async def ask(rotation):
    address = await rotation.address(Operation.CHAT, "m")
    assert address.keys == 3
    return address


def key(address):
    return dict(address.headers)["authorization"].removeprefix("Bearer ")


async def keys(rotation, number=6):
    return {key(await ask(rotation)) for _ in range(number)}


async def test_all_are_used_alike_and_told_apart_without_being_told(rotation):
    asked = [await ask(rotation) for _ in range(6)]
    assert sorted(map(key, asked)) == ["a", "a", "b", "b", "c", "c"]
    assert {address.key for address in asked} == {"1 of 3", "2 of 3", "3 of 3"}


@pytest.mark.parametrize(
    ("status", "retry_after", "seconds"),
    [(429, "7", 7), (429, "", 10), (429, "999999", 300), (401, "", 300), (402, "", 300), (403, "", 300)],
)
async def test_a_refused_key_rests_alone_and_comes_back(rotation, clock, status, retry_after, seconds):
    address = await ask(rotation)
    assert address.refused(status, retry_after) is True
    clock.now += seconds - 0.1
    assert await keys(rotation) == set("abc") - {key(address)}
    clock.now += 0.2
    assert await keys(rotation) == set("abc")


@pytest.mark.parametrize("status", [400, 404, 500, 503])
async def test_what_another_key_would_be_told_too_takes_none_out(rotation, status):
    address = await ask(rotation)
    assert address.refused(status, "") is False
    assert await keys(rotation) == set("abc")


async def test_where_all_rest_the_first_to_be_back_is_asked(rotation, clock):
    asked = {key(address): address for address in [await ask(rotation) for _ in range(3)]}
    assert [asked[name].refused(429, wait) for name, wait in (("a", "50"), ("b", "20"), ("c", "90"))] == [
        True,
        True,
        False,
    ]
    assert await keys(rotation) == {"b"}
    clock.now += 60
    assert await keys(rotation) == {"a", "b"}


async def test_one_key_needs_no_rotation():
    config = EndpointConfig(destination=HERE, secret="a")
    assert isinstance(endpoint_of(Openai, config, Http1()), Openai)


class Revoked(Openai):
    """A key whose provider gives it no token any more."""

    async def address(self, operation, model):  # noqa: ARG002
        raise EndpointUnavailable(endpoint="far", why=self._name)


def with_dead(names, dead, clock):
    made = []
    for name in names:
        config = EndpointConfig(destination=HERE, secret=name)
        made.append((Revoked if name in dead else Openai)(config, Http1()))
        made[-1]._name = name
    return Rotation(made, clock)


async def test_a_key_without_an_address_rests_and_the_next_one_asks(clock):
    rotation = with_dead("abc", "b", clock)
    addresses = [await ask(rotation) for _ in range(6)]
    assert {key(one) for one in addresses} == {"a", "c"}
    assert [one.until for one in rotation._keys] == [0, 1300, 0]


async def test_where_no_key_has_an_address_the_failure_is_told_and_none_rests(clock):
    rotation = with_dead("abc", "abc", clock)
    with pytest.raises(EndpointUnavailable):
        await ask(rotation)
    assert not any(one.until for one in rotation._keys)
