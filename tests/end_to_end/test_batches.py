"""Batches with the official SDK: every line its own call, none twice, over a kill too; files sealed and of one key."""

import collections
import json
import sqlite3

import openai
import pytest

from end_to_end.test_kept_responses import SETTINGS, client_of, until
from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel, echo

pytestmark = pytest.mark.usefixtures("counted")

PEOPLE = Identities(9)
PHONE, RRN = PEOPLE.phone(), PEOPLE.rrn()
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def model():
    with ScriptedModel(Script(say=echo)) as one:
        yield one


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    with RunningHanbok(tmp_path_factory.mktemp("batches"), SETTINGS.format(url=model.url)) as running:
        yield running


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as made:
        yield made


def chat(text, model="m"):
    return {"model": model, "messages": [{"role": "user", "content": text}]}


def begin(client, bodies, url=CHAT, **more):
    """Upload lines and begin a batch of them."""
    lines = [
        {"custom_id": f"c{number}", "method": "POST", "url": url, "body": body}
        for number, body in enumerate(bodies)
    ]
    text = "\n".join(json.dumps(one, ensure_ascii=False) for one in lines)
    file = client.files.create(file=("asked.jsonl", text.encode()), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=url, completion_window="24h", **more)


def over(client, name):
    """Return a batch when it has ended."""

    def look():
        batch = client.batches.retrieve(name)
        return batch if batch.status in ("completed", "failed", "expired", "cancelled") else None

    return until(look, 60)


def lines(client, file):
    read = [json.loads(line) for line in client.files.content(file).text.splitlines()]
    return {one["custom_id"]: one for one in read}


def test_each_line_is_a_call_with_its_guard_its_proof_and_its_price(client, server, model):
    batch = begin(
        client,
        [
            chat(f"제 번호는 {PHONE}", "far"),
            chat(f"주민등록번호 {RRN}", "far"),
            chat("안녕"),
            chat("?", "nowhere"),
        ],
        metadata={"job": "밤"},
    )
    assert (batch.status, batch.metadata) == ("validating", {"job": "밤"})
    batch = over(client, batch.id)
    counts = batch.request_counts
    assert (batch.status, counts.total, counts.completed, counts.failed) == ("completed", 4, 2, 2)
    good, bad = lines(client, batch.output_file_id), lines(client, batch.error_file_id)
    said = {name: one["response"]["body"]["choices"][0]["message"]["content"] for name, one in good.items()}
    assert said == {"c0": f"제 번호는 {PHONE}", "c2": "안녕"}
    assert {name: one["response"]["status_code"] for name, one in bad.items()} == {"c1": 403, "c3": 404}
    assert "제24조의2" in bad["c1"]["response"]["body"]["error"]["message"]
    assert all(PHONE.encode() not in one.raw and RRN.encode() not in one.raw for one in model.captured)
    shown = server.run("log", "show", "--call", good["c0"]["response"]["request_id"], "--json")
    intent, outcome = (one["entry"] for one in json.loads(shown.stdout))
    assert (intent["route"], outcome["status"], outcome["form"]) == (CHAT, "completed", "pseudonymised")
    assert outcome["cost"] > 0
    assert '"batch.create"' in server.run("log", "show", "-n", "40", "--json").stdout
    with sqlite3.connect(server.folder / "state" / "contents.db") as store:
        sealed = b"".join(one for (one,) in store.execute("SELECT sealed FROM contents"))
    store.close()
    assert sealed
    assert PHONE.encode() not in sealed


@pytest.mark.parametrize(
    ("url", "body", "answered"),
    [
        (
            "/v1/responses",
            {"model": "m", "input": "안녕"},
            lambda body: body["output"][0]["content"][0]["text"],
        ),
        ("/v1/embeddings", {"model": "m", "input": "안녕"}, lambda body: body["data"][0]["object"]),
        ("/v1/moderations", {"model": "m", "input": "안녕"}, lambda body: body["results"][0]["flagged"]),
    ],
)
def test_other_routes_go_in_batches_too(client, url, body, answered):
    batch = over(client, begin(client, [body], url).id)
    [line] = lines(client, batch.output_file_id).values()
    assert answered(line["response"]["body"]) in ("안녕", "embedding", False)


def test_a_wrong_file_is_told_by_line_and_nothing_is_asked(client, model):
    asked = len(model.captured)
    wrong = [
        "no json",
        {"custom_id": "a", "method": "GET", "url": CHAT, "body": {}},
        {"custom_id": "a", "method": "POST", "url": "/v1/files", "body": {}},
        {"custom_id": "a", "method": "POST", "url": CHAT, "body": chat("안녕")},
        {"custom_id": "a", "method": "POST", "url": CHAT, "body": chat("안녕")},
    ]
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in wrong)
    file = client.files.create(file=("wrong.jsonl", text.encode()), purpose="batch")
    batch = client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
    batch = over(client, batch.id)
    assert batch.status == "failed"
    assert [(one.line, one.code) for one in batch.errors.data] == [
        (1, "invalid_json_line"),
        (2, "invalid_method"),
        (3, "mismatched_endpoint"),
        (5, "duplicate_custom_id"),
    ]
    assert len(model.captured) == asked
    for wish in ({"endpoint": "/v1/rerank"}, {"completion_window": "1h"}):
        with pytest.raises(openai.BadRequestError):
            client.batches.create(
                **{"input_file_id": file.id, "endpoint": CHAT, "completion_window": "24h", **wish}
            )
    streamed = over(client, begin(client, [{**chat("안녕"), "stream": True}]).id)
    assert lines(client, streamed.error_file_id)["c0"]["response"]["status_code"] == 400


def test_files_and_batches_are_nobody_elses_and_can_be_deleted(client, server):
    batch = over(client, begin(client, [chat("안녕")]).id)
    with client_of(server) as other:
        for attempt in (
            lambda: other.files.retrieve(batch.input_file_id),
            lambda: other.files.content(batch.output_file_id),
            lambda: other.files.delete(batch.output_file_id),
            lambda: other.batches.create(
                input_file_id=batch.input_file_id, endpoint=CHAT, completion_window="24h"
            ),
            lambda: other.batches.retrieve(batch.id),
            lambda: other.batches.cancel(batch.id),
        ):
            with pytest.raises((openai.NotFoundError, openai.PermissionDeniedError)):
                attempt()
        assert not list(other.batches.list())
        assert not list(other.files.list())
    names = {one.id for one in client.files.list()}
    assert names >= {batch.input_file_id, batch.output_file_id}
    assert client.batches.list(limit=1).has_more
    client.files.delete(batch.output_file_id)
    client.files.delete(batch.input_file_id)
    for name in (batch.output_file_id, batch.input_file_id):
        with pytest.raises((openai.NotFoundError, openai.PermissionDeniedError)):
            client.files.content(name)
    with pytest.raises(openai.ConflictError):
        client.batches.cancel(batch.id)


def test_a_budget_ends_lines_and_a_rate_only_slows_them(server):
    with client_of(server, "--won-per-day", "1") as poor:
        batch = over(poor, begin(poor, [chat("긴 글 " * 300)] * 2).id)
        assert {one["response"]["status_code"] for one in lines(poor, batch.error_file_id).values()} == {402}
    with client_of(server, "--concurrency", "1") as slow:
        batch = over(slow, begin(slow, [chat("안녕")] * 3).id)
        assert batch.request_counts.completed == 3


def test_a_batch_is_cancelled_between_lines(client, model):
    model.script = Script(say=echo, delay=0.3)
    batch = begin(client, [chat(f"줄 {number}") for number in range(40)])
    until(lambda: client.batches.retrieve(batch.id).status == "in_progress")
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(batch.id)
    assert client.batches.cancel(batch.id).status == "cancelling"
    ended = over(client, batch.id)
    assert ended.status == "cancelled"
    assert ended.request_counts.completed < 40
    assert ended.created_at <= ended.cancelling_at <= ended.cancelled_at
    model.script = Script(say=echo)


def test_after_a_kill_it_goes_on_and_no_finished_line_is_asked_twice(server, model):
    model.script = Script(say=echo, delay=0.1)
    before = len(model.captured)
    texts = [f"죽음을 넘는 줄 {number}" for number in range(40)]
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
        name = begin(client, [chat(text) for text in texts]).id
        until(lambda: len(model.captured) >= before + 12)
    server.kill()
    with sqlite3.connect(server.folder / "state" / "contents.db") as store:
        kept = store.execute("SELECT call FROM contents WHERE part = 'output'").fetchall()
    store.close()
    finished = {int(call.rpartition("-")[2]) for (call,) in kept if call.startswith(name)}
    assert 0 < len(finished) < 40
    killed = len(model.captured)
    server.start()
    model.script = Script(say=echo)
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
        batch = over(client, name)
        assert batch.request_counts.completed == 40
        assert len(lines(client, batch.output_file_id)) == 40
    again = [one.json["messages"][0]["content"] for one in model.captured[killed:]]
    assert not {texts[number - 1] for number in finished} & set(again)
    assert max(collections.Counter(again).values()) == 1


def test_where_nothing_is_kept_no_file_is_taken(server):
    server.run("org", "create", "fleeting")
    with client_of(server, "--org", "fleeting") as client:
        with pytest.raises(openai.BadRequestError) as caught:
            begin(client, [chat("안녕")])
        assert caught.value.code == "contents_not_kept"
