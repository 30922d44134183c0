"""Routing through a running server: a place that is down costs no call, retries are honest, a canary gets its share."""

import json
import socket
import time

import openai
import pytest

from hanbok.evidence.segments import lines
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel

SETTINGS = """\
state: state
server: {{port: 0}}
breaker: {{failures: 2, seconds: 60, longest: 60}}
endpoints:
  one: {{kind: openai_compatible, url: {one}, zone: home, operator: self, data_use: {{trains: false}}}}
  two: {{kind: openai_compatible, url: {two}, zone: home, operator: self, data_use: {{trains: false}}}}
  closed:
    kind: openai_compatible
    url: {one}
    zone: home
    operator: self
    data_use: {{trains: false}}
    maintenance: [{{begins: "00:00", ends: "00:00"}}]
  slow:
    kind: openai_compatible
    url: {one}
    zone: home
    operator: self
    data_use: {{trains: false}}
    timeouts: {{first: 0.5}}
  keyed:
    kind: openai_compatible
    url: {one}
    keys: [first, second, third]
    zone: home
    operator: self
    data_use: {{trains: false}}
models:
  keyed:
    targets: [{{endpoint: keyed, model: k}}]
    price: {{input: 1, output: 2, as_of: 2026-11-01}}
  both:
    targets: [{{endpoint: one, model: a}}, {{endpoint: two, model: a}}]
    price: {{input: 1, output: 2, as_of: 2026-11-01}}
  canary:
    targets: [{{endpoint: one, model: b, weight: 80}}, {{endpoint: two, model: b, weight: 20}}]
    routing: {{by: weight}}
    price: {{input: 1, output: 2, as_of: 2026-11-01}}
  hedged:
    targets: [{{endpoint: one, model: h}}, {{endpoint: two, model: h}}]
    routing: {{hedge: 0.2}}
    price: {{input: 1000, output: 4000, as_of: 2026-11-01}}
  patient:
    targets: [{{endpoint: slow, model: p}}, {{endpoint: two, model: p}}]
    price: {{input: 1000, output: 4000, as_of: 2026-11-01}}
  ruled:
    targets:
      - {{endpoint: closed, model: a}}
      - {{endpoint: one, model: r, group: small}}
      - {{endpoint: two, model: r, group: large}}
    rules:
      - {{needs: [structured], use: large}}
      - {{tasks: [report], languages: [ko], use: large}}
    price: {{input: 1000, output: 4000, as_of: 2026-11-01}}
  remembered:
    targets: [{{endpoint: one, model: m}}]
    price: {{input: 1000, output: 4000, as_of: 2026-11-01}}
    cache: {{seconds: 600}}
  shut:
    targets: [{{endpoint: closed, model: a}}]
    price: {{input: 1000, output: 4000, as_of: 2026-11-01}}
  again:
    targets: [{{endpoint: one, model: c}}]
    routing: {{retries: 2}}
    price: {{input: 1, output: 2, as_of: 2026-11-01}}
"""


@pytest.fixture(scope="module")
def models():
    with ScriptedModel() as one, ScriptedModel() as two:
        yield one, two


@pytest.fixture(scope="module")
def server(models, tmp_path_factory):
    one, two = models
    folder = tmp_path_factory.mktemp("routing")
    with RunningHanbok(folder, SETTINGS.format(one=one.url, two=two.url)) as running:
        yield running


@pytest.fixture(scope="module")
def client(server):
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as sdk:
        yield sdk


def outcome(server, number):
    """Wait for the outcome of the call with this number of intents before it, and return it."""
    for _ in range(200):
        entries = [json.loads(line.entry) for line in lines(server.folder / "state" / "evidence")]
        intents = [one["call"] for one in entries if one["entry"] == "intent"]
        found = [one for one in entries if one["entry"] == "outcome" and one["call"] == intents[number]]
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError("no outcome")


def said(client, model, *, stream):
    answer = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "안녕"}], stream=stream
    )
    if not stream:
        return answer.choices[0].message.content
    return "".join(one.delta.content or "" for chunk in answer for one in chunk.choices)


def answer_costs(client, model):
    """Cost of one answer of a quiet model, in micro-won."""
    usage = ask(client, model).usage
    return usage.prompt_tokens * 1000 + usage.completion_tokens * 4000


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(
    "script",
    [Script(delay=30), Script(hang_at=20), Script(hang_at=300)],
    ids=["silent", "cut head", "no token"],
)
def test_of_two_the_first_token_wins_the_other_is_let_go_and_both_are_paid(
    client, server, models, script, stream
):
    one = models[0]
    one.then(script)
    gone = len(one.cancelled)
    assert said(client, "hedged", stream=stream) == "안녕"
    ended = outcome(server, -1)
    assert ended["endpoint"] == "two"
    assert ended["attempts"] == ["one:outrun"]
    prompt = -(-len(one.captured[-1].body) // 3)
    paid = answer_costs(client, "hedged")
    assert ended["cost"] - paid == pytest.approx(prompt * 1000, rel=0.4), "the loser's prompt is paid too"
    assert ended["steps"].get("usage") is None, "the usage told is the winner's"
    assert len(one.cancelled) == gone + 1


def test_a_hedge_that_is_not_needed_asks_nobody_else(client, server, models):
    one, two = models
    before = len(two.captured)
    assert said(client, "hedged", stream=True) == "안녕"
    assert len(two.captured) == before
    assert "attempts" not in outcome(server, -1)
    one.then(Script(status=503))
    assert said(client, "hedged", stream=False) == "안녕"
    assert outcome(server, -1)["attempts"] == ["one:upstream_failed"]


def test_a_hedge_over_two_that_fail_tells_the_failure(client, server, models):
    for model in models:
        model.then(Script(status=500))
    with pytest.raises(openai.APIStatusError):
        ask(client, "hedged")
    assert len(outcome(server, -1)["attempts"]) == 2


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_place_that_begins_and_says_nothing_is_given_up(client, server, models, stream):
    models[0].then(Script(hang_at=300 if stream else 20))
    assert said(client, "patient", stream=stream) == "안녕"
    assert outcome(server, -1)["attempts"] == ["slow:upstream_timeout"]


def ask(client, model):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "안녕"}])


def test_a_place_that_is_down_is_left_alone_and_no_call_fails(client, models):
    one, two = models
    one.captured.clear()
    two.captured.clear()
    one.script = Script(status=503)
    for _ in range(6):
        assert ask(client, "both").choices[0].message.content == "안녕"
    assert len(one.captured) == 2, "after two failures it is tried no more"
    assert len(two.captured) == 6
    one.script = Script()


def asked_by(model):
    return [one.headers["authorization"].removeprefix("Bearer ") for one in model.captured]


def test_a_key_that_is_used_up_rests_while_the_others_answer(client, models):
    one, _ = models
    one.captured.clear()
    one.then(Script(status=429, retry_after="60"), Script(status=401))
    assert [ask(client, "keyed").choices[0].message.content for _ in range(3)] == ["안녕"] * 3
    used = asked_by(one)
    assert len(set(used[:3])) == 3, "two are refused, the third answers"
    assert set(used[3:]) == {used[2]}
    one.then(Script(status=429, retry_after="60"))
    with pytest.raises(openai.APIStatusError):
        ask(client, "keyed")
    assert len(one.captured) == 6, "there is no other key left to ask with"


def test_a_canary_gets_its_share(client, models):
    before = [len(model.captured) for model in models]
    for _ in range(60):
        ask(client, "canary")
    first, second = (len(model.captured) - count for model, count in zip(models, before, strict=True))
    assert first + second == 60
    # A share of 20 % of 60 is 12; outside of 2 and 26 it falls less than once in ten thousand times.
    assert 2 <= second <= 26


def test_a_failure_that_passes_is_not_the_callers_to_handle(client, models):
    one, _ = models
    before = len(one.captured)
    one.then(Script(status=500), Script(status=500))
    assert ask(client, "again").choices[0].message.content == "안녕"
    assert len(one.captured) == before + 3
    one.then(*[Script(status=500)] * 3)
    with pytest.raises(openai.APIStatusError):
        ask(client, "again")
    assert len(one.captured) == before + 6


@pytest.mark.parametrize(
    ("more", "endpoint", "rule"),
    [
        ({}, "one", None),
        ({"response_format": {"type": "json_object"}}, "two", "1: large"),
        ({"extra_headers": {"x-hanbok-task": "report"}}, "two", "2: large"),
        ({"extra_headers": {"x-hanbok-task": "chat"}}, "one", None),
    ],
)
def test_a_rule_chooses_by_content_and_the_log_names_it(client, server, more, endpoint, rule):
    client.chat.completions.create(
        model="ruled", messages=[{"role": "user", "content": "안녕하세요"}], **more
    )
    ended = outcome(server, -1)
    assert ended["endpoint"] == endpoint
    assert ended["steps"].get("rule") == rule


def test_a_model_whose_only_endpoint_is_maintained_is_refused_honestly(client, models):
    before = [len(model.captured) for model in models]
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, "shut")
    assert caught.value.code == "endpoint_unavailable"
    assert [len(model.captured) for model in models] == before


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_client_that_leaves_lets_both_of_a_hedge_go_and_pays_both_prompts(client, server, models, stream):
    gone = [len(model.cancelled) for model in models]
    asked = [len(model.captured) for model in models]
    for model in models:
        model.then(Script(delay=30))
    body = {"model": "hedged", "messages": [{"role": "user", "content": "안녕"}], "stream": stream}
    text = json.dumps(body).encode()
    host, _, port = server.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(
            b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer %b\r\n"
            b"content-length: %d\r\n\r\n%b" % (server.key.encode(), len(text), text)
        )
        soon(lambda: all(len(one.captured) > count for one, count in zip(models, asked, strict=True)))
    soon(lambda: all(len(one.cancelled) > count for one, count in zip(models, gone, strict=True)))
    ended = outcome(server, -1)
    assert ended["status"] == "cancelled"
    assert ended["cost"] == pytest.approx(2 * -(-len(text) // 3) * 1000, rel=0.4)


def soon(true):
    for _ in range(300):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come about")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_same_request_is_answered_from_memory_for_nothing(client, server, models, stream):
    asked = len(models[0].captured)
    first, again = said(client, "remembered", stream=stream), said(client, "remembered", stream=stream)
    assert first == again == "안녕"
    assert len(models[0].captured) == asked + 1
    paid, free = outcome(server, -2), outcome(server, -1)
    assert (paid["steps"]["cache"], free["steps"]["cache"]) == ("miss", "hit")
    assert paid["cost"] > 0
    assert "cost" not in free
    assert (free["status"], free["endpoint"], free.get("sent", "")) == ("completed", "one", "")
