"""Limits that machines share, in a Redis behind Sentinels and in a cluster of Redis."""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hanbok.core.errors import HanbokError
from hanbok.policy.errors import LimitsUnavailable
from hanbok.policy.key import Key
from hanbok.policy.ledger import BudgetExceeded
from hanbok.policy.shared.at import At
from hanbok.policy.shared.server import Server
from hanbok.store.database import Store
from policy.test_shared_gate import Machine, key, left_of
from redis_several import ClusterStand, SentinelStand

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def sentinels() -> Iterator[SentinelStand]:
    with SentinelStand() as stand:
        yield stand


@pytest.fixture(scope="module")
def cluster() -> Iterator[ClusterStand]:
    with ClusterStand() as stand:
        yield stand


async def said(**settings: str) -> str:
    """Ask once; return the state, or the code and text of what was raised."""
    server = None
    try:
        server = Server(At(patience=1, **settings))
        await server.meet()
        return (await server.ask("look", machine="m", log="", lease=1, grace=1))[0].decode()
    except HanbokError as error:
        return f"{error.code}: {error}"
    finally:
        if server is not None:
            await server.close()


async def test_what_is_wrong_with_sentinels_is_told_by_its_name(sentinels: SentinelStand) -> None:
    s = sentinels
    nobody = {"sentinel_username": "", "sentinel_password": ""}
    cases = (
        ({}, "unseeded"),
        # Two of three Sentinels are enough, and one that is not there.
        ({"url": f"rediss+sentinel://127.0.0.1:1,127.0.0.1:{s.sentinels[2].port}/{s.NAME}"}, "unseeded"),
        ({"password": "x"}, "limits_login_refused: the Redis .* invalid username-password"),
        ({"sentinel_password": "x"}, "limits_login_refused: the Sentinel .* invalid username-password"),
        (nobody, "limits_login_refused: the Sentinel .* Authentication required"),
        ({"url": s.url(*s.sentinels, name="other")}, "limits_master_unknown: .* other"),
        ({"url": s.url(s.master)} | nobody, "limits_kind_wrong"),
        ({"url": f"rediss+cluster://127.0.0.1:{s.master.port}"}, "limits_kind_wrong"),
        ({"authorities": f"{s.folder}/another"}, "limits_tls_failed: .* self-signed certificate"),
        ({"certificate": "", "key": ""}, "limits_tls_failed: .*CERTIFICATE_REQUIRED"),
        ({"certificate": "/nowhere"}, "limits_tls_failed: .* /nowhere: No such file"),
        ({"authorities": f"{s.folder}/key"}, f"limits_tls_failed: .* {s.folder}/key"),
        ({"url": f"rediss+sentinel://127.0.0.1:1/{s.NAME}"}, "limits_unavailable"),
    )
    for wrong, told in cases:
        found, tries = await said(**s.settings | wrong), 1
        # A server may hang up before what it says of our certificate is read: it is asked again, as a counter does.
        while found.startswith("limits_unavailable") and not re.match(told, found) and tries < 5:
            found, tries = await said(**s.settings | wrong), tries + 1
        assert re.match(told, found), (wrong, found)
        assert s.password not in found
        assert s.SENTINEL_PASSWORD not in found


async def test_what_is_wrong_with_a_cluster_is_told_by_its_name(cluster: ClusterStand) -> None:
    another = next(one for one in cluster.nodes if one not in (cluster.master, cluster.replica))
    cases = (
        ({}, "unseeded"),
        ({"url": f"redis+cluster://127.0.0.1:1,127.0.0.1:{another.port}"}, "unseeded"),
        ({"password": "x"}, "limits_login_refused: the Redis .* invalid username-password"),
        ({"url": f"redis://127.0.0.1:{another.port}"}, "limits_kind_wrong"),
        (
            {"prefix": "other"},
            "limits_login_refused: the Redis .* ACL|limits_login_refused: the Redis .* key",
        ),
        ({"url": "redis+cluster://127.0.0.1:1"}, "limits_unavailable"),
    )
    for wrong, told in cases:
        found = await said(**cluster.settings | wrong)
        assert re.match(told, found), (wrong, found)


class Load:
    """Calls of one key at one machine, one after another, each at most 7 won and in the end 5."""

    def __init__(self, machine: Machine, one: Key) -> None:
        self.machine, self.key = machine, one
        self.done = self.refused = self.resumed = 0

    async def run(self) -> None:
        """Return when the budget is used up."""
        while True:
            try:
                call = await self.machine.call(self.key, 7)
            except LimitsUnavailable:
                self.refused += 1
                await asyncio.sleep(0.02)
                continue
            except BudgetExceeded:
                return
            await asyncio.sleep(0.002)
            call.end(5)
            self.done += 1
            self.resumed += self.refused > 0


@pytest.mark.parametrize("kind", ["sentinels", "cluster"])
async def test_a_master_that_is_killed_under_load_costs_no_won_and_no_restart(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    stand: SentinelStand | ClusterStand = request.getfixturevalue(kind)
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    at = At(patience=1, lease=2, **stand.settings)
    a, b, lenient = (Machine(tmp_path / name, store, at, lenient=name == "c") for name in "abc")
    await asyncio.gather(*(one.start() for one in (a, b, lenient)))
    for one in (a, b, lenient):
        await asyncio.wait_for(one.sharing._counter.there.wait(), 10)
    paid, free = key("paid", won_per_day=3000), key("free", won_per_day=10**6)
    before, across = await a.call(paid, 100), await b.call(paid, 200)
    loads = [Load(one, paid) for one in (a, a, b, b)]
    tasks = [asyncio.create_task(one.run()) for one in loads]
    while sum(one.done for one in loads) < 200:  # noqa: ASYNC110 - no event tells it
        await asyncio.sleep(0.01)
    stand.master.kill()
    before.end(30)
    uncounted = 0
    while not all(one.resumed for one in loads) and not all(one.done() for one in tasks):
        (await lenient.call(free, 7)).end(5)
        uncounted += 1
        await asyncio.sleep(0.05)
    across.end(40)
    async with asyncio.timeout(30):
        await asyncio.gather(*tasks)
    assert all(one.refused for one in loads)
    assert any(one.resumed for one in loads)
    spent = sum(one.done for one in loads) * 5 + 30 + 40
    assert await left_of(b, paid) == 3000 - spent < 7
    await asyncio.wait_for(lenient.sharing._counter._told.wait(), 10)
    assert await left_of(a, free) == 10**6 - 5 * uncounted
    for one in (a, b, lenient):
        await one.stop()
    store.close()
