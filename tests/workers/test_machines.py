"""Several machines with one PostgreSQL and one Redis are one server: one budget, one rate, whatever fails."""

import asyncio
import http.client
import json
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from crowd import body, press
from hanbok.core.clock import now
from hanbok.evidence.verify import verify
from hanbok.policy.ledger import day_of
from hanbok.policy.organisations import Register
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from redis_stand import RedisStand
from store.conftest import postgres, postgres_programs
from workers.test_workers import (
    MICRO,
    SAID,
    SETTINGS,
    TOKENS,
    WON,
    begin_streams,
    children,
    entries_of,
    fitting,
    key,
    outcomes_of,
    records,
    soon,
    spent,
)

pytestmark = pytest.mark.slow

__all__ = ["postgres"]  # a fixture
LEASE = 2
SHARED = """\
store: {{url: '{store}'}}
limits: {{shared: {{url: '{redis}', lease: {lease}, timeout: 1.5}}}}
"""


@dataclass
class Machines:
    a: RunningHanbok
    b: RunningHanbok
    redis: RedisStand
    model: ScriptedModel
    postgres: Path

    @property
    def both(self) -> tuple[RunningHanbok, RunningHanbok]:
        return self.a, self.b

    async def press(self, secret: str, data: bytes, requests: int, **more) -> Counter[str]:
        """Send so many requests to each, at the same time."""
        seen = await asyncio.gather(
            *(press(one.url, secret, data, clients=6, requests=requests, **more) for one in self.both)
        )
        return seen[0] + seen[1]

    def outcomes(self, made) -> list[dict]:
        return [one for server in self.both for one in outcomes_of(server) if one["key"] == made.key.id]

    def counted(self, made) -> int:
        """What Redis has as the key's sum of today."""
        names = self.redis.said("KEYS", f"*:won:{day_of(now())}").split()
        # Of processes that are gone nothing is left: this Redis writes no file.
        assert len(names) == 1
        return int(self.redis.said("HGET", names[0], f"key:{made.key.id}") or 0)

    def settle(self) -> None:
        """Wait until no call holds anything."""
        soon(lambda: not self.redis.said("KEYS", "*:calls:*"))

    def agree(self, made) -> int:
        """Wait until the logs, the table and Redis say the same of a key, and return it."""
        logs = sum(one["cost"] for one in self.outcomes(made))

        def said() -> bool:
            time.sleep(0.1)
            return self.counted(made) == logs == spent(self.a, made)

        soon(said)
        return logs


@pytest.fixture(scope="module")
def machines(postgres: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    pytest.importorskip("psycopg", reason="no PostgreSQL driver (extra `postgres`)")
    name = f"t{uuid4().hex}"
    subprocess.run(
        ["psql", "-q", "-U", "postgres", "-h", postgres, "-c", f"CREATE DATABASE {name}"], check=True
    )
    store = f"postgresql://postgres@/{name}?host={postgres}"
    with RedisStand() as redis, ScriptedModel(SAID) as model:
        yaml = SETTINGS.format(url=model.url) + SHARED.format(store=store, redis=redis.url, lease=LEASE)
        one, other = (tmp_path_factory.mktemp(name) for name in ("a", "b"))
        a = RunningHanbok(one, yaml)
        b = RunningHanbok(other, yaml.replace("workers: 2", "workers: 1"))
        with ThreadPoolExecutor() as at_once:  # both find the database and Redis empty
            list(at_once.map(RunningHanbok.start, (a, b)))
        a.key = b.key = a.key or b.key
        try:
            yield Machines(a, b, redis, model, postgres)
            everything_adds_up(a, b)
        finally:
            a.stop()
            b.stop()


def everything_adds_up(a: RunningHanbok, b: RunningHanbok) -> None:
    """Each machine's log verifies by itself, every call is in one of them, ended once, and paid; each act is in one."""
    assert [one.stop() for one in (a, b)] == [0, 0]
    intents, outcomes, acts = [], [], []
    said = b.run("log", "verify")
    assert said.returncode == 0, said.stdout + said.stderr
    assert verify(a.folder / "state" / "evidence").ok
    for one in (a, b):
        entries = entries_of(one)
        intents += [entry["call"] for entry in entries if entry["entry"] == "intent"]
        outcomes += [entry for entry in entries if entry["entry"] == "outcome"]
        acts += [entry["object"] for entry in entries if entry.get("verb") == "key.create"]
    assert (
        sorted(intents)
        == sorted({one["call"] for one in outcomes})
        == sorted(one["call"] for one in outcomes)
    )
    assert spent(a) == sum(one.get("cost", 0) for one in outcomes) > 0
    with records(a) as store:
        assert sorted(acts) == sorted(card.key.id for card in Register(store).cards())


def test_one_rate_over_two_machines(machines: Machines) -> None:
    made, before = key(machines.a, requests_per_minute=50), len(machines.model.captured)
    seen = asyncio.run(machines.press(made.secret, body("m"), 60))
    assert seen == {"200": 50, "rate_limited": 70}
    assert len(machines.model.captured) - before == 50


def test_one_limit_of_tokens_over_two_machines(machines: Machines) -> None:
    made, before = key(machines.a, tokens_per_minute=TOKENS), len(machines.model.captured)
    data = body("m", max_tokens=5)
    seen = asyncio.run(machines.press(made.secret, data, 60))
    machines.settle()
    seen += asyncio.run(press(machines.b.url, made.secret, data, clients=1, requests=60))
    assert seen.keys() == {"200", "token_rate_limited"}
    assert seen["200"] == len(machines.model.captured) - before == fitting(data)


def test_one_budget_over_two_machines_to_the_last_call(machines: Machines) -> None:
    made, data = key(machines.a, won_per_day=1000 * MICRO), body("m", max_tokens=5)
    seen = asyncio.run(machines.press(made.secret, data, 60))
    assert seen["200"] + seen["budget_exceeded"] == 120
    paid = seen["200"]

    async def the_rest() -> int:
        more = 0
        for _ in range(30):
            for one in machines.both:
                said = await press(one.url, made.secret, data, clients=1, requests=1)
                more += said["200"]
                machines.settle()
                if said["budget_exceeded"]:
                    return more
        raise AssertionError("the budget has no end")

    paid += asyncio.run(the_rest())
    worst = max(one.get("reserved", 0) for one in entries_of(machines.a) if one.get("key") == made.key.id)
    # Nothing fits any more, and as many as fit one after another came in: none was counted twice or not at all.
    assert paid == (1000 * MICRO - worst) // (WON * MICRO) + 1
    assert machines.agree(made) == paid * WON * MICRO


def test_slots_are_those_of_both_machines(machines: Machines) -> None:
    made = key(machines.a, concurrency=3)
    machines.model.script = Script(say="하나 둘 셋 넷", pace=0.4)
    try:
        with as_caller(machines, made.secret):
            streams = [one for server in machines.both for one in begin_streams(server, 4)]
            said = [everything(one) for one in streams]
    finally:
        machines.model.script = SAID
    assert sum(b"data: [DONE]" in one for one in said) == 3
    assert sum(b"concurrency_exceeded" in one for one in said) == 5
    seen = asyncio.run(machines.press(made.secret, body("m"), 1))
    assert seen == {"200": 2}


@contextmanager
def as_caller(machines: Machines, secret: str) -> Iterator[None]:
    first = machines.a.key
    for one in machines.both:  # until every worker knows the key
        asyncio.run(press(one.url, secret, body("m"), clients=16, requests=0))
    time.sleep(0.5)
    machines.a.key = machines.b.key = secret
    yield
    machines.a.key = machines.b.key = first


def everything(stream) -> bytes:
    data = b""
    stream.settimeout(20)
    while b"data: [DONE]" not in data and b'"error"' not in data and (piece := stream.recv(65536)):
        data += piece
    stream.close()
    return data


def test_a_revoked_key_is_dead_on_both_within_a_second_under_load(machines: Machines) -> None:
    made, other = key(machines.a), key(machines.a)
    over = False

    async def story() -> float:
        nonlocal over
        load = asyncio.create_task(machines.press(other.secret, body("m"), 10**6, until=lambda: over))
        try:
            await machines.press(made.secret, body("m"), 6)
            with records(machines.a) as store:
                Register(store).revoke_key(made.key.id, actor="a test")
            revoked, alive = time.monotonic(), {"200": 1}
            while alive.get("200"):
                alive = await machines.press(made.secret, body("m"), 6, known=False)
            return time.monotonic() - revoked
        finally:
            over = True
            await load

    assert asyncio.run(story()) < 1


def test_redis_that_dies_and_comes_back_empty_under_load_costs_no_won(machines: Machines) -> None:
    made, data, answered = (
        key(machines.a, won_per_day=4800 * MICRO),
        body("m", max_tokens=5),
        len(machines.model.captured),
    )
    killed: list[float] = []

    def kill_once() -> bool:
        done = len(machines.model.captured) - answered
        if not killed and done >= 60:
            machines.redis.kill()
            killed.append(time.monotonic())
        elif len(killed) == 1 and time.monotonic() - killed[0] > 0.4:
            machines.redis.start()
            killed.append(time.monotonic())
        return done >= 160

    seen = asyncio.run(machines.press(made.secret, data, 10**6, until=kill_once))
    assert len(killed) == 2
    assert seen.keys() <= {"200", "limits_unavailable"}
    # Whoever was told no was not asked for.
    assert len(machines.outcomes(made)) == seen["200"] == len(machines.model.captured) - answered
    assert machines.agree(made) == seen["200"] * WON * MICRO
    rest = asyncio.run(machines.press(made.secret, data, 80))
    assert rest["200"] + rest["budget_exceeded"] == 160
    assert (seen["200"] + rest["200"]) * WON <= 4800
    assert machines.agree(made) == (seen["200"] + rest["200"]) * WON * MICRO


def test_a_database_that_is_gone_for_a_while_stops_nothing(machines: Machines) -> None:
    made, before = (
        key(machines.a, won_per_day=10**8 * MICRO, requests_per_minute=10**4),
        len(machines.model.captured),
    )
    asyncio.run(machines.press(made.secret, body("m"), 1))
    control("stop", machines.postgres)
    seen = Counter[str]()
    try:
        gone = time.monotonic()
        # Longer than any reading of the tables takes to notice.
        while time.monotonic() - gone < 2.5:
            seen += asyncio.run(machines.press(made.secret, body("m"), 6, known=False))
            time.sleep(0.2)
    finally:
        control("start", machines.postgres)
    assert seen.keys() == {"200"}
    assert len(machines.model.captured) - before == seen["200"] + 2
    assert machines.agree(made) == (seen["200"] + 2) * WON * MICRO
    with records(machines.a) as store:
        Register(store).revoke_key(made.key.id, actor="a test")
    soon(
        lambda: asyncio.run(machines.press(made.secret, body("m"), 1, known=False)) == {"key_revoked": 2},
        seconds=5,
    )


def control(verb: str, folder: Path) -> None:
    programs = postgres_programs()
    assert programs is not None
    run_as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    assert not run_as or "postgres" in {user.pw_name for user in pwd.getpwall()}
    options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
    start = ["-l", folder / "log", "-o", options] if verb == "start" else ["-m", "fast"]
    subprocess.run(
        [*run_as, programs / "pg_ctl", "-D", folder / "data", "-s", "-w", *start, verb],
        check=True,
        cwd=folder,
    )


def test_a_machine_that_is_killed_gives_its_slots_back_and_pays_what_it_owes(machines: Machines) -> None:
    made = key(machines.a, concurrency=2, won_per_day=10**8 * MICRO)
    machines.model.script = Script(say="하나 둘 셋 넷", pace=0.5)
    try:
        with as_caller(machines, made.secret):
            before = len(machines.model.captured)
            streams = begin_streams(machines.b, 2)
            soon(lambda: len(machines.model.captured) - before == 2)
            machines.b.kill()
    finally:
        machines.model.script = SAID
    for one in streams:
        one.close()

    def one_call() -> Counter[str]:
        return asyncio.run(press(machines.a.url, made.secret, body("m"), clients=1, requests=1))

    assert one_call() == {"concurrency_exceeded": 1}
    soon(lambda: one_call() == {"200": 1}, seconds=LEASE + 3)
    its_money_can_be_released(machines, made)
    machines.b.start()
    statuses = Counter(one["status"] for one in machines.outcomes(made))
    assert statuses == {"crashed": 2, "completed": 1}
    owed = [one["cost"] for one in machines.outcomes(made) if one["status"] == "crashed"]
    assert machines.agree(made) == sum(owed) + WON * MICRO
    assert asyncio.run(machines.press(made.secret, body("m"), 1)).total() == 2


def its_money_can_be_released(machines: Machines, made) -> None:
    """By an operator, as if it were lost for good; the test goes on to see that it is paid once all the same."""
    known = {one["heard"]: one for one in json.loads(machines.a.run("budget", "machines", "--json").stdout)}
    assert (known[True]["calls"], known[False]["calls"]) == (0, 2)
    held = known[False]["held"]
    assert machines.counted(made) == held + WON * MICRO
    refused = [machines.a.run("budget", "release-machine", one) for one in (known[True]["machine"], "x" * 32)]
    assert [one.returncode for one in refused] == [3, 3]
    assert "machine_heard" in refused[0].stderr
    assert "machine_unknown" in refused[1].stderr
    for _ in range(2):  # the second time nothing is left
        said = machines.a.run("budget", "release-machine", known[False]["machine"])
        assert said.returncode == 0, said.stderr
        assert machines.counted(made) == WON * MICRO
    soon(lambda: [one["facts"]["held"] for one in acts(machines.a, "limits.release")] == [str(held), "0"])


def acts(server: RunningHanbok, verb: str) -> list[dict]:
    return [one for one in entries_of(server) if one.get("verb") == verb]


def test_a_killed_keeper_s_calls_are_carried_on_and_counted_once(machines: Machines) -> None:
    made = key(machines.a, concurrency=3, won_per_day=10**8 * MICRO)
    machines.model.script, before = Script(say="하나 둘 셋 넷", pace=0.3), len(machines.model.captured)
    try:
        with as_caller(machines, made.secret):
            streams = begin_streams(machines.a, 2)
            soon(lambda: len(machines.model.captured) - before == 2)
            keeper = children(machines.a)[0]
            os.kill(keeper, signal.SIGKILL)
            soon(lambda: children(machines.a)[0] not in (0, keeper))
            assert all(b"data: [DONE]" in everything(one) for one in streams)
    finally:
        machines.model.script = SAID
    soon(lambda: ready(machines.a)[0] == 200)
    paid = machines.agree(made)
    assert paid == sum(one["cost"] for one in machines.outcomes(made)) > 0
    seen = asyncio.run(machines.press(made.secret, body("m"), 1))
    assert seen == {"200": 2}
    assert machines.agree(made) == paid + 2 * WON * MICRO


def test_a_copy_of_a_state_folder_does_not_start_beside_the_first(machines: Machines, tmp_path: Path) -> None:
    shutil.copytree(machines.b.folder / "state", tmp_path / "state")
    copy = RunningHanbok(tmp_path, machines.b.settings.read_text())
    with pytest.raises(RuntimeError, match="did not start"):
        copy.start()
    assert "복사해" in copy.errors()
    assert ready(machines.b)[0] == 200


def test_while_redis_is_away_calls_are_refused_with_a_time_to_come_back(machines: Machines) -> None:
    made = key(machines.a, won_per_day=10**8 * MICRO)
    asyncio.run(machines.press(made.secret, body("m"), 1))
    machines.redis.kill()
    try:
        status, headers, told = answer_of(machines.b, made.secret)
        assert (status, told["error"]["code"], headers["retry-after"]) == (503, "limits_unavailable", "1")
        assert told["error"]["hint"]
        for one in machines.both:
            soon(lambda one=one: ready(one)[0] == 503 and "limits" in ready(one)[1])
    finally:
        machines.redis.start()
    soon(lambda: all(ready(one)[0] == 200 for one in machines.both))
    assert asyncio.run(machines.press(made.secret, body("m"), 1)) == {"200": 2}
    assert machines.agree(made) == 4 * WON * MICRO


def ready(server: RunningHanbok) -> tuple[int, str]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    connection.request("GET", "/readyz")
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def answer_of(server: RunningHanbok, secret: str) -> tuple[int, dict[str, str], dict]:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=20)
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", body("m"), headers)
    answer = connection.getresponse()
    told = json.load(answer)
    connection.close()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, told
