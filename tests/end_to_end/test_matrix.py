"""Every route to a model by every control: no cell is empty."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from hanbok.http import door
from hanbok.http.operations import OPERATIONS
from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel

pytestmark = pytest.mark.slow

SETTINGS = """\
state: state
server: {{port: 0}}
endpoints:
  home: {{kind: openai_compatible, url: {url}, zone: home, operator: self, data_use: {{trains: false}}}}
  abroad:
    {{kind: openai_compatible, url: {url}, zone: foreign, country: US, operator: There, data_use: {{trains: false}}}}
models:
  m: {{targets: [{{endpoint: home, model: m}}], price: {{input: 1000000, output: 2000000, as_of: 2026-11-01}}}}
  far: {{targets: [{{endpoint: abroad, model: m}}], price: {{input: 1, output: 2, as_of: 2026-11-01}}}}
  dear: {{targets: [{{endpoint: home, model: unheard-of}}]}}
"""
Body = Callable[[str, str], tuple[str, dict[str, Any]]]


def chat(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/chat/completions", {
        "model": model,
        "messages": [{"role": "user", "content": text}],
        "max_tokens": 9,
    }


def messages(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/messages", {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 9}


def responses(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/responses", {"model": model, "input": text, "max_output_tokens": 9}


def generate(model: str, text: str) -> tuple[str, dict[str, Any]]:
    config = {"maxOutputTokens": 9}
    return f"/v1beta/models/{model}:generateContent", {
        "contents": [{"role": "user", "parts": [{"text": text}]}],
        "generationConfig": config,
    }


def embeddings(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/embeddings", {"model": model, "input": text}


def images(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/images/generations", {"model": model, "prompt": text}


def moderations(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/moderations", {"model": model, "input": text}


def rerank(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/rerank", {"model": model, "query": text, "documents": [text, "다른 글"]}


def speech(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/audio/speech", {"model": model, "input": text, "voice": "alloy"}


def transcription(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/audio/transcriptions", {"model": model, "prompt": text}


def translation(model: str, text: str) -> tuple[str, dict[str, Any]]:
    return "/v1/audio/translations", {"model": model, "prompt": text}


ASKED: dict[str, Body] = {
    "/v1/chat/completions": chat,
    "/v1/messages": messages,
    "/v1/responses": responses,
    "/v1beta/models/": generate,
    "/v1/embeddings": embeddings,
    "/v1/images/generations": images,
    "/v1/moderations": moderations,
    "/v1/rerank": rerank,
    "/v1/audio/speech": speech,
    "/v1/audio/transcriptions": transcription,
    "/v1/audio/translations": translation,
}
# Routes below /v1 that ask no model, each with its reason.
ASK_NONE = {
    "/v1/batches": "each line goes the way of its own route: test_batches.py",
    "/v1/batches/": "kept here",
    "/v1/files": "kept here",
    "/v1/files/": "kept here",
    "/v1/fine_tuning/jobs": "made here",
    "/v1/fine_tuning/jobs/": "made here",
    "/v1/responses/": "kept here, of its own key only: test_kept_responses.py",
    "/v1/realtime": "a WebSocket, with each of these controls: test_realtime.py",
    "/v1/realtime/client_secrets": "made here, with each of these controls: test_realtime.py",
    "/v1/realtime/calls": "refused",
    "/v1/realtime/calls/": "refused",
    "/v1/models": "a list",
    "/v1/models/": "a list; its POST is that of /v1beta/models/",
    "/v1beta/models": "a list",
    "/v1/messages/count_tokens": "counted here, nothing leaves",
}


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as one:
        yield one


@pytest.fixture(scope="module")
def server(model: ScriptedModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHanbok]:
    with RunningHanbok(tmp_path_factory.mktemp("matrix"), SETTINGS.format(url=model.url)) as running:
        yield running


def ask(
    server: RunningHanbok, key: str, asked: tuple[str, dict[str, Any]]
) -> tuple[int, str, dict[str, str]]:
    """Return status, body and headers."""
    path, body = asked
    sent, kind = json.dumps(body).encode(), "application/json"
    if path in ("/v1/audio/transcriptions", "/v1/audio/translations"):
        sent, kind = form(body), "multipart/form-data; boundary=edge"
    headers = {"content-type": kind, **({"authorization": f"Bearer {key}"} if key else {})}
    request = Request(server.url + path, sent, headers)
    try:
        with urlopen(request) as answer:
            return answer.status, answer.read().decode(errors="replace"), dict(answer.headers)
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(), dict(error.headers)


def form(fields: dict[str, Any]) -> bytes:
    """Return a form with these fields and a file that is no text."""
    pieces = [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    pieces.append(b'name="file"; filename="a.wav"\r\ncontent-type: audio/wav\r\n\r\nRIFF\x00\xff\x00\xff')
    head = b"--edge\r\ncontent-disposition: form-data; "
    return b"".join([head + one + b"\r\n" for one in pieces]) + b"--edge--\r\n"


def key(server: RunningHanbok, *limits: str) -> str:
    made = server.run("key", "create", "--json", *limits)
    assert made.returncode == 0, made.stderr
    secret: str = json.loads(made.stdout)["secret"]
    for _ in range(200):
        request = Request(f"{server.url}/v1/models", headers={"authorization": f"Bearer {secret}"})
        try:
            with urlopen(request):
                return secret
        except HTTPError as error:
            error.close()
            time.sleep(0.05)
    raise TimeoutError("the server did not hear of the key")


def test_every_route_to_a_model_is_in_the_matrix() -> None:
    below_v1 = {path for path in (*door.ROUTES, *door._BELOW) if path.startswith("/v1")}
    assert below_v1 == ASKED.keys() | ASK_NONE.keys()
    assert {one.path for one in OPERATIONS if one.path.startswith("/v1")} >= {"/v1/messages", "/v1/responses"}


@pytest.mark.parametrize("route", ASKED)
def test_without_a_key_nothing_is_asked(server: RunningHanbok, model: ScriptedModel, route: str) -> None:
    before = len(model.captured)
    for secret in ("", "hb-made-up"):
        status, body, _ = ask(server, secret, ASKED[route]("m", "안녕"))
        assert status == 401, body
    assert len(model.captured) == before


@pytest.mark.parametrize("route", ASKED)
def test_a_model_outside_of_the_keys_list_and_one_without_a_price_are_refused(
    server: RunningHanbok, model: ScriptedModel, route: str
) -> None:
    before = len(model.captured)
    only = key(server, "--model", "far")
    assert ask(server, only, ASKED[route]("m", "안녕"))[0] == 403
    assert ask(server, server.key, ASKED[route]("dear", "안녕"))[0] == 402
    assert ask(server, server.key, ASKED[route]("nowhere", "안녕"))[0] == 404
    assert len(model.captured) == before


@pytest.mark.parametrize("route", ASKED)
def test_the_rate_and_the_budget_hold(server: RunningHanbok, route: str) -> None:
    once = key(server, "--requests-per-minute", "1")
    assert ask(server, once, ASKED[route]("m", "안녕"))[0] == 200
    status, _, headers = ask(server, once, ASKED[route]("m", "안녕"))
    assert status == 429
    assert 0 < int(headers["retry-after"]) <= 60
    poor = key(server, "--won-per-day", "1")
    assert ask(server, poor, ASKED[route]("m", "안녕하세요"))[0] == 402


@pytest.mark.parametrize("route", ASKED)
def test_the_law_refuses_and_hides(server: RunningHanbok, model: ScriptedModel, route: str) -> None:
    people = Identities(11)
    rrn, phone = people.rrn(), people.phone()
    before = len(model.captured)
    status, body, _ = ask(server, server.key, ASKED[route]("far", f"주민등록번호 {rrn}"))
    assert status == 403
    assert "제24조의2" in body
    assert len(model.captured) == before
    ask(server, server.key, ASKED[route]("far", f"제 번호는 {phone}"))
    assert all(phone.encode() not in one.body for one in model.captured[before:])


def test_texts_that_come_back_are_made_whole_again(server: RunningHanbok) -> None:
    text = f"제 번호는 {Identities(11).phone()}"
    _, ranked, _ = ask(server, server.key, rerank("far", text))
    _, drawn, _ = ask(server, server.key, images("far", text))
    assert json.loads(ranked)["results"][0]["document"]["text"] == text
    assert json.loads(drawn)["data"][0]["revised_prompt"] == text


@pytest.mark.parametrize("route", ASKED)
def test_what_was_asked_is_on_record_with_its_cost(server: RunningHanbok, route: str) -> None:
    status, body, headers = ask(server, server.key, asked := ASKED[route]("m", "안녕하세요"))
    assert status == 200, body
    shown = server.run("log", "show", "--call", headers["x-hanbok-call"], "--json")
    intent, outcome = (one["entry"] for one in json.loads(shown.stdout))
    assert intent["route"] == asked[0].replace("/m:", "/*:")  # no word that a client chose
    assert outcome["status"] == "completed"
    assert outcome["cost"] > 0
