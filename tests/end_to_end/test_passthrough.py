"""Paths that settings let through: each control holds on them, and what settings do not name stays shut."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import openai
import pytest

from behind import entries, new_key
from hanbok.evidence.verify import verify
from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok

pytestmark = pytest.mark.usefixtures("counted")

SETTINGS = """\
state: state
server: {{port: 0}}
endpoints:
  far:
    kind: openai
    url: {url}
    key: sk-provider
    zone: foreign
    private: true
    country: US
    operator: There
    data_use: {{trains: false, basis: 개인정보 보호법 제28조의8}}
    passthrough:
      - {{method: POST, path: /vector_stores, price: 3}}
      - {{method: POST, path: /vector_stores/*/search, price: 3}}
      - {{method: GET, path: /items/*, price: 0}}
      - {{method: DELETE, path: /items/*, price: 0}}
      - {{method: GET, path: /people/*/*/*, price: 0}}
      - {{method: POST, path: /say, price: 0}}
      - {{method: POST, path: /stream, price: 3}}
      - {{method: POST, path: /echo, price: 0}}
      - {{method: POST, path: /sound, price: 3, unread: [audio/wav, audio/mpeg]}}
      - {{method: POST, path: /mute, price: 3}}
      - {{method: POST, path: /broken, price: 3}}
      - {{method: POST, path: /dear}}
  shut: {{kind: openai_compatible, url: {url}, zone: home, operator: self, data_use: {{trains: false}}}}
models:
  m: {{targets: [{{endpoint: shut, model: m}}], price: {{input: 1, output: 2, as_of: 2026-11-01}}}}
"""
PEOPLE = Identities(11)
PHONE, RRN = PEOPLE.phone(), PEOPLE.rrn()
SAID = json.dumps({RRN: 1, "n": [int(RRN.replace("-", ""))], "id": RRN, "memo": {"url": f"x {RRN}"}})
"""What an answer holds of somebody whom the request did not name."""


class Came(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Provider(BaseHTTPRequestHandler):
    """Says what it was told, in the form that its path asks for."""

    came: list[Came]
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(size)
        self.came.append(Came(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body))
        path = urlsplit(self.path).path
        if path == "/v1/broken":
            self.reply(500, "application/json", b'{"error": {"code": "oops"}}')
        elif path == "/v1/stream":
            text = json.loads(body)["query"]
            cut = "끊어" in text
            pieces = [text[at : at + 2] for at in range(0, len(text), 2)]
            more = json.loads(SAID) if "남의" in text else {}
            sent = [f"event: piece\ndata: {json.dumps({**more, 'delta': one})}\n\n" for one in pieces]
            if more:
                sent += [f"event: {RRN}\ndata: [{RRN.replace('-', '')}]\n\n", f"data: {RRN} 끝\n\n"]
            whole = "".join([*sent, "" if cut else "data: [DONE]\n\n"]).encode()
            self.reply(200, "text/event-stream; charset=utf-8", whole, size=len(whole) + 9 * cut)
        elif path == "/v1/echo":
            told = json.loads(body)
            whole = "".join(f"data: {json.dumps(one)}\n\n" for one in told) if isinstance(told, list) else ""
            self.reply(200, "text/event-stream" if whole else "application/json", whole.encode() or body)
        elif path == "/v1/say":
            self.reply(200, "application/json", SAID.encode())
        elif path in ("/v1/sound", "/v1/mute"):
            self.reply(200, "audio/mpeg", b"\xff\xfb\x00")
        else:
            told = {"path": self.path, "body": json.loads(body) if body else None, "id": "vs_1"}
            self.reply(201, "application/json", json.dumps(told, ensure_ascii=False).encode())

    def reply(self, status: int, media: str, body: bytes, size: int | None = None) -> None:
        self.send_response(status)
        self.send_header("content-type", media)
        self.send_header("content-length", str(len(body) if size is None else size))
        self.send_header("set-cookie", "a=b")
        self.end_headers()
        self.wfile.write(body)
        if size is not None and size != len(body):
            self.close_connection = True

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the library's names

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def provider() -> Iterator[ThreadingHTTPServer]:
    Provider.came = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Provider) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def server(
    provider: ThreadingHTTPServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningHanbok]:
    url = f"http://127.0.0.1:{provider.server_port}/v1"
    with RunningHanbok(tmp_path_factory.mktemp("passthrough"), SETTINGS.format(url=url)) as running:
        yield running
    verify(running.folder / "state" / "evidence")


@pytest.fixture
def came(provider: ThreadingHTTPServer) -> list[Came]:
    Provider.came.clear()
    return Provider.came


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


def ask(server: RunningHanbok, method: str, path: str, body: object = None, **headers: str) -> Answered:
    sent = {"authorization": f"Bearer {server.key}"} | {k.replace("_", "-"): v for k, v in headers.items()}
    data = body if body is None or isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    if data is not None:
        sent.setdefault("content-type", "application/json")
    request = Request(f"{server.url}/passthrough{path}", data, sent, method=method)
    try:
        with urlopen(request) as answer:
            return Answered(answer.status, dict(answer.headers), answer.read())
    except HTTPError as error:
        with error:
            return Answered(error.code, dict(error.headers), error.read())


def known_key(server: RunningHanbok, models: tuple[str, ...] = (), **limits: int) -> str:
    """Return the secret of a new key, once the server knows it."""
    secret = new_key(server, models, **limits).secret
    while True:
        request = Request(f"{server.api}/models", headers={"authorization": f"Bearer {secret}"})
        try:
            with urlopen(request):
                return secret
        except HTTPError as error:
            error.close()


def entries_of(server: RunningHanbok, call: str) -> list[dict[str, Any]]:
    """Return what the log holds of a call, as soon as its outcome is there."""
    while True:
        found = [one for one in entries(server) if one.get("call") == call]
        if found and found[-1]["entry"] == "outcome":
            return found
        time.sleep(0.02)


def test_a_path_passes_in_pseudonyms_and_its_answer_comes_back_whole(
    server: RunningHanbok, came: list[Came]
) -> None:
    asked = {"name": f"{PHONE}의 문서", "metadata": {"n": [1, 2.5, None], "memo": "[x]"}}
    answer = ask(
        server, "POST", "/far/vector_stores?limit=3&key=" + server.key, asked,
        cookie="s=1", x_api_key="mine", openai_beta="assistants=v2", te="trailers",
    )  # fmt: skip
    (sent,) = came
    assert answer.status == 201
    assert json.loads(answer.body)["body"] == asked
    assert PHONE not in sent.body.decode()
    assert "[전화번호-" in sent.body.decode()
    assert sent.path == "/v1/vector_stores?limit=3"
    assert sent.headers["authorization"] == "Bearer sk-provider"
    assert sent.headers["openai-beta"] == "assistants=v2"
    assert not {"cookie", "x-api-key", "te"} & sent.headers.keys()
    assert server.key not in str(sent)
    assert "set-cookie" not in {name.lower() for name in answer.headers}
    intent, outcome = entries_of(server, answer.headers["x-hanbok-call"])
    assert (intent["route"], intent["findings"]) == ("/passthrough/*", {"PHONE": 1})
    assert (outcome["status"], outcome["cost"]) == ("completed", 3_000_000)
    assert outcome["steps"]["passage"] == "POST /vector_stores"


def test_addresses_and_queries_are_read_too(server: RunningHanbok, came: list[Came]) -> None:
    answer = ask(server, "GET", f"/far/items/{PHONE}?who={PHONE}%26x%3D1")
    assert answer.status == 201
    assert PHONE not in came[0].path
    assert "&x" not in came[0].path
    assert ask(server, "DELETE", f"/far/items/{RRN}").code == "policy_refused"
    assert len(came) == 1


def test_no_other_path_leaves_than_the_one_that_was_allowed(server: RunningHanbok, came: list[Came]) -> None:
    spread = PHONE.replace("-", "/")
    assert ask(server, "GET", f"/far/people/{spread}").code == "passage_not_allowed"
    assert not came
    assert ask(server, "GET", f"/far/people/a/{PHONE}/b").status == 201
    assert len(came[0].path.split("/")) == 6


def test_an_answer_is_masked_wherever_a_value_stands(server: RunningHanbok) -> None:
    answer = ask(server, "POST", "/far/say", {})
    told = json.loads(answer.body)
    assert RRN not in answer.body.decode()
    assert RRN.replace("-", "") not in answer.body.decode()
    assert told["id"] == "[주민등록번호]"
    _, outcome = entries_of(server, answer.headers["x-hanbok-call"])
    assert outcome["reply_findings"]["RRN"] == 4


def test_the_law_refuses(server: RunningHanbok, came: list[Came]) -> None:
    refused = ask(server, "POST", "/far/vector_stores/vs_1/search", {"query": f"주민등록번호 {RRN}"})
    assert refused.status == 403
    assert "제24조의2" in json.loads(refused.body)["error"]["message"]
    assert not came


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("POST", "/far/chat/completions", 403, "passage_not_allowed"),
        ("GET", "/far/vector_stores", 403, "passage_not_allowed"),
        ("POST", "/far/vector_stores/", 403, "passage_not_allowed"),
        ("POST", "/far/vector_stores/a/b/search", 403, "passage_not_allowed"),
        ("POST", "/far/vector_stores/../search", 403, "passage_not_allowed"),
        ("GET", "/far/items/..", 403, "passage_not_allowed"),
        ("GET", "/far/items/.", 403, "passage_not_allowed"),
        ("GET", "/far//items/a", 403, "passage_not_allowed"),
        ("GET", "/far/items/a;b", 403, "passage_not_allowed"),
        ("GET", "/far/items/a\\b", 403, "passage_not_allowed"),
        ("GET", "/far/items/%2e%2e", 404, "route_unknown"),
        ("GET", "/far/items/a%2Fb", 404, "route_unknown"),
        ("GET", "/far%2Fitems/a", 404, "route_unknown"),
        ("POST", "/shut/vector_stores", 403, "passage_not_allowed"),
        ("POST", "/nowhere/vector_stores", 403, "passage_not_allowed"),
        ("POST", "/far/dear", 402, "model_unpriced"),
    ],
)
def test_what_settings_do_not_name_stays_shut(
    server: RunningHanbok, came: list[Came], method: str, path: str, status: int, code: str
) -> None:
    answer = _as_it_is(server, method, f"/passthrough{path}")
    assert (answer.status, answer.code) == (status, code)
    assert not came


def _as_it_is(server: RunningHanbok, method: str, target: str) -> Answered:
    """Send a target that a client would tidy up."""
    place = urlsplit(server.url)
    with socket.create_connection((place.hostname, place.port or 0)) as line:
        head = f"{method} {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n"
        line.sendall(f"{head}authorization: Bearer {server.key}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    told, _, body = answer.partition(b"\r\n\r\n")
    return Answered(int(told.split()[1]), {}, body)


def test_unknown_paths_below_v1_stay_shut(server: RunningHanbok, came: list[Came]) -> None:
    assert _as_it_is(server, "POST", "/v1/vector_stores").status == 404
    assert not came


def test_key_list_rate_and_budget_hold(server: RunningHanbok, came: list[Came]) -> None:
    path, body = "/far/vector_stores", {"name": "x"}

    def by(key: str) -> Answered:
        return ask(server, "POST", path, body, authorization=f"Bearer {key}")

    assert by("").code == "key_missing"
    assert by("hb-made-up").code == "key_unknown"
    assert by(known_key(server, models=("m",))).code == "model_not_allowed"
    assert not came
    assert by(known_key(server, models=("passthrough/far",))).status == 201
    assert by(known_key(server, won_per_day=2_000_000)).code == "budget_exceeded"
    once = known_key(server, requests_per_minute=1)
    assert by(once).status == 201
    limited = by(once)
    assert (limited.status, limited.code) == (429, "rate_limited")
    assert int(limited.headers["retry-after"]) > 0
    assert len(came) == 2


OPENAI = {"usage": {"prompt_tokens": 90, "completion_tokens": 40, "total_tokens": 130}}
RESPONSE = [
    {"response": {"usage": None}},
    {"response": {"usage": OPENAI["usage"]}},
    {"usage": None},
    {"n": 1},
]
ANTHROPIC = {"input_tokens": 50, "cache_read_input_tokens": 40, "output_tokens": 1}
MESSAGE = [{"message": {"usage": ANTHROPIC}}, {"message": "none"}, {"usage": {"output_tokens": 40}}]
GEMINI = {"usageMetadata": {"promptTokenCount": 90, "candidatesTokenCount": 30, "thoughtsTokenCount": 10}}


@pytest.mark.parametrize("told", [OPENAI, RESPONSE, MESSAGE, GEMINI])
def test_tokens_count_as_the_answer_tells(server: RunningHanbok, told: object) -> None:
    key = known_key(server, tokens_per_minute=1000)
    answer = ask(server, "POST", "/far/echo", told, authorization=f"Bearer {key}")
    assert answer.status == 200
    *_, outcome = entries_of(server, answer.headers["x-hanbok-call"])
    assert (outcome["input"], outcome["output"]) == (90, 40)
    large = {"name": "x" * 3 * (1000 - 130)}  # with what is around it, more than is left
    refused = ask(server, "POST", "/far/echo", large, authorization=f"Bearer {key}")
    assert (refused.status, refused.code) == (429, "token_rate_limited")


def test_tokens_that_no_answer_tells_are_estimated_where_they_are_limited(server: RunningHanbok) -> None:
    large = {"name": "x" * 3 * 600}
    for limits, told in (({}, None), ({"tokens_per_minute": 1000}, "estimated")):
        key = known_key(server, **limits)
        answer = ask(server, "POST", "/far/echo", large, authorization=f"Bearer {key}")
        *_, outcome = entries_of(server, answer.headers["x-hanbok-call"])
        assert outcome["steps"].get("usage") == told
        assert (outcome.get("input", 0) >= 600) is bool(told)
    assert ask(server, "POST", "/far/echo", large, authorization=f"Bearer {key}").code == "token_rate_limited"
    # What the provider fails at is given back.
    key = known_key(server, tokens_per_minute=1000)
    for _ in range(2):
        assert ask(server, "POST", "/far/broken", large, authorization=f"Bearer {key}").status == 502


def test_a_stream_is_restored_in_its_pieces(server: RunningHanbok, came: list[Came]) -> None:
    said = f"번호 {PHONE} 끝"
    answer = ask(server, "POST", "/far/stream", {"query": said})
    events = [one for one in answer.body.decode().split("\n\n") if one]
    deltas = [json.loads(one.split("data: ")[1])["delta"] for one in events if one.startswith("event: piece")]
    assert "".join(deltas) == said
    assert events[-1] == "data: [DONE]"
    assert PHONE not in came[0].body.decode()
    _, outcome = entries_of(server, answer.headers["x-hanbok-call"])
    assert outcome["steps"]["restore"] == "1 restored"


def test_a_stream_is_masked_wherever_a_value_stands(server: RunningHanbok) -> None:
    answer = ask(server, "POST", "/far/stream", {"query": f"남의 번호, {PHONE}"})
    shown = answer.body.decode()
    assert RRN not in shown
    assert RRN.replace("-", "") not in shown
    events = [json.loads(one.split("data: ")[1]) for one in shown.split("\n\n") if "event: piece" in one]
    assert "".join(one["delta"] for one in events) == f"남의 번호, {PHONE}"
    of_one = {"[주민등록번호]": 1, "n": [0], "id": "[주민등록번호]", "memo": {"url": "x [주민등록번호]"}}
    assert all(one == of_one | {"delta": one["delta"]} for one in events)
    assert shown.endswith("event: [주민등록번호]\ndata: [0]\n\ndata: [주민등록번호] 끝\n\ndata: [DONE]\n\n")
    _, outcome = entries_of(server, answer.headers["x-hanbok-call"])
    assert outcome["reply_findings"]["RRN"] == 4 * len(events) + 3


def test_a_stream_that_breaks_off_never_looks_whole(server: RunningHanbok) -> None:
    answer = ask(server, "POST", "/far/stream", {"query": "끊어 주세요 부디"})
    last = answer.body.decode().strip().split("\n\n")[-1]
    assert last.startswith("event: error\n")
    assert "upstream_cut" in last
    _, outcome = entries_of(server, answer.headers["x-hanbok-call"])
    assert (outcome["status"], outcome["code"]) == ("cut", "upstream_cut")


def test_what_nobody_can_read_passes_where_settings_say_so(server: RunningHanbok, came: list[Came]) -> None:
    sound = b"RIFF\x00\xff" + PHONE.encode()
    answer = ask(server, "POST", "/far/sound", sound, content_type="audio/wav")
    assert (answer.status, answer.body) == (200, b"\xff\xfb\x00")
    assert came[0].body == sound
    intent, outcome = entries_of(server, answer.headers["x-hanbok-call"])
    assert (intent["unread"], outcome["steps"]["inspect"]) == (["audio/wav"], "ran; 1 not read: audio/wav")
    named = [
        ask(server, "POST", f"/far/sound?who={PHONE}", one, content_type="audio/wav")
        for one in (sound, sound + b"\x00")
    ]
    sent = {entries_of(server, one.headers["x-hanbok-call"])[1]["sent"] for one in named}
    assert len(sent) == 2, "the digest is of the body too"
    shut = ask(server, "POST", "/far/vector_stores", sound, content_type="audio/wav")
    assert (shut.status, shut.code) == (415, "passage_not_read")
    mute = ask(server, "POST", "/far/mute", {})
    assert (mute.status, mute.code) == (502, "passage_answer_not_read")
    assert (
        ask(server, "POST", "/far/vector_stores", b"{", content_type="application/json").code
        == "invalid_json"
    )
    assert len(came) == 4


def test_a_failure_of_the_provider_is_told_as_one(server: RunningHanbok) -> None:
    answer = ask(server, "POST", "/far/broken", {})
    assert (answer.status, answer.code) == (502, "upstream_failed")


def test_the_official_client_goes_through(server: RunningHanbok) -> None:
    client = openai.OpenAI(base_url=f"{server.url}/passthrough/far", api_key=server.key, max_retries=0)
    assert client.vector_stores.create(name=f"{PHONE}").id == "vs_1"
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.vector_stores.create(name=RRN)
    assert refused.value.code == "policy_refused"
