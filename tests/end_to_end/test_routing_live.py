"""Routing through a running server: a place that is down costs no call, retries are honest, a canary gets its share."""

import openai
import pytest

from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel

SETTINGS = """\
state: state
server: {{port: 0}}
breaker: {{failures: 2, seconds: 60, longest: 60}}
endpoints:
  one: {{kind: openai_compatible, url: {one}, zone: home, operator: self, data_use: {{trains: false}}}}
  two: {{kind: openai_compatible, url: {two}, zone: home, operator: self, data_use: {{trains: false}}}}
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
def client(models, tmp_path_factory):
    one, two = models
    with (
        RunningHanbok(
            tmp_path_factory.mktemp("routing"), SETTINGS.format(one=one.url, two=two.url)
        ) as server,
        openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as sdk,
    ):
        yield sdk


def ask(client, model):
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": "안녕"}])


def test_a_place_that_is_down_is_left_alone_and_no_call_fails(client, models):
    one, two = models
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
