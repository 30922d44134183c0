"""Several workers are one server: one log, one budget, one limit, whoever of them dies."""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crowd import body, press, request
from hanbok.core.values import Principal
from hanbok.evidence.segments import lines
from hanbok.evidence.verify import verify
from hanbok.policy.key import Limits
from hanbok.policy.key_records import NewKey
from hanbok.policy.organisations import Register
from hanbok.policy.spending import Spending
from hanbok.settings.reading import load
from hanbok.store.database import Store
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Said, Script, ScriptedModel
from store.conftest import postgres, url

pytestmark = pytest.mark.slow

__all__ = ["postgres", "url"]  # fixtures
SETTINGS = """\
state: state
server: {{port: 0, workers: 2, drain_timeout: 5}}
breaker: {{failures: 1000}}
endpoints:
  home:
    kind: openai_compatible
    url: {url}
    zone: home
    operator: self
    data_use: {{trains: false}}
    passthrough: [{{method: POST, path: /chat/*, price: 4}}]
models:
  m: {{targets: [{{endpoint: home, model: m}}], price: {{input: 1000000, output: 2000000, as_of: 2026-11-01}}}}
"""
SAID = Script(say=Said(text="네", input=10, output=5))
WON = 10 * 1 + 5 * 2
"""What one answer costs."""
MICRO = 1_000_000
TOKENS = 900
"""More than half as many calls use as are made."""


def fitting(data: bytes) -> int:
    """Return how many calls with such a body, an answer of 5 tokens at most and 15 used fit into TOKENS."""
    held = -(-len(data) // 3) + 5
    return (TOKENS - held) // 15 + 1


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(SAID) as model:
        yield model


@pytest.fixture(scope="module")
def server(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHanbok]:
    with RunningHanbok(tmp_path_factory.mktemp("workers"), SETTINGS.format(url=model.url)) as running:
        yield running
        stops_when_streams_have_ended(running, model)
        entries_add_up(running)


def stops_when_streams_have_ended(server: RunningHanbok, model: ScriptedModel) -> None:
    model.script, before = Script(say="하나 둘 셋 넷", pace=0.3), len(model.captured)
    streams = begin_streams(server, 4)
    soon(lambda: len(model.captured) - before == 4)
    server.process.send_signal(signal.SIGTERM)
    assert all(whole(one) for one in streams)
    assert server.process.wait(20) == 0


def entries_add_up(server: RunningHanbok) -> list[dict]:
    """Look at the whole log: it verifies, every intent has one outcome, and the books hold the same sum."""
    assert verify(server.folder / "state" / "evidence").ok
    entries = entries_of(server)
    intents = [one["call"] for one in entries if one["entry"] == "intent"]
    outcomes = [one for one in entries if one["entry"] == "outcome"]
    assert len(set(intents)) == len(intents)
    assert sorted(one["call"] for one in outcomes) == sorted(intents)
    assert spent(server) == sum(one.get("cost", 0) for one in outcomes)
    return outcomes


def entries_of(server: RunningHanbok) -> list[dict]:
    return [json.loads(line.entry) for line in lines(server.folder / "state" / "evidence")]


def outcomes_of(server: RunningHanbok) -> list[dict]:
    """Wait until every call has its outcome: it is written a moment after the answer."""

    def kinds() -> list[str]:
        return [one["entry"] for one in entries_of(server)]

    soon(lambda: kinds().count("intent") == kinds().count("outcome"))
    return [one for one in entries_of(server) if one["entry"] == "outcome"]


def soon(true: Callable[[], object], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


@contextlib.contextmanager
def records(server: RunningHanbok) -> Iterator[Store]:
    told = load(server.settings, {}).settings.store.url
    store = Store.open(told.reveal() if told else f"sqlite:///{server.folder}/state/hanbok.db")
    yield store
    store.close()


def key(server: RunningHanbok, **limits: int) -> NewKey:
    with records(server) as store:
        who = Principal(organisation="default", key="")
        return Register(store).create_key(who, limits=Limits(**limits), actor="a test")


def offered(server: RunningHanbok) -> list[set[str]]:
    """Ask for the models on offer over many connections that are open at once, so that no worker takes them all."""
    host = server.url.removeprefix("http://")
    connections = [http.client.HTTPConnection(host, timeout=20) for _ in range(16)]
    for one in connections:
        one.connect()
    found = []
    for one in connections:
        one.request("GET", "/v1/models", headers={"authorization": f"Bearer {server.key}"})
        found.append({model["id"] for model in json.load(one.getresponse())["data"]})
        one.close()
    return found


def children(server: RunningHanbok) -> tuple[int, list[int]]:
    """Return the process of the keeper and those of the workers: the keeper is who holds the log's lock."""
    listed = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    found = [int(one) for one in listed.read_text().split()]
    keepers = [one for one in found if holds_the_lock(one)]
    return (keepers[0] if keepers else 0), [one for one in found if one not in keepers]


def holds_the_lock(pid: int) -> bool:
    try:
        return any(str(one.readlink()).endswith("evidence/lock") for one in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def spent(server: RunningHanbok, made: NewKey | None = None) -> int:
    """Return what the books hold, of one key or of all."""
    with records(server) as store:
        days = Spending(store).by_day("default", "2000-01-01", "9999-12-31")
    return sum(one.won for one in days if made is None or one.key == made.key.id)


def test_a_rate_holds_exactly_over_all_workers(server: RunningHanbok, model: ScriptedModel) -> None:
    made, before = key(server, requests_per_minute=60), len(model.captured)
    seen = asyncio.run(press(server.url, made.secret, body("m"), clients=16, requests=120))
    assert seen == {"200": 60, "rate_limited": 60}
    assert len(model.captured) - before == 60


def test_a_budget_holds_exactly_over_all_workers_and_all_agree_on_it(
    server: RunningHanbok, model: ScriptedModel
) -> None:
    made, before = key(server, won_per_day=1000 * MICRO), len(model.captured)
    data = body("m", max_tokens=5)
    seen = asyncio.run(press(server.url, made.secret, data, clients=16, requests=120))
    assert seen["200"] + seen["budget_exceeded"] == 120
    # While calls are under way their worst is held, so the last won may stay unspent; never is one too many spent.
    assert 1 <= seen["200"] * WON <= 1000
    assert len(model.captured) - before == seen["200"]
    own = [one for one in outcomes_of(server) if one["key"] == made.key.id]
    assert sum(one["cost"] for one in own) == seen["200"] * WON * MICRO
    soon(lambda: spent(server, made) == seen["200"] * WON * MICRO)


def test_tokens_a_minute_hold_exactly_over_all_workers(server: RunningHanbok, model: ScriptedModel) -> None:
    made, before, data = key(server, tokens_per_minute=TOKENS), len(model.captured), body("m", max_tokens=5)
    seen = asyncio.run(press(server.url, made.secret, data, clients=16, requests=120))
    assert seen.keys() == {"200", "token_rate_limited"}
    seen += asyncio.run(press(server.url, made.secret, data, clients=1, requests=60))
    # As many as fit one after another: what a call held and did not use was given back, and no call counts twice.
    assert seen["200"] == len(model.captured) - before == fitting(data)
    path = "/passthrough/home/chat/x"
    passed = asyncio.run(press(server.url, made.secret, data, clients=1, requests=1, path=path))
    assert passed == {"token_rate_limited": 1}


def test_what_is_left_of_a_budget_is_spent_to_the_last_call(server: RunningHanbok) -> None:
    made, data = key(server, won_per_day=200 * MICRO), body("m", max_tokens=5)

    async def one_after_another() -> list[str]:
        said = []
        for _ in range(14):  # each over a connection of its own, so that both workers are asked
            said += list(await press(server.url, made.secret, data, clients=1, requests=1))
            outcomes_of(server)
        return said

    said = asyncio.run(one_after_another())
    passed = said.count("200")
    assert said == ["200"] * passed + ["budget_exceeded"] * (14 - passed)
    own = [one for one in entries_of(server) if one["entry"] == "intent" and one["key"] == made.key.id]
    # A call is refused when its worst does not fit any more.
    assert (200 - passed * WON) * MICRO < own[0]["reserved"] < 200 * MICRO
    assert passed > 1


def test_a_budget_for_what_is_passed_through_is_spent_to_the_last_call_over_all_workers(
    server: RunningHanbok, model: ScriptedModel
) -> None:
    made, before = key(server, won_per_day=10 * 4 * MICRO), len(model.captured)
    path = "/passthrough/home/chat/completions"
    seen = asyncio.run(press(server.url, made.secret, body("m"), clients=16, requests=24, path=path))
    assert seen == {"200": 10, "budget_exceeded": 14}
    assert len(model.captured) - before == 10
    soon(lambda: spent(server, made) == 10 * 4 * MICRO)


def test_numbers_that_no_record_holds_keep_no_call_waiting(
    server: RunningHanbok, model: ScriptedModel
) -> None:
    made = key(server, won_per_day=1000 * MICRO)
    seen = asyncio.run(press(server.url, made.secret, body("m", n=10**24), clients=4, requests=8))
    assert seen == {"budget_exceeded": 8}
    made = key(server)
    model.then(*[Script(say=Said(text="네", input=count, output=count)) for count in (10**24, -(10**24))])
    seen = asyncio.run(press(server.url, made.secret, body("m"), clients=1, requests=3))
    assert seen == {"200": 3}
    own = [one for one in outcomes_of(server) if one["key"] == made.key.id]
    assert len(own) == 3
    soon(lambda: spent(server, made) == sum(one.get("cost", 0) for one in own) > 2**32 * MICRO)


def test_both_workers_answer_and_are_measured_as_one(server: RunningHanbok) -> None:
    def calls() -> float:
        with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
            text = answer.read().decode()
        return sum(float(one.rpartition(" ")[2]) for one in text.splitlines() if "hanbok_calls_total{" in one)

    ended = sum(one["entry"] in ("outcome", "refusal") for one in entries_of(server))
    soon(lambda: calls() == ended)


def test_a_revoked_key_is_dead_everywhere_within_a_second_under_load(server: RunningHanbok) -> None:
    made, other = key(server), key(server)
    over = False

    async def story() -> float:
        nonlocal over
        load = asyncio.create_task(
            press(server.url, other.secret, body("m"), clients=8, requests=10**6, until=lambda: over)
        )
        try:
            await press(server.url, made.secret, body("m"), clients=6, requests=6)
            with records(server) as store:
                Register(store).revoke_key(made.key.id, actor="a test")
            revoked = time.monotonic()
            alive = {"200": 1}
            while alive.get("200"):
                alive = await press(server.url, made.secret, body("m"), clients=6, requests=6, known=False)
            return time.monotonic() - revoked
        finally:
            over = True
            await load

    assert asyncio.run(story()) < 1


def test_a_reload_reaches_every_worker_and_a_slip_none(server: RunningHanbok) -> None:
    good = server.settings.read_text()

    keeper, _ = children(server)

    def put(text: str, names: set[str]) -> None:
        server.settings.write_text(text)
        for one in (
            server.process.pid,
            keeper,
            *children(server)[1],
        ):  # as a terminal's end tells the whole group
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGHUP)
        soon(lambda: all(one == names for one in offered(server)))

    put(good.replace("  m:", "  n:"), {"n"})
    server.settings.write_text("models: {m: 1}")
    server.process.send_signal(signal.SIGHUP)
    soon(lambda: "reload refused" in server.errors())
    assert all(one == {"n"} for one in offered(server))
    # A worker that takes a dead one's place gets what is in force, not what the file says.
    os.kill(children(server)[1][0], signal.SIGKILL)
    soon(lambda: len(children(server)[1]) == 2)
    soon(lambda: all(one == {"n"} for one in offered(server)))
    put(good, {"m"})
    assert children(server)[0] == keeper


def begin_streams(server: RunningHanbok, count: int) -> list[socket.socket]:
    host, _, port = server.url.removeprefix("http://").partition(":")
    streams = [socket.create_connection((host, int(port)), timeout=20) for _ in range(count)]
    for one in streams:
        one.sendall(request(server.key, body("m", stream=True)))
    return streams


def whole(stream: socket.socket) -> bool:
    data = b""
    try:
        while b"data: [DONE]" not in data and (piece := stream.recv(65536)):
            data += piece
    except ConnectionError:
        return False
    finally:
        stream.close()
    return b"data: [DONE]" in data


def test_a_killed_worker_takes_no_other_s_calls_with_it(server: RunningHanbok, model: ScriptedModel) -> None:
    made = key(server, concurrency=4)
    model.script, before = Script(say="하나 둘 셋 넷", pace=0.4), len(model.captured)
    try:
        streams = begin_streams(server, 8)
        soon(lambda: len(model.captured) - before == 8)
        victim = children(server)[1][0]
        os.kill(victim, signal.SIGKILL)
        ended = [whole(one) for one in streams]
    finally:
        model.script = SAID
    soon(lambda: len(children(server)[1]) == 2)
    statuses = [one["status"] for one in outcomes_of(server)][-8:]
    assert statuses.count("completed") == ended.count(True)
    assert statuses.count("crashed") == ended.count(False)
    seen = asyncio.run(press(server.url, made.secret, body("m"), clients=4, requests=8))
    assert seen == {"200": 8}


def test_a_killed_keeper_stops_what_would_leave_and_nothing_that_is_under_way(
    server: RunningHanbok, model: ScriptedModel
) -> None:
    model.script, before = Script(say="하나 둘 셋 넷", pace=0.2), len(model.captured)
    try:
        streams = begin_streams(server, 6)
        soon(lambda: len(model.captured) - before == 6)
        keeper = children(server)[0]
        os.kill(keeper, signal.SIGKILL)
        assert all(whole(one) for one in streams)
    finally:
        model.script = SAID
    soon(lambda: children(server)[0] not in (0, keeper))
    seen: dict[str, int] = {}

    def answers() -> bool:
        nonlocal seen
        seen = asyncio.run(press(server.url, server.key, body("m"), clients=1, requests=1))
        assert seen.keys() <= {"200", "log_unavailable"}
        return seen == {"200": 1}

    soon(answers)
    assert [one["status"] for one in outcomes_of(server)][-7:] == ["completed"] * 7


def test_a_keeper_that_dies_under_load_loses_no_call_and_charges_none_twice(
    server: RunningHanbok, model: ScriptedModel
) -> None:
    made, killed = key(server), 0
    began = len(outcomes_of(server))

    def kill_now_and_then() -> bool:
        nonlocal killed
        answered = len(model.captured) - before
        if killed < 3 and answered >= 40 * (killed + 1) and (keeper := children(server)[0]):
            os.kill(keeper, signal.SIGKILL)
            killed += 1
        return False

    before = len(model.captured)
    seen = asyncio.run(
        press(
            server.url,
            made.secret,
            body("m"),
            clients=8,
            requests=4000,
            until=lambda: kill_now_and_then() or (killed == 3 and children(server)[0] > 0),
        )
    )
    assert killed == 3
    assert seen.keys() <= {"200", "log_unavailable"}
    soon(lambda: asyncio.run(press(server.url, made.secret, body("m"), clients=1, requests=1)) == {"200": 1})

    statuses = [one["status"] for one in outcomes_of(server)[began:]]
    assert statuses.count("completed") == seen["200"] + 1
    # What the log could not acknowledge never left.
    assert len(model.captured) - before == seen["200"] + 1


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_two_workers_on_postgresql_hold_one_rate_and_one_budget(
    url: str, model: ScriptedModel, tmp_path: Path
) -> None:
    yaml = SETTINGS.format(url=model.url) + f"store: {{url: '{url}'}}\n"
    with RunningHanbok(tmp_path, yaml) as server:
        both, before = key(server, requests_per_minute=30, won_per_day=1000 * MICRO), len(model.captured)
        data = body("m", max_tokens=5)
        seen = asyncio.run(press(server.url, both.secret, data, clients=8, requests=60))
        assert seen.total() == 60
        assert seen["200"] + seen["budget_exceeded"] == 30
        assert len(model.captured) - before == seen["200"]
        own = [one for one in outcomes_of(server) if one["key"] == both.key.id]
        assert sum(one["cost"] for one in own) == seen["200"] * WON * MICRO <= 1000 * MICRO
        soon(lambda: spent(server, both) == seen["200"] * WON * MICRO)
        assert server.stop() == 0
        entries_add_up(server)
