"""What crosses between a worker and its keeper, without a server around it."""

import asyncio
import socket
import threading
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from hanbok.core.clock import now, stamp
from hanbok.core.errors import HanbokError
from hanbok.core.metrics import Family, counter, gauge
from hanbok.core.values import DataUse, Destination, Principal, Text, Zone
from hanbok.custody import Loans
from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.errors import LogUnavailable
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import Address, EndpointConfig
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.llama.dress import Dress
from hanbok.gateway.llama.errors import ModelStarting
from hanbok.policy.gate import Here
from hanbok.policy.key import Key, KeyUnknown, Limits
from hanbok.policy.ledger import BudgetExceeded, Ledger
from hanbok.policy.limits import ConcurrencyExceeded, Limiter, RateLimited, TokenRateLimited
from hanbok.settings.reading import load
from hanbok.workers.borrowed import Borrowed
from hanbok.workers.channel import Channel, Reload, Reloaded
from hanbok.workers.children import _hear
from hanbok.workers.crossing import again, told
from hanbok.workers.foreman import Foreman, _Child
from hanbok.workers.frames import Bye, Done, Post, Up
from hanbok.workers.keeper import Keeper, Seat
from hanbok.workers.link import Link, RemoteGate, RemoteLog
from hanbok.workers.tally import Tally
from hanbok.workers.wire import Wire


def intent() -> Intent:
    return Intent(
        at=stamp(),
        call="c",
        organisation="o",
        key="k",
        route="/v1",
        model="m",
        grade="O",
        digest="",
        plan=(),
        policy="",
    )


@pytest.mark.parametrize(
    "error",
    [
        RateLimited(limit=3, retry_after=7),
        BudgetExceeded(budget="key.won_per_day", resets="2026-11-23T00:00+09:00"),
        ModelStarting(endpoint="home", stage=Text(ko="곧", en="soon")),
    ],
)
def test_an_error_arrives_as_it_left(error: HanbokError) -> None:
    there = again(told(1, error))
    assert type(there) is type(error)
    assert there.facts == error.facts
    assert str(there) == str(error)


def counted(calls: float, days: float) -> list[Family]:
    families = [
        counter("calls_total", "Calls", ["route"], [(("/v1",), calls)]),
        gauge("days", "Days", [], [((), days)]),
    ]
    return msgspec.msgpack.decode(msgspec.msgpack.encode(families), type=list[Family])


def test_counts_of_processes_add_up_also_when_one_is_gone() -> None:
    tally = Tally()
    tally.note("a", counted(2, 9))
    tally.note("b", counted(3, 9))
    tally.note("b", counted(4, 9))
    tally.forget("a")
    tally.note("c", counted(1, 8))
    assert 'calls_total{route="/v1"} 7.0' in tally.text().decode()
    assert "days 9.0" in tally.text().decode()


class _Housed:
    """An endpoint that runs a process, as the keeper has it."""

    stage = "ready"

    def __init__(self) -> None:
        self.left = 0
        self.twice = asyncio.Event()

    async def address(self, operation: Operation, model: str) -> Address:
        if model == "no":
            raise ModelStarting(endpoint="home", stage=Text(ko="곧", en="soon"))
        dress = Dress(adapter=None, adapters=2)
        return Address(url="http://127.0.0.1:9", adapt=dress, left=self._leave, release=operation.value)

    def _leave(self) -> None:
        self.left += 1
        if self.left == 2:
            self.twice.set()


async def test_an_endpoint_of_the_keeper_s_is_lent_and_given_back() -> None:
    housed, gates = _Housed(), []
    runtime = SimpleNamespace(places={"home": SimpleNamespace(endpoint=housed)})
    own = SimpleNamespace(loans=Loans())
    keeper = SimpleNamespace(open=True, own=own, app=SimpleNamespace(runtime=runtime), part=lambda _: None)
    seat, link = Seat(keeper), Link()
    here, there = socket.socketpair()
    seat.wire = Wire[Up](Up, seat.take, seat.lost)
    await seat.wire.open(there)
    await link.connect(here)
    use = DataUse(trains=False, retention_days=0, basis="")
    home = Destination(
        endpoint="home", country="KR", zone=Zone.HOME, operator="self", data_use=use, certificates=()
    )
    own = SimpleNamespace(destination=home, dialect=None)
    upstream = SimpleNamespace(permit=gates.append)
    borrowed = Borrowed(own, EndpointConfig(destination=home), upstream, link)

    address = await borrowed.address(Operation.CHAT, "m")
    assert (address.url, address.release) == ("http://127.0.0.1:9", "chat")
    assert [gate.port for gate in gates] == [9]
    assert b'"lora":[{"id":0,"scale":0.0},{"id":1,"scale":0.0}]' in address.adapt(b'{"model":"m"}')
    address.left()
    with pytest.raises(EndpointUnavailable):
        await borrowed.address(Operation.CHAT, "no")
    home_again = runtime.places.pop("home")
    with pytest.raises(EndpointUnavailable):
        await borrowed.address(Operation.CHAT, "m")
    runtime.places["home"] = home_again
    assert housed.left == 1

    # A worker that dies gives back what it had.
    await borrowed.address(Operation.CHAT, "m")
    link.close()
    await housed.twice.wait()


async def test_without_a_keeper_nothing_is_written_and_nobody_waits(tmp_path: Path) -> None:
    link, (here, there) = Link(), socket.socketpair()
    await link.connect(here)
    log = RemoteLog(link, tmp_path)
    asked = asyncio.ensure_future(log.append(intent()))
    await asyncio.sleep(0)
    there.close()
    with pytest.raises(LogUnavailable):
        await asked
    with pytest.raises(LogUnavailable):
        await log.append(intent())
    assert not link.there.is_set()
    assert not link.recorded


async def test_what_a_former_keeper_held_is_not_taken_for_held_by_the_next(tmp_path: Path) -> None:
    link, (here, there) = Link(), socket.socketpair()
    await link.connect(here)
    link.came_in("c")
    asked = asyncio.ensure_future(RemoteLog(link, tmp_path).append(intent()))
    await asyncio.sleep(0)
    there.close()
    with pytest.raises(LogUnavailable):
        await asked
    here, there = socket.socketpair()
    await link.connect(here)
    with pytest.raises(LogUnavailable):
        await RemoteLog(link, tmp_path).append(intent())
    link.close()
    there.close()


async def test_what_a_worker_says_while_its_connection_is_made_is_answered(tmp_path, monkeypatch) -> None:
    (tmp_path / "hanbok.yaml").write_text(f"state: {tmp_path}/state\n")
    keeper, link, (here, there) = (
        Keeper(load(tmp_path / "hanbok.yaml", {}).settings, []),
        Link(),
        socket.socketpair(),
    )
    keeper.open = True
    whole = Wire.open

    async def hurried(wire: Wire[Up], end: socket.socket) -> None:
        if wire in {one.wire for one in keeper.seats}:
            wire._take(Bye(7))
        await whole(wire, end)

    monkeypatch.setattr(Wire, "open", hurried)
    connecting = asyncio.ensure_future(link.connect(here))
    await asyncio.sleep(0)
    asked = link.ask(Bye)
    answered: asyncio.Future[Done] = asyncio.get_running_loop().create_future()
    link._waiting[7] = answered
    await asyncio.gather(keeper.welcome(there), connecting, asked, answered)
    link.close()
    await keeper.empty.wait()
    await keeper.own.close()


async def test_a_keeper_s_end_that_is_replaced_says_nothing_any_more() -> None:
    link, ends = Link(), [socket.socketpair() for _ in range(2)]
    await link.connect(ends[0][0])
    lost = link.ask(Bye)
    await link.connect(ends[1][0])
    with pytest.raises(LogUnavailable):
        await lost
    ends[0][1].close()
    await asyncio.sleep(0.01)
    assert link.there.is_set()
    link.close()
    ends[1][1].close()


class _Late:
    """A key ring that learns of the key when it is told to look, and then waits."""

    def __init__(self) -> None:
        self.keys: dict[str, Key] = {}
        self.looked = threading.Event()
        self.go = threading.Event()

    def refresh(self) -> None:
        self.looked.set()
        self.go.wait(10)
        self.keys["k"] = KEY

    def known(self, key: str, _: datetime) -> Key:
        try:
            return self.keys[key]
        except KeyError:
            raise KeyUnknown from None


KEY = Key(id="k", digest="d", principal=Principal(organisation="o", key="k"), limits=Limits(concurrency=1))
TOKEN = Key(
    id="oauth_1",
    digest="",
    principal=Principal(organisation="o", key="oauth_1", team="t"),
    limits=Limits(concurrency=1),
    expires=now(),
)


async def met(ring: object) -> tuple[Seat, Link, Limiter]:
    limiter = Limiter()
    gate = Here(limiter, Ledger(), now)
    own = SimpleNamespace(calls=gate, previews=gate)
    keeper = SimpleNamespace(open=True, own=own, app=SimpleNamespace(keyring=ring), part=lambda _: None)
    seat, link = Seat(keeper), Link()
    here, there = socket.socketpair()
    seat.wire = Wire[Up](Up, seat.take, seat.lost)
    await seat.wire.open(there)
    await link.connect(here)
    return seat, link, limiter


async def test_an_access_token_passes_the_keeper_s_gate_with_its_own_limits() -> None:
    _, link, _ = await met(_Late())
    gate = RemoteGate(link)
    hold = await gate.enter("c", TOKEN, "m", 0)
    with pytest.raises(ConcurrencyExceeded):
        await gate.enter("d", TOKEN, "m", 0)
    hold.leave(0)
    (await gate.enter("e", TOKEN, "m", 0)).leave(0)
    link.close()


async def test_counts_of_tokens_that_make_no_sense_give_no_tokens_away() -> None:
    metered = replace(KEY, limits=Limits(tokens_per_minute=100))
    ring = _Late()
    ring.keys["k"] = metered
    _seat, link, _ = await met(ring)
    gate = RemoteGate(link)
    await gate.enter("c", metered, "m", 0, 60)
    outcome = Outcome(
        at=stamp(), call="c", status="completed", organisation="o", key="k", input=-1000, output=5
    )
    link.tell(Post(outcome))
    await gate.enter("d", metered, "m", 0, 95)
    with pytest.raises(TokenRateLimited):
        await gate.enter("e", metered, "m", 0, 1)
    link.close()


@pytest.mark.parametrize("dies", [False, True])
async def test_who_left_while_its_key_was_looked_for_holds_nothing(*, dies: bool) -> None:
    ring = _Late()
    seat, link, limiter = await met(ring)
    entering = asyncio.ensure_future(RemoteGate(link).enter("c", KEY, "m", 0))
    await asyncio.to_thread(ring.looked.wait, 10)
    if dies:
        seat.lost()
    else:
        entering.cancel()
        await asyncio.wait([entering])
        await link.ask(Bye)  # the Leave came before it
    ring.go.set()
    await asyncio.gather(*seat._tasks)
    limiter.enter(KEY, 0)
    entering.cancel()
    link.close()


async def test_what_the_foreman_says_may_fail_and_the_child_stops() -> None:
    mine, its = Channel.pair()
    mine.send(Reload(b"no settings"))
    stop = asyncio.Event()
    with pytest.raises(msgspec.ValidationError):
        await _hear(its, stop, None, None)
    assert stop.is_set()
    mine.close()
    its.close()


def test_the_foreman_hears_no_buried_child_and_takes_offers_in_their_order() -> None:
    foreman = Foreman("old", 1, lambda _: None)
    mine, its = Channel.pair()
    child = _Child(-1, 0, its)
    foreman._offered.extend(["good", "slip"])
    for done in (True, False):
        mine.send(Reloaded(done))
    foreman._hear(child)
    assert foreman.loaded == "good"
    mine.close()
    its.close()
    assert foreman._hear(child) is None
