"""Responses that are kept: shown, gone on from, made in the background, deleted; and never to another key."""

import json
import sqlite3
import time

import openai
import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Said, Script, ScriptedModel, echo

pytestmark = pytest.mark.usefixtures("counted")

SETTINGS = """\
state: state
server: {{port: 0}}
vault: {{contents: {{keep: true, organisations: [default]}}}}
endpoints:
  home: {{kind: openai_compatible, url: {url}, zone: home, operator: self, data_use: {{trains: false}}}}
  abroad:
    {{kind: openai_compatible, url: {url}, zone: foreign, country: US, operator: There, data_use: {{trains: false}}}}
models:
  m: {{targets: [{{endpoint: home, model: m}}], price: {{input: 1000, output: 2000, as_of: 2026-11-01}}}}
  far: {{targets: [{{endpoint: abroad, model: m}}], price: {{input: 1000, output: 2000, as_of: 2026-11-01}}}}
"""
PHONE = Identities(5).phone()


@pytest.fixture(scope="module")
def model():
    with ScriptedModel(Script(say=echo, chunk=2)) as one:
        yield one


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    with RunningHanbok(tmp_path_factory.mktemp("kept"), SETTINGS.format(url=model.url)) as running:
        yield running


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as made:
        yield made


@pytest.fixture(scope="module")
def other(server):
    """A client of the same organisation with another key."""
    with client_of(server) as made:
        yield made


def client_of(server, *options):
    """Return a client with a key of its own."""
    secret = json.loads(server.run("key", "create", "--json", *options).stdout)["secret"]
    made = openai.OpenAI(base_url=server.api, api_key=secret, max_retries=0)
    until(lambda: answers(made))
    return made


def answers(client):
    try:
        return client.models.list()
    except openai.AuthenticationError:
        return None


def until(ask, seconds=30):
    """Return what is true at last."""
    end = time.monotonic() + seconds
    while not (found := ask()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)
    return found


def ended(client, name):
    """Return a response of the background when it has ended."""

    def look():
        response = client.responses.retrieve(name)
        return response if response.status not in ("queued", "in_progress") else None

    return until(look)


def texts(page):
    return [(one.role, one.content[0].text) for one in page if one.type == "message"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_response_is_kept_with_its_input_and_gone_on_from(client, model, stream):
    asked = {"model": "far", "input": f"제 번호는 {PHONE}입니다"}
    if stream:
        with client.responses.stream(**asked) as events:
            first = events.get_final_response()
    else:
        first = client.responses.create(**asked)
    assert first.store is True
    again = client.responses.retrieve(first.id)
    for part in ("id", "status", "usage", "created_at", "output_text", "store"):
        assert getattr(again, part) == getattr(first, part)
    second = client.responses.create(model="far", input="그래서요?", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    sent = model.captured[-1]
    assert [one["role"] for one in sent.json["messages"]] == ["user", "assistant", "user"]
    assert PHONE.encode() not in sent.raw  # the guard read the kept turns again
    items = client.responses.input_items.list(second.id, order="asc")
    assert texts(items) == [
        ("user", f"제 번호는 {PHONE}입니다"),
        ("assistant", f"제 번호는 {PHONE}입니다"),
        ("user", "그래서요?"),
    ]
    newest = client.responses.input_items.list(second.id, limit=1)
    assert texts(newest.data) == [("user", "그래서요?")]
    assert newest.has_more


def test_what_is_not_to_be_kept_and_what_was_deleted_is_not_there(client, server):
    fleeting = client.responses.create(model="m", input="안녕", store=False)
    assert fleeting.store is False
    kept = client.responses.create(model="m", input="안녕")
    client.responses.delete(kept.id)
    for name in (fleeting.id, kept.id, "resp_" + "0" * 24):
        with pytest.raises(openai.NotFoundError, match="resp_"):
            client.responses.retrieve(name)
        with pytest.raises(openai.NotFoundError):
            client.responses.create(model="m", input="그래서?", previous_response_id=name)
    shown = server.run("log", "show", "-n", "30", "--json").stdout
    assert '"response.delete"' in shown


def test_a_response_is_nobody_elses(client, other, server):
    mine = client.responses.create(model="m", input=f"제 번호는 {PHONE}입니다")
    for attempt in (
        lambda: other.responses.retrieve(mine.id),
        lambda: other.responses.delete(mine.id),
        lambda: other.responses.cancel(mine.id),
        lambda: other.responses.input_items.list(mine.id),
        lambda: other.responses.create(model="m", input="뭐라고 했지?", previous_response_id=mine.id),
    ):
        with pytest.raises(openai.NotFoundError):
            attempt()
    assert client.responses.retrieve(mine.id).output_text
    with sqlite3.connect(server.folder / "state" / "contents.db") as store:
        sealed = store.execute("SELECT sealed FROM contents WHERE part = 'response'").fetchall()
    store.close()
    assert sealed
    assert all(PHONE.encode() not in one for (one,) in sealed)


def test_a_background_response_goes_on_without_its_client_and_its_events_can_be_read_again(client, model):
    model.script = Script(say=echo, chunk=2, pace=0.02)
    queued = client.responses.create(model="m", input="백그라운드로", background=True)
    assert queued.status in ("queued", "in_progress")
    assert ended(client, queued.id).output_text == "백그라운드로"
    name = ""
    with client.responses.create(
        model="m", input="오래 걸리는 답입니다", background=True, stream=True
    ) as events:
        for one in events:
            if one.type == "response.created":
                name = one.response.id
            if one.type == "response.output_text.delta":
                reached = one.sequence_number
                break
    rest = list(client.responses.retrieve(name, stream=True, starting_after=reached))
    assert [one.sequence_number for one in rest] == list(range(reached + 1, reached + 1 + len(rest)))
    assert rest[-1].response.output_text == "오래 걸리는 답입니다"
    assert ended(client, name).output_text == "오래 걸리는 답입니다"
    again = list(client.responses.retrieve(name, stream=True))
    assert again[-1].response.to_dict() == client.responses.retrieve(name).to_dict()
    assert [one.type for one in again][:2] == ["response.created", "response.in_progress"]
    model.script = Script(say=echo, chunk=2)


def test_a_background_response_is_refused_by_law_and_by_the_provider_as_any_call(client, model):
    refused = client.responses.create(
        model="far", input=f"주민등록번호 {Identities(3).rrn()}", background=True, instructions="비밀"
    )
    failed = ended(client, refused.id)
    assert (failed.status, failed.error.code) == ("failed", "policy_refused")
    assert failed.instructions is None  # what was refused is kept nowhere
    assert texts(client.responses.input_items.list(refused.id)) == []
    model.script = Script(status=503)
    failed = ended(client, client.responses.create(model="m", input="안녕", background=True).id)
    assert (failed.status, failed.error.code) == ("failed", "upstream_failed")
    model.script = Script(say=echo, chunk=2)


def test_a_background_response_is_cancelled_at_the_provider_too(client, model):
    model.script = Script(say="끝나지 않는 답", chunk=1, pace=5)
    before, asked = len(model.cancelled), len(model.captured)
    made = client.responses.create(model="m", input="천천히", background=True, stream=True)
    name = next(iter(made)).response.id
    until(lambda: len(model.captured) > asked)
    assert client.responses.retrieve(name).status == "in_progress"
    with pytest.raises(openai.BadRequestError, match="끝나지"):
        client.responses.create(model="m", input="그래서?", previous_response_id=name)
    assert client.responses.cancel(name).status == "cancelled"
    assert client.responses.cancel(name).status == "cancelled"
    until(lambda: len(model.cancelled) > before)
    made.close()
    model.script = Script(say=echo, chunk=2)
    plain = client.responses.create(model="m", input="안녕")
    with pytest.raises(openai.BadRequestError):
        client.responses.cancel(plain.id)


def test_where_nothing_is_kept_that_is_said(server):
    server.run("org", "create", "fleeting")
    with client_of(server, "--org", "fleeting") as client:
        assert client.responses.create(model="m", input="안녕").store is False
        for wish in ({"store": True}, {"background": True}, {"previous_response_id": "resp_1"}):
            with pytest.raises(openai.BadRequestError) as caught:
                client.responses.create(model="m", input="안녕", **wish)
            assert caught.value.code == "contents_not_kept"
            assert "vault.contents.keep" in caught.value.body["hint"]
        with pytest.raises(openai.BadRequestError):
            client.responses.retrieve("resp_1")


def test_a_kill_leaves_an_honest_failure(server, model):
    model.script = Script(say=Said(text="늦음"), delay=60)
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
        name = client.responses.create(model="m", input="천천히", background=True).id
        until(lambda: len(model.captured) and "천천히" in model.captured[-1].body.decode())
    server.kill()
    server.start()
    model.script = Script(say=echo, chunk=2)
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
        failed = client.responses.retrieve(name)
        assert (failed.status, failed.error.code, failed.model) == ("failed", "interrupted", "m")
        assert client.responses.retrieve(name).to_dict() == failed.to_dict()
