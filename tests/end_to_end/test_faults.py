"""Faults, one by one, between a client and a model: each ends in an honest error, the right money and a whole log.

What fails as a whole (kill -9, full disks, clients that leave, fail-over) is in `test_hardship.py`.
"""

import json
import socket
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openai
import pytest
import trustme

from hanbok.evidence.segments import lines
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel

ENDPOINT = """\
  {name}:
    kind: openai_compatible
    url: {url}
    zone: home
    operator: self
    data_use: {{trains: false}}
    options: {{{options}}}
    timeouts: {{connect: 2, first: 1, idle: 1, total: 3}}
"""
MODEL = "  {name}: {{targets: [{{endpoint: {name}, model: m}}], {price}}}\n"
PRICE = "price: {input: 1000, output: 4000, as_of: 2026-11-01}"
HELLO = [{"role": "user", "content": "안녕하세요"}]
TEXT = "한글이 든 답입니다"
SAYING = Script(say=TEXT, chunk=3)


def expired(authority: trustme.CA) -> trustme.LeafCert:
    return authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(days=1))


class Bench:
    """A server before a good model and before addresses at which something is wrong."""

    def __init__(self, folder: Path, model: ScriptedModel, urls: dict[str, tuple[str, str]]) -> None:
        self.model = model
        urls = {"good": (model.url, ""), **urls}
        yaml = "server: {port: 0}\nstate: state\nbreaker: {failures: 100000}\nendpoints:\n"
        yaml += "".join(
            ENDPOINT.format(name=name, url=url, options=more) for name, (url, more) in urls.items()
        )
        yaml += "models:\n" + "".join(MODEL.format(name=name, price=PRICE) for name in urls)
        self.server = RunningHanbok(folder, yaml)
        self.folder = folder

    def ask(self, model: str = "good", *, stream: bool = False) -> str:
        """Return the text of a whole answer; raise what the official client raises for any other."""
        with openai.OpenAI(base_url=self.server.api, api_key=self.server.key, max_retries=0) as client:
            answer = client.chat.completions.create(model=model, messages=HELLO, stream=stream)
            if not stream:
                return str(answer.choices[0].message.content)
            return "".join(one.delta.content or "" for chunk in answer for one in chunk.choices)

    def entries(self) -> list[dict]:
        return [json.loads(line.entry) for line in lines(self.folder / "state" / "evidence")]

    def last(self) -> dict:
        """Wait until every call has its outcome, and return the last call's."""
        for _ in range(300):
            entries = self.entries()
            intents = [one["call"] for one in entries if one["entry"] == "intent"]
            outcomes = {one["call"]: one for one in entries if one["entry"] == "outcome"}
            if outcomes.keys() == set(intents):
                return outcomes[intents[-1]]
            time.sleep(0.02)
        raise AssertionError("a call has no outcome")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("faults")
    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    contexts = []
    for leaf in (expired(authority), stranger.issue_cert("127.0.0.1"), authority.issue_cert("other.example")):
        context = trustme.ssl.SSLContext(trustme.ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        contexts.append(context)
    with (
        socket.socket() as closed,
        ScriptedModel(SAYING) as model,
        ScriptedModel(tls=contexts[0]) as old,
        ScriptedModel(tls=contexts[1]) as strange,
        ScriptedModel(tls=contexts[2]) as other,
    ):
        closed.bind(("127.0.0.1", 0))  # nobody listens there
        trusting = f"ca_file: {folder / 'ca.pem'}"
        bench = Bench(
            folder,
            model,
            {
                "nameless": ("http://no-such-host.invalid/v1", ""),
                "refused": (f"http://127.0.0.1:{closed.getsockname()[1]}/v1", ""),
                "expired": (old.url, trusting),
                "stranger": (strange.url, trusting),
                "misnamed": (other.url, trusting),
                "plain": (model.url.replace("http://", "https://"), trusting),
            },
        )
        with bench.server:
            yield bench


def cuts() -> dict[str, int]:
    """Return, by the class of bytes that they stand in, places at which a stream is cut."""
    answer = _stream_of_bytes()
    head = answer.index(b"\r\n\r\n") + 4
    event = answer.index(" 든 ".encode())  # the second token
    finish = answer.index(b'"finish_reason": "stop"')
    done = answer.index(b"[DONE]")
    return {
        "status line": 9,
        "header": 30,
        "head's end": head,
        "chunk's size": head + 1,
        "field's name": answer.index(b"data:") + 2,
        "JSON before a token": answer.index(b'"role"'),
        "letter of three bytes": event + 4,
        "JSON behind a token": event + 20,
        "between events": answer.index(b"\n\n", event) + 2,
        "end's reason": finish + 5,
        "before the usage": answer.index(b'"usage"', finish) - 5,
        "end's mark": done + 3,
    }


def _stream_of_bytes() -> bytes:
    """Return the answer to our question as a model writes it, byte for byte."""
    body = json.dumps(
        {"model": "m", "messages": HELLO, "stream": True, "stream_options": {"include_usage": True}}
    ).encode()
    with ScriptedModel(SAYING) as model:
        host, _, port = model.origin.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(
                b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nconnection: close\r\n"
                b"content-length: %d\r\n\r\n%b" % (len(body), body)
            )
            data = b""
            while not data.endswith(b"0\r\n\r\n"):
                data += line.recv(65536)
    return data


CUTS = cuts()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("place", CUTS)
def test_a_stream_cut_anywhere_ends_in_an_error_and_is_paid(bench: Bench, place: str, reset: bool) -> None:
    bench.model.then(Script(say=TEXT, chunk=3, cut_at=CUTS[place], reset=reset))
    with pytest.raises(openai.APIError) as caught:
        bench.ask(stream=True)
    assert caught.value.code == "upstream_cut"
    ended = bench.last()
    begun = list(CUTS).index(place) >= list(CUTS).index("letter of three bytes")
    assert (ended["status"], ended["code"]) == ("cut" if begun else "failed", "upstream_cut")
    prompt = -(-len(bench.model.captured[-1].body) // 3)
    assert ended["cost"] > 0, "the model had the prompt"
    assert ended["cost"] <= prompt * 2 * 1000 + len(TEXT) * 4000


def test_a_stream_whose_last_bytes_alone_are_cut_is_whole(bench: Bench) -> None:
    bench.model.then(Script(say=TEXT, chunk=3, cut_at=len(_stream_of_bytes()) - 3))
    assert bench.ask(stream=True) == TEXT
    assert bench.last()["status"] == "completed"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", ["nameless", "refused", "expired", "stranger", "misnamed", "plain"])
def test_what_was_never_sent_costs_nothing_and_is_told(bench: Bench, name: str, stream: bool) -> None:
    asked = len(bench.model.captured)
    with pytest.raises(openai.InternalServerError) as caught:
        bench.ask(name, stream=stream)
    assert caught.value.code == "upstream_unreachable"
    ended = bench.last()
    assert (ended["status"], ended["code"]) == ("failed", "upstream_unreachable")
    assert ended.get("cost", 0) == 0
    assert len(bench.model.captured) == asked


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
GARBAGE = {
    "no HTTP": b"\x00\xff\x00garbage\r\n\r\n",
    "a page": b"HTTP/1.1 200 OK\r\ncontent-length: 13\r\n\r\n<html></html>",
    "half a JSON": STREAM + b'data: {"choices": [{"index": 0, "del\n\n',
    "no UTF-8": STREAM + b'data: {"choices": [{"index": 0, "delta": {"content": "\xff\xfe"}}]}\n\n',
    "another shape": STREAM + b'data: {"choices": 7}\n\n',
    "a number of bytes that is none": b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "packed": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 3\r\n\r\nabc",
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_no_answer(bench: Bench, name: str, stream: bool) -> None:
    bench.model.then(Script(raw=GARBAGE[name]))
    with pytest.raises(openai.APIError) as caught:
        bench.ask(stream=stream)
    assert caught.value.code in {"upstream_garbled", "upstream_cut"}
    assert "garbage" not in str(caught.value)
    assert bench.last()["status"] in {"failed", "cut"}


@pytest.mark.parametrize(
    ("script", "code"),
    [
        (Script(status=429), "upstream_failed"),
        (Script(status=500), "upstream_failed"),
        (Script(delay=30), "upstream_timeout"),
        (Script(hang_at=30), "upstream_timeout"),
        (Script(say="느린 답", chunk=1, pace=30), "upstream_timeout"),
    ],
    ids=["429", "500", "silent", "silent in the head", "silent in the body"],
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_refusals_and_slowness_are_told_and_the_prompt_paid_once(
    bench: Bench, script: Script, code: str, stream: bool
) -> None:
    if script.pace and not stream:
        script = Script(hang_at=300)
    bench.model.then(script)
    with pytest.raises(openai.APIError) as caught:
        bench.ask(stream=stream)
    assert caught.value.code == code
    ended = bench.last()
    assert ended["code"] == code
    if code == "upstream_failed":
        assert ended.get("cost", 0) == 0, "a refusal is not charged by anybody"
    else:
        prompt = -(-len(bench.model.captured[-1].body) // 3) * 1000
        assert prompt * 0.5 <= ended["cost"] <= prompt * 2 + 4000 * 20


def test_an_error_inside_of_a_stream_is_no_end(bench: Bench) -> None:
    bench.model.then(Script(say=TEXT, chunk=3, error_after=3, pace=0.05))
    with pytest.raises(openai.APIError) as caught:
        bench.ask(stream=True)
    assert caught.value.code == "upstream_failed"
    ended = bench.last()
    assert ended["status"] == "cut"
    assert ended["cost"] > 0


def test_while_the_database_is_gone_calls_go_on_and_nothing_is_lost(bench: Bench) -> None:
    database = sqlite3.connect(bench.folder / "state" / "hanbok.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    try:
        end = time.monotonic() + 4  # two rounds of what is written to it beside the calls
        while time.monotonic() < end:
            assert bench.ask() == TEXT
            time.sleep(0.5)
    finally:
        database.execute("ROLLBACK")
        database.close()
    assert bench.ask() == TEXT


def test_after_all_of_it_the_log_verifies_and_the_books_agree(bench: Bench) -> None:
    bench.last()
    bench.server.stop()
    verified = bench.server.run("log", "verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    shown = json.loads(bench.server.run("key", "list", "--json").stdout)
    costs = [one.get("cost", 0) for one in bench.entries() if one["entry"] == "outcome"]
    assert len(costs) >= 1
    assert sum(one["spent_this_month"] for one in shown) == sum(costs)
