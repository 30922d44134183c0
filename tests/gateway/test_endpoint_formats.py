"""Each provider's format through the whole door, with the official SDK: hidden on the way out, back on the way in."""

import json

import openai
import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel, echo, echo_tool
from stands import FORMATS, in_each_format

VERTEX = "/v1/projects/example/locations/asia-northeast3/publishers/google/models/real"

TOOL = {
    "type": "function",
    "function": {"name": "lookup", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture(scope="module")
def model():
    with ScriptedModel() as one:
        yield one


@pytest.fixture(scope="module")
def client(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    with (
        RunningHanbok(folder, in_each_format(model.origin)) as server,
        openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as sdk,
    ):
        yield sdk


def said(client, kind, phone, *, stream):
    """Return text and arguments of the tool call, whichever there is, and the tokens told."""
    asked = {
        "model": kind,
        "messages": [{"role": "user", "content": f"제 번호는 {phone}입니다"}],
        "tools": [TOOL],
    }
    if not stream:
        answer = client.chat.completions.create(**asked)
        message = answer.choices[0].message
        calls = "".join(call.function.arguments for call in message.tool_calls or [])
        return message.content or "", calls, answer.usage.completion_tokens
    chunks = list(
        client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    )
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    calls = [call.function.arguments or "" for delta in deltas for call in delta.tool_calls or []]
    return (
        "".join(delta.content or "" for delta in deltas),
        "".join(calls),
        chunks[-1].usage.completion_tokens,
    )


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_phone_number_leaves_hidden_and_comes_back(client, model, kind, stream):
    phone = Identities(7).phone()
    model.script = Script(say=echo, chunk=2)
    text, _, tokens = said(client, kind, phone, stream=stream)
    assert text == f"제 번호는 {phone}입니다"
    assert tokens > 0
    model.script = Script(say=echo_tool, chunk=2)
    _, calls, _ = said(client, kind, phone, stream=stream)
    assert json.loads(calls) == {"text": f"제 번호는 {phone}입니다"}
    assert all(phone.encode() not in one.raw for one in model.captured)
    assert {one.target.partition("?")[0] for one in model.captured[-2:]} <= {
        "/v1/chat/completions",
        "/v1/messages",
        "/v1beta/models/real:generateContent",
        "/v1beta/models/real:streamGenerateContent",
        "/model/real/converse",
        "/model/real/converse-stream",
        f"{VERTEX}:generateContent",
        f"{VERTEX}:streamGenerateContent",
    }


@pytest.mark.parametrize("kind", FORMATS)
def test_a_providers_refusal_and_a_broken_stream_reach_the_client_as_errors(client, model, kind):
    model.script = Script(status=503)
    with pytest.raises(openai.APIStatusError):
        said(client, kind, "", stream=False)
    model.script = Script(say="안녕하세요, 반갑습니다", chunk=2, error_after=6)
    with pytest.raises(openai.APIError):
        said(client, kind, "", stream=True)


def test_what_a_format_cannot_say_is_a_clear_400(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="anthropic", messages=[{"role": "user", "content": "x"}], n=2)
    assert caught.value.code == "unsupported_request"
