"""The gate that machines share: against the gate of one process, and against a Redis that fails in every way."""

import asyncio
import random
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hanbok.core.clock import now, stamp
from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal
from hanbok.evidence.entry import Act, Intent, Outcome
from hanbok.evidence.journal import Journal, Options
from hanbok.policy.books import Books
from hanbok.policy.errors import ConcurrencyExceeded, LimitsUnavailable, RateLimited, TokenRateLimited
from hanbok.policy.gate import Here, Hold
from hanbok.policy.key import Key, Limits
from hanbok.policy.ledger import BudgetExceeded, Ledger, day_of
from hanbok.policy.limits import Limiter
from hanbok.policy.shared import counter
from hanbok.policy.shared.at import At
from hanbok.policy.shared.server import Server
from hanbok.policy.shared.sharing import Sharing
from hanbok.policy.spending import all_spent
from hanbok.store.database import Store
from redis_stand import RedisStand

pytestmark = pytest.mark.slow

_numbers = count()


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisStand]:
    with RedisStand() as redis:
        yield redis


def key(name: str = "k", **limits: int) -> Key:
    return Key(id=name, digest="", principal=Principal(organisation="o", key=name), limits=Limits(**limits))


class Machine:
    """One machine: its log, its books, its gate; the table is shared."""

    def __init__(self, folder: Path, store: Store, at: At, *, lenient: bool = False) -> None:
        self.folder, self.store, self.at, self.lenient = folder, store, at, lenient
        self.log: Journal
        self.books: Books
        self.sharing: Sharing

    async def start(self) -> "Machine":
        self.log = Journal.open(self.folder)
        await self.log.append(Act(at=stamp(), actor="t", verb="settings", object="in force"))
        self.books = await Books.open(self.store, self.log, lambda _: Limits())
        self.sharing = Sharing(self.at, self.log, self.store, lambda _: Limits(), lenient=self.lenient)
        await self.sharing.begin()
        return self

    async def enter(self, one: Key, worst: int, call: str = "", tokens: int = 0) -> tuple[str, Hold]:
        call = call or f"c{next(_numbers)}"
        return call, await self.sharing.calls.enter(call, one, "m", worst, tokens)

    async def call(self, one: Key, worst: int) -> "Call":
        call, hold = await self.enter(one, worst)
        at, who = stamp(), {"organisation": "o", "key": one.id}
        await self.log.append(
            Intent(
                at=at,
                call=call,
                route="/",
                model="m",
                grade="O",
                digest="",
                plan=(),
                policy="p",
                reserved=worst,
                **who,
            )
        )
        return Call(self, call, hold, who)

    async def die(self) -> None:
        """Leave everything as it is, as a kill does."""
        self.sharing._counter._task.cancel()
        await self.sharing._counter._server.close()
        await asyncio.to_thread(self.log.close)

    async def stop(self) -> None:
        await asyncio.to_thread(self.books.flush)
        await self.sharing.close()
        await asyncio.to_thread(self.log.close)


class Call:
    def __init__(self, machine: Machine, call: str, hold: Hold, who: dict[str, str]) -> None:
        self.machine, self.call, self.hold, self.who = machine, call, hold, who

    def end(self, cost: int) -> None:
        self.machine.log.post(Outcome(at=stamp(), call=self.call, status="completed", cost=cost, **self.who))
        self.hold.leave(cost)


@pytest.fixture
async def machines(redis: RedisStand, tmp_path: Path) -> AsyncIterator[tuple[Machine, Machine]]:
    at = At(url=redis.url, prefix=f"t{next(_numbers)}", patience=1.5, lease=3)
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    both = [Machine(tmp_path / name, store, at) for name in "ab"]
    await asyncio.gather(*(one.start() for one in both))
    yield both[0], both[1]
    for one in both:
        await one.stop()
    store.close()


async def left_of(machine: Machine, one: Key) -> int:
    """Find by asking how much of a key's budget is left."""
    low, high = 0, 1 << 20
    while low < high:
        middle = (low + high + 1) // 2
        try:
            (await machine.enter(one, middle))[1].leave(0)
        except BudgetExceeded:
            high = middle - 1
        else:
            low = middle
    return low


async def test_two_machines_have_one_budget_one_rate_and_one_number_of_slots(machines) -> None:
    a, b = machines
    paid, slow, narrow = key("p", won_per_day=100), key("r", requests_per_minute=3), key("s", concurrency=2)
    first = await a.call(paid, 60)
    with pytest.raises(BudgetExceeded) as caught:
        await b.enter(paid, 41)
    assert caught.value.facts["budget"] == "key.won_per_day"
    first.end(10)
    assert await left_of(b, paid) == 90
    for one in (a, b, a):
        (await one.enter(slow, 0))[1].leave(0)
    with pytest.raises(RateLimited) as limited:
        await b.enter(slow, 0)
    assert limited.value.facts["limit"] == 3
    assert 55 <= int(str(limited.value.facts["retry_after"])) <= 60
    holds = [(await one.enter(narrow, 0))[1] for one in (a, b)]
    for one in (a, b):
        with pytest.raises(ConcurrencyExceeded):
            await one.enter(narrow, 0)
    holds[1].leave(0)
    (await a.enter(narrow, 0))[1].leave(0)


async def test_many_at_once_are_let_in_to_the_last_won_and_no_further(machines) -> None:
    paid = key("many", won_per_month=1000)
    ends = await asyncio.gather(
        *(one.enter(paid, 7) for one in machines for _ in range(150)), return_exceptions=True
    )
    assert sum(isinstance(one, tuple) for one in ends) == 1000 // 7
    assert {type(one) for one in ends} == {tuple, BudgetExceeded}


async def test_a_call_that_nobody_waits_for_any_more_holds_nothing(machines) -> None:
    a, b = machines
    paid = key("gone", won_per_day=100, concurrency=1)
    for turns in range(8):
        task = asyncio.create_task(a.enter(paid, 100))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        done = await asyncio.gather(task, return_exceptions=True)
        if isinstance(done[0], tuple):
            done[0][1].leave(0)
    await a.sharing._counter._told.wait()
    assert await left_of(b, paid) == 100


async def test_what_redis_lost_is_put_together_again_to_the_won(machines, redis: RedisStand) -> None:
    a, b = machines
    paid, slow = key("lost", won_per_day=1000, concurrency=3), key("slow", requests_per_minute=4)
    (await a.call(paid, 100)).end(30)
    await asyncio.to_thread(a.books.flush)  # in the table
    (await a.call(paid, 100)).end(20)  # in a log only
    open_a, open_b = await a.call(paid, 200), await b.call(paid, 50)
    for one in (a, b, a):
        (await one.enter(slow, 0))[1].leave(0)
    metered = key("metered", tokens_per_minute=100)
    for tokens, used in ((50, 20), (10, None), (10, 0)):
        (await a.enter(metered, 0, tokens=tokens))[1].leave(0, used)
    (_, still), (_, ending) = [await b.enter(metered, 0, tokens=tokens) for tokens in (30, 10)]
    redis.kill()
    open_b.end(40)  # while it is away
    ending.leave(0, 15)
    redis.start()
    async with asyncio.timeout(10):
        while True:
            try:
                assert await left_of(b, paid) == 1000 - 30 - 20 - 200 - 40
                break
            except LimitsUnavailable:
                continue
    # A slot is held by the call that is still open, and by none else; the minute's calls are remembered.
    more = [(await one.enter(paid, 0))[1] for one in (a, b)]
    with pytest.raises(ConcurrencyExceeded):
        await a.enter(paid, 0)
    open_a.end(1)
    for one in more:
        one.leave(0)
    # Used 20, 10 and 15, and held 30.
    with pytest.raises(TokenRateLimited):
        await a.enter(metered, 0, tokens=26)
    (await a.enter(metered, 0, tokens=25))[1].leave(0, 0)
    still.leave(0, 0)
    with pytest.raises(TokenRateLimited):
        await b.enter(metered, 0, tokens=56)
    await b.enter(metered, 0, tokens=55)
    (await b.enter(slow, 0))[1].leave(0)
    with pytest.raises(RateLimited):
        await a.enter(slow, 0)
    assert await left_of(a, paid) == 1000 - 30 - 20 - 1 - 40


async def test_what_a_file_brings_back_is_not_believed(redis: RedisStand, tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    with RedisStand("--appendonly", "no") as mine:
        a = await Machine(tmp_path / "a", store, At(url=mine.url, lease=3)).start()
        paid = key("file", won_per_day=1000)
        (await a.call(paid, 100)).end(100)
        assert await left_of(a, paid) == 900
        assert mine.said("SAVE") == "OK"
        (await a.call(paid, 100)).end(100)
        assert await left_of(a, paid) == 800
        mine.kill()
        mine.start()  # with the file, in which 100 are missing
        assert int(mine.said("DBSIZE")) > 0
        async with asyncio.timeout(10):
            while True:
                try:
                    assert await left_of(a, paid) == 800
                    break
                except LimitsUnavailable:
                    continue
        await a.stop()
    store.close()


async def test_tokens_a_minute_are_those_of_all_machines(machines) -> None:
    a, b = machines
    one = key("tokens", tokens_per_minute=100)
    ends = await asyncio.gather(
        *(on.enter(one, 0, tokens=7) for on in machines for _ in range(20)), return_exceptions=True
    )
    came = [end[1] for end in ends if isinstance(end, tuple)]
    refused = [end for end in ends if not isinstance(end, tuple)]
    assert len(came) == 14
    assert {type(end) for end in refused} == {TokenRateLimited}
    assert {end.facts["limit"] for end in refused} == {100}
    assert all(59 <= end.facts["retry_after"] <= 61 for end in refused)
    for hold in came[1:]:
        hold.leave(0, 0)
    came[0].leave(0, 60)
    await a.sharing._counter._told.wait()
    await b.sharing._counter._told.wait()
    with pytest.raises(TokenRateLimited):
        await b.enter(one, 0, tokens=41)
    (await b.enter(one, 0, tokens=40))[1].leave(0, 1000)
    with pytest.raises(TokenRateLimited):
        await a.enter(one, 0, tokens=1)
    await a.enter(one, 0)  # of no tokens
    # Of money alone it is refused, and holds no tokens.
    poor = key("poor", tokens_per_minute=100, won_per_day=1)
    with pytest.raises(BudgetExceeded):
        await a.enter(poor, 2, tokens=100)
    await b.enter(poor, 1, tokens=100)


async def test_a_machine_that_died_gives_its_slots_back_and_what_it_owed_is_paid_once(
    redis: RedisStand, tmp_path: Path
) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    at = At(url=redis.url, prefix="dead", lease=1.2)
    a, b = [await Machine(tmp_path / name, store, at).start() for name in "ab"]
    one = key("d", won_per_day=1000, concurrency=2)
    await a.call(one, 100)  # crashes
    (await a.call(one, 100)).end(60)
    await a.enter(one, 300)  # came in, and never left for a model
    await a.sharing._counter._told.wait()
    with pytest.raises(ConcurrencyExceeded):
        await b.enter(one, 0)
    await a.die()
    async with asyncio.timeout(5):
        while True:
            try:
                (await b.enter(one, 0))[1].leave(0)
                break
            except ConcurrencyExceeded:
                await asyncio.sleep(0.05)
    # Until its log says what became of its calls, all that they held stays held.
    assert await left_of(b, one) == 1000 - 100 - 60 - 300
    await a.start()
    await asyncio.to_thread(a.books.flush)
    await a.sharing._counter._told.wait()
    assert await left_of(b, one) == 1000 - 100 - 60
    await a.stop()
    await b.stop()
    store.close()


async def test_tokens_without_number_are_held_so_that_the_next_process_can_read_them(
    redis: RedisStand, tmp_path: Path
) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    machine = await Machine(tmp_path / "a", store, At(url=redis.url, prefix="much", patience=1.5)).start()
    one = key("much", tokens_per_minute=10**18)
    await machine.enter(one, 0, tokens=10**18)
    await machine.die()
    await machine.start()
    assert (await machine.enter(one, 0, tokens=1))[0]
    await machine.stop()
    store.close()


async def test_redis_that_hangs_refuses_calls_in_time_and_counts_none_of_them(
    machines, redis: RedisStand
) -> None:
    a, b = machines
    one = key("h", won_per_day=100)
    held = await a.call(one, 40)
    with redis.hung():
        ends = await asyncio.gather(*(a.enter(one, 1) for _ in range(3)), return_exceptions=True)
        assert {type(end) for end in ends} == {LimitsUnavailable}
        held.end(15)
        with pytest.raises(LimitsUnavailable) as caught:  # at once: it is known to be away
            await asyncio.wait_for(a.enter(one, 1), 1)
        assert caught.value.facts["retry_after"] == 1
        assert a.sharing.unready()
    async with asyncio.timeout(10):
        while a.sharing.unready() or b.sharing.unready():  # noqa: ASYNC110 - as a load balancer asks
            await asyncio.sleep(0.02)
    assert await left_of(b, one) == 85


async def test_lenient_machines_go_on_without_it_and_tell_it_all_when_it_is_back(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    async with AsyncExitStack() as stack:
        mine = stack.enter_context(RedisStand())
        at = At(url=mine.url, patience=0.5)
        a = await Machine(tmp_path / "a", store, at, lenient=True).start()
        await asyncio.wait_for(a.sharing._counter.there.wait(), 10)
        one = key("l", won_per_day=100, concurrency=1)
        with mine.hung():
            calls = [await a.call(one, 80) for _ in range(3)]
            assert not a.sharing.unready()
        calls[0].end(30)
        await asyncio.wait_for(a.sharing._counter.there.wait(), 10)
        calls[1].end(30)
        calls[2].end(30)
        await a.sharing._counter._told.wait()
        assert await left_of(a, one) == 10
        await a.stop()
    store.close()


async def test_calls_that_came_and_went_while_redis_was_away_are_charged_once_if_its_answer_is_lost(
    redis: RedisStand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    at = At(url=redis.url, prefix=f"t{next(_numbers)}", patience=0.5)
    a = await Machine(tmp_path / "a", store, at, lenient=True).start()
    await asyncio.wait_for(a.sharing._counter.there.wait(), 10)
    one, ask, lost = key("once", won_per_day=1000), Server.ask, 0

    async def unheard(server: Server, verb: str, **asked: object) -> list[object]:
        nonlocal lost
        found = await ask(server, verb, **asked)
        if asked.get("ops") and lost < 3:
            lost += 1
            raise LimitsUnavailable(why="lost", retry_after=1)
        return found

    with redis.hung():
        await asyncio.sleep(1.2)
        for _ in range(5):
            (await a.call(one, 80)).end(30)
        monkeypatch.setattr(Server, "ask", unheard)
    await asyncio.wait_for(a.sharing._counter._told.wait(), 10)
    assert lost == 3
    assert await left_of(a, one) == 1000 - 5 * 30
    await a.stop()
    store.close()


async def test_without_the_table_nothing_begins_anew(redis: RedisStand, tmp_path: Path) -> None:
    """Redis came back empty and the database is gone: what was spent is not known."""
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    a = await Machine(tmp_path / "a", store, At(url=redis.url, prefix="nodb", patience=0.5)).start()
    await asyncio.wait_for(a.sharing._counter.there.wait(), 10)
    one = key("n", won_per_day=100)
    (await a.call(one, 10)).end(10)
    a.store = store
    (tmp_path / "hanbok.db").rename(tmp_path / "away.db")
    store.close()
    (tmp_path / "hanbok.db").mkdir()
    redis.said("FLUSHALL")
    async with asyncio.timeout(10):
        while not isinstance(
            refused := await _tried(a.sharing.calls, f"z{next(_numbers)}", one, 0), HanbokError
        ):
            refused.leave(0)
    assert refused.facts["why"] == "store_unavailable"
    (tmp_path / "hanbok.db").rmdir()
    (tmp_path / "away.db").rename(tmp_path / "hanbok.db")
    await asyncio.wait_for(a.sharing._counter.there.wait(), 10)
    assert await left_of(a, one) == 90
    await a.stop()
    store.close()


async def test_it_is_reached_by_tls_with_a_password_and_no_other_certificate_or_password_will_do(
    tmp_path: Path,
) -> None:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    issued.private_key_pem.write_to_path(tmp_path / "key.pem")
    issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    tls = ("--tls-port", str(port), "--tls-auth-clients", "no", "--requirepass", "right")
    files = ("--tls-cert-file", "cert.pem", "--tls-key-file", "key.pem", "--tls-ca-cert-file", "ca.pem")
    with RedisStand(*tls, *(str(tmp_path / one) if one.endswith(".pem") else one for one in files)):

        async def said(password: str, authorities: str) -> str:
            url = f"rediss://:{password}@localhost:{port}/0"
            server = Server(At(url=url, authorities=str(tmp_path / authorities)))
            try:
                await server.meet()
                state = (await server.ask("look", machine="m", log="", lease=1, grace=1))[0]
            except HanbokError as error:
                return error.code
            finally:
                await server.close()
            return state.decode()

        assert await said("right", "ca.pem") == "unseeded"
        assert await said("wrong", "ca.pem") == "limits_login_refused"
        assert await said("right", "other.pem") == "limits_tls_failed"


async def test_a_redis_without_memory_refuses_and_changes_nothing(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    with RedisStand() as mine:
        a = await Machine(tmp_path / "a", store, At(url=mine.url, patience=1.2)).start()
        one = key("o", won_per_day=100)
        open_call = await a.call(one, 60)
        mine.said("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(LimitsUnavailable) as caught:
            await a.enter(one, 1)
        assert caught.value.facts["why"] == "OutOfMemoryError"
        open_call.end(50)
        mine.said("CONFIG", "SET", "maxmemory", "0")
        await asyncio.wait_for(a.sharing._counter._told.wait(), 10)
        assert await left_of(a, one) == 50
        await a.stop()
    store.close()


async def test_a_machine_joins_as_what_it_was_when_it_looked_or_looks_again(redis: RedisStand) -> None:
    """Else sums that began anew in between would lack all that it spent."""
    server = Server(At(url=redis.url, prefix=f"t{next(_numbers)}"))
    await server.meet()
    common = {"machine": "m", "folder": "f", "lease": 10**6, "grace": 1, "peers": ["m"]}
    await server.ask("seed", spent=[], places=[], **common)

    async def joins(process: str, *, fresh: bool) -> bool:
        told = {"charges": [], "holds": [], "ages": [], "recent": [], "used": []}
        return (await server.ask("join", process=process, fresh=fresh, **told, **common))[0] == b"ok"

    said = [await joins("fa", fresh=fresh) for fresh in (False, True, True, False)]
    await server.close()
    assert said == [False, True, False, True]


async def test_what_was_counted_before_another_was_the_master_is_not_believed(redis: RedisStand) -> None:
    server = Server(At(url=redis.url, prefix=f"t{next(_numbers)}"))
    common = {"machine": "m", "log": "", "lease": 10**6, "grace": 1, "peers": ["m"]}
    await server.meet()
    await server.ask("seed", spent=[], places=[], **common)
    assert (await server.ask("look", **common))[0] == b"seeded"
    redis.said("REPLICAOF", "127.0.0.1", "1")
    redis.said("REPLICAOF", "NO", "ONE")  # the same process, with all its data
    assert await server.ask("look", **common) == [b"moved"]
    await server.meet()
    assert (await server.ask("look", **common))[0] == b"unseeded"
    await server.close()


async def test_logs_of_one_origin_are_two_machines_and_a_copied_folder_is_noticed(
    redis: RedisStand, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, at = (
        Store.open(f"sqlite:///{tmp_path}/hanbok.db"),
        At(url=redis.url, prefix="twin", patience=0.3, lease=2),
    )
    same = [Journal.open(tmp_path / name, Options(origin="log.example.kr")) for name in "ab"]
    names = [one.name for one in same]
    for one in same:
        one.close()
    assert names[0] != names[1]
    a = await Machine(tmp_path / "a", store, at).start()
    assert a.log.name == names[0]
    await asyncio.wait_for(a.sharing._counter.there.wait(), 10)
    shutil.copytree(tmp_path / "a", tmp_path / "copy")
    copy = Journal.open(tmp_path / "copy")
    twin = Sharing(at, copy, store, lambda _: Limits(), lenient=False)
    async with asyncio.timeout(10):
        while twin.unready() != ["limits: machine_twice"]:  # noqa: ASYNC110 - as a load balancer asks
            await asyncio.sleep(0.02)
    assert "empty one" in caplog.text
    (await a.enter(key("t"), 0))[1].leave(0)
    await a.stop()
    await asyncio.wait_for(twin._counter.there.wait(), 10)  # the first one is gone
    await twin.close()
    copy.close()
    store.close()


async def test_the_sums_of_every_day_begin_with_the_table_whatever_a_machine_s_clock_says(
    redis: RedisStand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    a = await Machine(tmp_path / "a", store, At(url=redis.url, prefix="clock", lease=2)).start()
    one = key("t", won_per_day=100, won_per_month=100)
    await asyncio.wait_for(a.sharing._counter.there.wait(), 10)
    (await a.call(one, 30)).end(30)
    await a.sharing._counter._told.wait()
    await a.log.append(Act(at=stamp(), actor="t", verb="v", object="now the outcome is durable too"))
    await asyncio.to_thread(a.books.flush)
    for days in (-1, 1):
        monkeypatch.setattr(counter, "now", lambda days=days: now() + timedelta(days=days))
        redis.said("FLUSHALL")
        await _lost_and_back(a)
        assert await left_of(a, one) == 70
    await a.stop()
    store.close()


async def _lost_and_back(a: Machine) -> None:
    process = a.sharing._counter._process
    async with asyncio.timeout(10):
        while a.sharing._counter._process == process or a.sharing.unready():  # noqa: ASYNC110 - told by nobody
            await asyncio.sleep(0.02)


async def test_a_fault_of_its_own_is_told_and_it_begins_again(
    redis: RedisStand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faults: list[Exception] = [PermissionError("segment"), TypeError("ours")]
    whole = counter.first_of

    def fails(log: Journal) -> str:
        if faults:
            raise faults.pop(0)
        return whole(log)

    monkeypatch.setattr(counter, "first_of", fails)
    monkeypatch.setattr(counter, "_PAUSE", 0.1)
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    a = await Machine(tmp_path / "a", store, At(url=redis.url, prefix="fault", patience=0.1)).start()
    await asyncio.wait_for(a.sharing._counter.there.wait(), 10)
    assert "PermissionError" in caplog.text
    assert "TypeError: ours" in caplog.text
    refusals = [a.sharing._counter._refusal() for _ in range(2)]
    assert refusals[0] is not refusals[1]
    await a.stop()
    store.close()


async def test_it_ends_when_asked_to_also_when_the_client_takes_that_for_a_lost_connection(
    redis: RedisStand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    a = await Machine(tmp_path / "a", store, At(url=redis.url, prefix="ends", patience=0.1)).start()
    asked = asyncio.Event()

    async def loses(*_: object, **__: object) -> list[object]:
        asked.set()
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            asked.clear()
        raise LimitsUnavailable(why="ConnectionError", retry_after=1)

    monkeypatch.setattr(Server, "ask", loses)
    task = a.sharing._counter._task
    await asked.wait()
    task.cancel()
    await asyncio.wait({task}, timeout=3)
    assert not asked.is_set()
    assert task.done()
    await a.stop()
    store.close()


class Crowd:
    """Callers at three machines, while machines die and Redis fails as the dice say."""

    def __init__(self, machines: list[Machine], redis: RedisStand, dice: random.Random) -> None:
        self.machines, self.redis, self.dice = machines, redis, dice
        self.up = [True] * len(machines)
        self.over = False
        self.keys = [key("c1", won_per_day=9000), key("c2", won_per_day=9000, concurrency=6)]

    async def call(self, place: int) -> None:
        while not self.over:
            await asyncio.sleep(self.dice.random() * 0.02)
            machine = self.machines[place]
            log = machine.log if self.up[place] else None
            asked = asyncio.create_task(machine.call(self.dice.choice(self.keys), self.dice.randint(1, 100)))
            if self.dice.random() < 0.1:  # its caller hangs up
                await asyncio.sleep(self.dice.random() * 0.003)
                asked.cancel()
            (made,) = await asyncio.gather(asked, return_exceptions=True)
            await asyncio.sleep(self.dice.random() * 0.05)
            if isinstance(made, Call) and self.up[place] and machine.log is log:
                made.end(self.dice.randint(0, 100))

    async def flush(self) -> None:
        while not self.over:
            await asyncio.sleep(0.1)
            for up, machine in zip(self.up, self.machines, strict=True):
                if up:
                    await asyncio.to_thread(machine.books.flush)

    async def fail(self, how: str) -> None:
        if how == "lost":
            self.redis.said("FLUSHALL")
        elif how == "cut":
            self.redis.said("CLIENT", "KILL", "TYPE", "normal")
        elif how == "hangs":
            with self.redis.hung():
                await asyncio.sleep(0.6)
        elif how == "killed":
            self.redis.kill()
            await asyncio.sleep(0.2)
            self.redis.start()
        else:
            await self.restart(self.dice.randrange(len(self.machines)))

    async def restart(self, place: int) -> None:
        self.up[place] = False
        await asyncio.sleep(0.15)  # a flush may be under way
        await self.machines[place].die()
        await self.machines[place].start()
        self.up[place] = True


async def test_whatever_fails_and_in_any_order_redis_and_the_table_end_with_the_same_sums(
    tmp_path: Path,
) -> None:
    store, dice = Store.open(f"sqlite:///{tmp_path}/hanbok.db"), random.Random()
    with RedisStand() as mine:
        at = At(url=mine.url, patience=0.4, lease=1.5)
        crowd = Crowd([await Machine(tmp_path / name, store, at).start() for name in "abc"], mine, dice)
        work = [asyncio.create_task(crowd.call(place)) for place in (0, 0, 0, 1, 1, 1, 2, 2, 2)]
        work.append(asyncio.create_task(crowd.flush()))
        for how in dice.sample(["lost", "cut", "hangs", "killed", "dies", "dies", "cut"], 7):
            await crowd.fail(how)
            await asyncio.sleep(dice.random() * 0.4)
        crowd.over = True
        await asyncio.gather(*work)
        for place, machine in enumerate(crowd.machines):  # what was cut off is closed
            await crowd.restart(place)
            await asyncio.wait_for(machine.sharing._counter.there.wait(), 20)
            await machine.sharing._counter._told.wait()
            await asyncio.to_thread(machine.books.flush)
        day = day_of(now())
        with store.read() as connection:
            table = {account: today for account, (today, _) in all_spent(connection, day).items()}
        run = mine.said("INFO", "server").partition("run_id:")[2][:16]
        term = mine.said("INFO", "replication").partition("master_replid:")[2][:16]
        found = mine.said("HGETALL", f"{{hanbok}}:{run}.{term}:won:{day}").split("\n")
        counted = {account: int(won) for account, won in zip(found[::2], found[1::2], strict=True)}
        assert {name: won for name, won in counted.items() if won} == {
            name: won for name, won in table.items() if won
        }
        # The calls under way may have cost more than was held for them.
        assert 0 < max(table[f"key:{one.id}"] for one in crowd.keys) <= 9000 + 100 * 9
        assert not mine.said("KEYS", "*:calls:*")
        for machine in crowd.machines:
            await machine.stop()
    store.close()


EVENTS = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from(["enter", "enter", "enter", "leave", "again"]),
        st.integers(0, 1),
        st.integers(0, 40),
    ),
    max_size=40,
)
LIMITS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "requests_per_minute": st.integers(0, 9),
            "tokens_per_minute": st.integers(0, 90),
            "concurrency": st.integers(0, 3),
            "won_per_day": st.integers(0, 100),
            "won_per_month": st.integers(0, 120),
        },
    ),
    min_size=2,
    max_size=2,
)
BUDGETS = st.dictionaries(
    st.sampled_from(["organisation:o", "team:o/t", "person:o/p", "model:o/m"]),
    st.builds(Limits, won_per_day=st.none() | st.integers(0, 150)),
    max_size=2,
)


async def test_it_decides_as_the_gate_of_one_process(machines) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(events=EVENTS, limits=LIMITS, budgets=BUDGETS)
    def decides(events, limits, budgets) -> None:
        asyncio.run_coroutine_threadsafe(same(machines, events, limits, budgets), loop).result(60)

    await asyncio.to_thread(decides)


async def same(machines: tuple[Machine, Machine], events, limits, budgets: dict[str, Limits]) -> None:
    number = next(_numbers)
    named = {name.replace(":o", f":o{number}"): one for name, one in budgets.items()}
    keys = [
        Key(
            id=f"x{number}-{place}",
            digest="",
            principal=Principal(organisation=f"o{number}", key="", team="t", person="p"),
            limits=Limits(**one),
        )
        for place, one in enumerate(limits)
    ]

    def limits_of(account: str) -> Limits:
        return named.get(account, Limits())

    gates = {
        name: replace(one.sharing.calls, limits_of=limits_of)
        for name, one in zip("ab", machines, strict=True)
    }
    model = Here(Limiter(), Ledger(limits_of), now)
    inside: list[tuple[Hold, Hold, str, str, Key, int]] = []
    for place, (name, verb, which, worst) in enumerate(events):
        if verb == "leave" and inside:
            ours, its, *_ = inside.pop(which % len(inside))
            ours.leave(worst, worst)
            its.leave(worst, worst)
            await machines[0].sharing._counter._told.wait()
            await machines[1].sharing._counter._told.wait()
        elif verb == "again" and inside:  # told twice, as when an answer was lost
            _, _, by, call, one, amount = inside[-1]
            await gates[by].enter(call, one, "m", amount, amount)
        elif verb == "enter":
            call, one = f"y{number}-{place}", keys[which]
            said = [await _tried(gate, call, one, worst) for gate in (gates[name], model)]
            assert _told(said[0]) == _told(said[1])
            if not isinstance(said[0], HanbokError):
                inside.append((said[0], said[1], name, call, one, worst))


async def _tried(gate, call: str, one: Key, worst: int):
    try:
        return await gate.enter(call, one, "m", worst, worst)
    except HanbokError as error:
        return error


def _told(said) -> object:
    if not isinstance(said, HanbokError):
        return "in"
    return said.code, {name: fact for name, fact in said.facts.items() if name != "retry_after"}
