"""Bad days: clients that leave, models that break off, kill -9, full disks, garbage. Nothing is lost, all is told."""

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

import openai
import pytest

from hanbok.evidence.segments import lines
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel

SETTINGS = """\
language: ko
state: state
server: {{port: 0, read_timeout: 2, body_limit_mib: 4}}
breaker: {{failures: 1000}}
endpoints:
  first: {{kind: openai_compatible, url: {first}, zone: home, operator: self, data_use: {{trains: false}},
          timeouts: {{connect: 2, first: 3, idle: 2, total: 20}}}}
  second: {{kind: openai_compatible, url: {second}, zone: home, operator: self, data_use: {{trains: false}}}}
models:
  one: {{targets: [{{endpoint: first, model: m}}], price: {{input: 1000, output: 4000, as_of: 2026-11-01}}}}
  two:
    targets: [{{endpoint: first, model: m}}, {{endpoint: second, model: m}}]
    price: {{input: 1000, output: 4000, as_of: 2026-11-01}}
"""
HELLO = [{"role": "user", "content": "안녕하세요"}]


class Stage:
    """A server between a client and two scripted models."""

    def __init__(self, folder: Path) -> None:
        self.first, self.second = ScriptedModel(), ScriptedModel(Script(say="둘째입니다."))
        self.folder = folder
        self.server: RunningHanbok

    def __enter__(self) -> Self:
        self.first.__enter__()
        self.second.__enter__()
        yaml = SETTINGS.format(first=self.first.url, second=self.second.url)
        self.server = RunningHanbok(self.folder, yaml)
        self.server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.stop()
        self.first.__exit__()
        self.second.__exit__()

    def client(self) -> openai.OpenAI:
        return openai.OpenAI(base_url=self.server.api, api_key=self.server.key, max_retries=0, timeout=30)

    def entries(self) -> list[dict]:
        return [json.loads(line.entry) for line in lines(self.folder / "state" / "evidence")]

    def last_outcome(self) -> dict:
        """Wait until every call has its outcome, and return the last one."""
        soon(lambda: self._count("outcome") == self._count("intent"))
        return [one for one in self.entries() if one["entry"] == "outcome"][-1]

    def _count(self, kind: str) -> int:
        return sum(one["entry"] == kind for one in self.entries())


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage(tmp_path_factory.mktemp("hardship")) as stage:
        yield stage


@pytest.fixture
def stage(shared: Stage) -> Stage:
    shared.first.script = Script()
    for one in (shared.first, shared.second):
        one.captured.clear()
        one.cancelled.clear()
    return shared


def soon(true: Callable[[], object], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)


def test_a_stream_that_breaks_off_ends_in_an_error_and_no_done(stage: Stage) -> None:
    stage.first.script = Script(say="하나 둘 셋 넷 다섯", chunk=2, cut_at=900)
    with stage.client() as client, pytest.raises(openai.APIError) as caught:
        for _ in client.chat.completions.create(model="one", messages=HELLO, stream=True):
            pass
    assert caught.value.code == "upstream_cut"
    outcome = stage.last_outcome()
    assert (outcome["status"], outcome["code"]) == ("cut", "upstream_cut")
    assert outcome["cost"] > 0
    assert outcome["steps"]["usage"] == "estimated"


@pytest.mark.parametrize(
    "script",
    [
        Script(status=503),
        Script(status=429, retry_after="1"),
        Script(raw=b"garbage\r\n\r\n"),
        Script(cut_at=0, reset=True),
        Script(cut_at=40),
        Script(hang_at=0),
    ],
    ids=["503", "429", "garbage", "reset", "cut in the head", "silent"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_before_the_first_token_another_endpoint_answers(stage: Stage, script: Script, stream: bool) -> None:
    stage.first.script = script
    with stage.client() as client:
        answer = client.chat.completions.create(model="two", messages=HELLO, stream=stream)
        text = (
            "".join(c.delta.content or "" for chunk in answer for c in chunk.choices)
            if stream
            else answer.choices[0].message.content
        )
    assert text == "둘째입니다."
    outcome = stage.last_outcome()
    assert outcome["endpoint"] == "second"
    assert [one.partition(":")[0] for one in outcome["attempts"]] == ["first"]
    if script.retry_after:
        time.sleep(float(script.retry_after))  # so long it is left alone, as it asked


def test_after_the_first_token_nobody_else_is_asked(stage: Stage) -> None:
    stage.first.script = Script(say="하나 둘 셋 넷 다섯", chunk=2, cut_at=900)
    with stage.client() as client, pytest.raises(openai.APIError):
        list(client.chat.completions.create(model="two", messages=HELLO, stream=True))
    assert stage.second.captured == []


@pytest.mark.parametrize("stream", [False, True])
def test_the_model_is_let_go_within_a_second_of_the_client_leaving(stage: Stage, stream: bool) -> None:
    stage.first.script = Script(say="천천히 " * 100, pace=0.1) if stream else Script(delay=20)
    body = json.dumps({"model": "one", "messages": HELLO, "stream": stream}).encode()
    with socket.create_connection(_address(stage)) as connection:
        connection.sendall(_request(stage, body))
        soon(lambda: stage.first.captured)
        if stream:
            connection.recv(100)
    left = time.monotonic()
    soon(lambda: stage.first.cancelled)
    assert stage.first.cancelled[0].at - left < 1
    assert stage.last_outcome()["status"] == "cancelled"


def test_a_wrong_request_is_refused_once_with_the_provider_s_words(stage: Stage) -> None:
    stage.first.script = Script(status=400)
    with stage.client() as client, pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="two", messages=HELLO)
    assert stage.second.captured == []


def test_garbage_and_slow_clients_are_told_or_let_go_and_others_are_served(stage: Stage) -> None:
    address = _address(stage)
    with socket.create_connection(address) as garbage, socket.create_connection(address) as slow_head:
        garbage.sendall(b"\x00\xff\xfe nonsense\r\n\r\n")
        slow_head.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx-slow")
        with socket.create_connection(address) as slow_body, stage.client() as client:
            slow_body.sendall(_request(stage, b"{}", length=1000))
            assert client.chat.completions.create(model="one", messages=HELLO).choices
            assert b"408" in _all(slow_body)[:20]
        assert _all(garbage)[:12] in (b"HTTP/1.1 400", b"")
        assert _all(slow_head)[:12] in (b"HTTP/1.1 408", b"")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"[]", 400, "invalid_request"),
        (b'{"model": "one", "messages": [{"role": "user", "content": "\xff\xfe"}]}', 400, "invalid_json"),
        (b'{"messages": []}', 400, "invalid_request"),
        (b'{"model": "none", "messages": []}', 404, "model_unknown"),
        (b'{"model": "one", "model": "two", "messages": []}', 400, "duplicate_field"),
        (b'{"model": "one", "messages": "' + b"a" * (5 << 20) + b'"}', 413, "body_too_large"),
        (b'{"model": "one", "messages": ' + b"[" * 100_000, 400, "invalid_json"),
    ],
    ids=["empty", "half", "list", "not UTF-8", "no model", "unknown model", "twice", "5 MB", "deep"],
)
def test_bad_bodies_get_a_code_and_a_hint(stage: Stage, body: bytes, status: int, code: str) -> None:
    with socket.create_connection(_address(stage)) as connection:
        connection.sendall(_request(stage, body))
        head, _, answer = _all(connection).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status}".encode())
    error = json.loads(answer)["error"]
    assert error["code"] == code
    assert error["hint"]
    assert stage.first.captured == []


def test_unknown_paths_fail_closed(stage: Stage) -> None:
    for path, shape in (("/v1/secrets", "error"), ("/nowhere", "code")):
        with socket.create_connection(_address(stage)) as connection:
            connection.sendall(_request(stage, b"{}", path=path))
            head, _, answer = _all(connection).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 404")
        assert shape in json.loads(answer)
    assert stage.first.captured == []


def test_a_reload_drops_no_request_and_a_slip_changes_nothing(stage: Stage) -> None:
    stage.first.script = Script(say="천천히 오는 답입니다.", pace=0.1)
    good = stage.server.settings.read_text()
    with ThreadPoolExecutor() as pool, stage.client() as client:
        streams = [
            pool.submit(
                lambda: list(client.chat.completions.create(model="one", messages=HELLO, stream=True))
            )
            for _ in range(4)
        ]
        soon(lambda: len(stage.first.captured) == 4)
        stage.server.settings.write_text(good.replace("  two:", "  three:"))
        stage.server.process.send_signal(signal.SIGHUP)
        soon(lambda: {model.id for model in client.models.list()} == {"one", "three"})
        assert all(len(stream.result()) > 2 for stream in streams)
        stage.server.settings.write_text("models: {one: 1}")
        stage.server.process.send_signal(signal.SIGHUP)
        soon(lambda: "reload refused" in stage.server.errors())
        assert {model.id for model in client.models.list()} == {"one", "three"}
        stage.server.settings.write_text(good)
        stage.server.process.send_signal(signal.SIGHUP)
        soon(lambda: {model.id for model in client.models.list()} == {"one", "two"})


def test_a_revoked_key_is_dead_within_a_second_under_load(stage: Stage) -> None:
    made = json.loads(stage.server.run("key", "create", "--organisation", "default", "--json").stdout)
    with openai.OpenAI(base_url=stage.server.api, api_key=made["secret"], max_retries=0) as client:
        soon(lambda: _works(client))
        assert stage.server.run("key", "revoke", made["id"]).returncode == 0
        revoked = time.monotonic()
        soon(lambda: not _works(client), seconds=1.0)
        assert time.monotonic() - revoked < 1.0


def test_kill_9_at_any_point_leaves_a_log_that_verifies_and_budgets_that_add_up(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        stage.first.script = Script(say="죽어도 남는 기록", pace=0.02)
        body = json.dumps({"model": "one", "messages": HELLO, "stream": True}).encode()
        for moment in (0.0, 0.005, 0.02, 0.05, 0.1, 0.2):
            connections = [socket.create_connection(_address(stage)) for _ in range(4)]
            for connection in connections:
                connection.sendall(_request(stage, body))
            time.sleep(moment)
            stage.server.kill()
            for connection in connections:
                connection.close()
            stage.server.start()
        verified = stage.server.run("log", "verify", "--json")
        assert verified.returncode == 0, verified.stdout + verified.stderr
        entries = stage.entries()
        intents = {one["call"]: one for one in entries if one["entry"] == "intent"}
        outcomes = {one["call"]: one for one in entries if one["entry"] == "outcome"}
        assert intents
        assert intents.keys() == outcomes.keys()
        crashed = [call for call, one in outcomes.items() if one["status"] == "crashed"]
        assert crashed
        assert all(outcomes[call]["cost"] == intents[call]["reserved"] for call in crashed)
        stage.server.stop()
        stage.server.start()
        shown = json.loads(stage.server.run("key", "list", "--json").stdout)
        assert sum(one["spent_this_month"] for one in shown) == sum(one["cost"] for one in outcomes.values())


def test_a_full_disk_refuses_calls_clearly_and_service_resumes(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if os.system(f"mount -t tmpfs -o size=2m tmpfs {small}") != 0:  # noqa: S605
        pytest.skip("needs the right to mount a tmpfs")
    try:
        with Stage(tmp_path) as stage:
            stage.server.stop()
            yaml = stage.server.settings.read_text() + f"evidence: {{directory: {small / 'evidence'}}}\n"
            stage.server.settings.write_text(yaml)
            stage.server.start()
            filler = small / "filler"
            with stage.client() as client:
                assert _works(client)
                _fill(filler)
                soon(lambda: not _works(client))
                before = len(stage.first.captured)
                with pytest.raises(openai.InternalServerError) as caught:
                    client.chat.completions.create(model="one", messages=HELLO)
                assert caught.value.code == "log_unavailable"
                assert len(stage.first.captured) == before
                filler.unlink()
                soon(lambda: _works(client))
            assert stage.server.run("log", "verify").returncode == 0
    finally:
        os.system(f"umount {small}")  # noqa: S605


def _fill(file: Path) -> None:
    """Take the last byte of a file system."""
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as raw:
        while raw.write(b"0" * 512):
            pass


def _works(client: openai.OpenAI) -> bool:
    try:
        client.chat.completions.create(model="one", messages=HELLO)
    except openai.APIStatusError as error:
        print(error)  # noqa: T201 - shown when the test fails
        return False
    return True


def _address(stage: Stage) -> tuple[str, int]:
    host, _, port = stage.server.url.removeprefix("http://").partition(":")
    return host, int(port)


def _request(
    stage: Stage, body: bytes, length: int | None = None, path: str = "/v1/chat/completions"
) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {stage.server.key}\r\n"
        f"content-type: application/json\r\nconnection: close\r\ncontent-length: {length or len(body)}\r\n\r\n"
    ).encode() + body


def _all(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    data = b""
    try:
        while piece := connection.recv(65536):
            data += piece
    except ConnectionError:
        pass
    return data
