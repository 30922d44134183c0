"""Every API that clients speak, on every format that providers speak, with the official SDKs."""

import json

import pytest

from end_to_end.fronted import CLIENTS, clients_of
from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Said, Script, ScriptedModel, ToolCall, echo, echo_tool
from stands import FORMATS, in_each_format

FRONTS = [one.name for one in CLIENTS]
SPEAKS = {"messages": "anthropic", "generate": "gemini"}


@pytest.fixture(scope="module")
def model():
    with ScriptedModel() as one:
        yield one


@pytest.fixture(scope="module")
def server(model, tmp_path_factory):
    with RunningHanbok(tmp_path_factory.mktemp("fronts"), in_each_format(model.origin)) as running:
        yield running


@pytest.fixture(scope="module")
def clients(server):
    with clients_of(server) as made:
        yield made


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("back", FORMATS)
@pytest.mark.parametrize("front", FRONTS)
def test_a_phone_number_leaves_hidden_and_comes_back(clients, model, front, back, stream):
    phone = Identities(7).phone()
    model.script = Script(say=echo, chunk=2)
    said = clients[front].ask(back, f"제 번호는 {phone}입니다", stream=stream)
    assert said.text == f"제 번호는 {phone}입니다"
    assert said.tokens > 0
    assert said.finish in {"stop", "end_turn", "STOP", "completed"}
    model.script = Script(say=echo_tool, chunk=2)
    called = clients[front].ask(back, f"제 번호는 {phone}입니다", stream=stream)
    assert json.loads(called.calls) == {"text": f"제 번호는 {phone}입니다"}
    assert all(phone.encode() not in one.raw for one in model.captured)


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("back", FORMATS)
@pytest.mark.parametrize("front", FRONTS)
def test_thoughts_texts_and_several_calls_keep_their_order_and_their_place(
    clients, model, front, back, stream
):
    calls = tuple(
        ToolCall(name="lookup", arguments=f'{{"text": "{one}"}}', id=f"call_{one}") for one in "가나"
    )
    model.script = Script(
        say=Said(reasoning="생각하면", text="찾아봅니다", tool_calls=calls, output=31), chunk=2
    )
    said = clients[front].ask(back, "찾아 줘", stream=stream)
    assert said.text == "찾아봅니다"
    assert said.calls == '{"text": "가"}{"text": "나"}'
    assert said.tokens == 31
    if front != "chat":  # that SDK's stream helper drops what OpenAI itself never sends
        assert said.thought == "생각하면"


@pytest.mark.parametrize("back", FORMATS)
@pytest.mark.parametrize("front", FRONTS)
def test_the_result_of_a_tool_reaches_the_model(clients, model, front, back):
    model.script = Script(say="그렇습니다")
    assert clients[front].answer_call(back) == "그렇습니다"
    sent = json.dumps(model.captured[-1].json, ensure_ascii=False)
    assert "결과" in sent
    assert "그래서?" in sent


@pytest.mark.parametrize("back", FORMATS)
@pytest.mark.parametrize("front", FRONTS)
def test_refusals_failures_and_broken_streams_are_errors_of_the_clients_own_kind(clients, model, front, back):
    client = clients[front]
    for status in (503, 400, 429):
        model.script = Script(status=status)
        with pytest.raises(client.failure):
            client.ask(back, "안녕")
    model.script = Script(say="안녕하세요, 반갑습니다", chunk=2, error_after=6)
    with pytest.raises(client.broken):
        client.ask(back, "안녕", stream=True)
    model.script = Script()
    with pytest.raises(client.failure) as unknown:
        client.ask("nowhere", "안녕")
    assert "nowhere" in str(unknown.value)
    with pytest.raises(client.failure) as refused:
        client.ask(back, f"주민등록번호 {Identities(3).rrn()}", tools=False)
    assert "제24조의2" in str(refused.value)


@pytest.mark.parametrize("front", SPEAKS)
def test_what_only_the_provider_of_that_format_understands_reaches_it_as_it_came(
    clients, server, model, front
):
    model.script = Script(say="네")
    if front == "messages":
        body = {
            "model": "anthropic",
            "max_tokens": 9,
            "system": [{"type": "text", "text": "짧게", "cache_control": {"type": "ephemeral"}}],
            "messages": [{"role": "user", "content": "안녕"}],
            "made_up": {"deep": [1, 2]},
        }
        sent = {**body, "model": "real"}
        clients[front].sdk.post("/v1/messages", body=body, cast_to=object)
    else:
        body = {
            "contents": [{"role": "user", "parts": [{"text": "안녕"}]}],
            "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
            "madeUp": {"deep": [1, 2]},
        }
        sent = body
        clients[front].sdk._api_client.request("post", "models/gemini:generateContent", body)
    assert model.captured[-1].json == sent


def test_features_of_the_format_are_asked_for_by_their_names_and_by_nothing_else(clients, model):
    model.script = Script(say="네")
    body = {"model": "anthropic", "max_tokens": 9, "messages": [{"role": "user", "content": "안녕"}]}
    sdk = clients["messages"].sdk
    features = "context-1m-2025-08-07, max-tokens-3-5-sonnet-2024-07-15,claude-code-20250219"
    sdk.post("/v1/messages", body=body, cast_to=object, options={"headers": {"anthropic-beta": features}})
    assert model.captured[-1].headers["anthropic-beta"] == features
    before = len(model.captured)
    for odd in (Identities(3).rrn(), f"x-{Identities(3).rrn()}-2025-01-01", "a b", "x-2025-01-01,,"):
        with pytest.raises(clients["messages"].failure) as refused:
            sdk.post("/v1/messages", body=body, cast_to=object, options={"headers": {"anthropic-beta": odd}})
        assert odd not in str(refused.value)
    assert len(model.captured) == before


def test_counting_tokens_sends_nothing(clients, model):
    before = len(model.captured)
    counted = clients["messages"].sdk.messages.count_tokens(
        model="anthropic", messages=[{"role": "user", "content": "안녕하세요, 반갑습니다"}]
    )
    assert 5 <= counted.input_tokens <= 30
    assert clients["generate"].sdk.models.count_tokens(model="gemini", contents="안녕하세요").total_tokens > 2
    assert len(model.captured) == before


def test_every_front_leaves_the_same_proof_and_the_same_price(clients, server, model):
    model.script = Script(say=Said(text="네", input=100, output=50))
    for front in FRONTS:
        for stream in (False, True):
            clients[front].ask("anthropic", "안녕", stream=stream, tools=False)
    shown = [one["entry"] for one in json.loads(server.run("log", "show", "-n", "99", "--json").stdout)]
    outcomes = [one for one in shown if "cost" in one][-8:]
    assert {(one["status"], one["input"], one["output"], one["cost"]) for one in outcomes} == {
        ("completed", 100, 50, outcomes[0]["cost"])
    }
    assert outcomes[0]["cost"] > 0
    assert server.run("log", "verify").returncode == 0
