"""What the door is for: a real server, the official SDK, and a stand-in abroad that keeps every byte it is sent."""

import json
import re
import urllib.request
from collections.abc import Iterator

import openai
import pytest
from pydantic import BaseModel

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Asked, Captured, Said, Script, ScriptedModel, echo_tool
from stands import PRICE, SETTINGS

PEOPLE = Identities(seed=20261122)
RRN, PHONE, ACCOUNT = PEOPLE.rrn(), PEOPLE.mobile(), PEOPLE.account("신한은행")
PROMPT = f"고객 휴대전화는 {PHONE}이고 신한은행 계좌번호는 {ACCOUNT}입니다. 안내 문자를 써 주세요."


@pytest.fixture(scope="module")
def stands() -> Iterator[tuple[ScriptedModel, ScriptedModel]]:
    with ScriptedModel() as abroad, ScriptedModel() as home:
        yield abroad, home


@pytest.fixture(scope="module")
def server(
    stands: tuple[ScriptedModel, ScriptedModel], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningHanbok]:
    abroad, home = stands
    settings = SETTINGS.format(abroad=abroad.url, home=home.url, price=PRICE)
    with RunningHanbok(tmp_path_factory.mktemp("hanbok"), settings) as running:
        yield running


@pytest.fixture
def abroad(stands: tuple[ScriptedModel, ScriptedModel]) -> ScriptedModel:
    for stand in stands:
        stand.captured.clear()
        stand.script = Script()
    return stands[0]


@pytest.fixture
def home(stands: tuple[ScriptedModel, ScriptedModel], abroad: ScriptedModel) -> ScriptedModel:
    return stands[1]


@pytest.fixture
def client(server: RunningHanbok) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
        yield client


def say(client: openai.OpenAI, model: str, text: str) -> str:
    answer = client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}])
    return answer.choices[0].message.content or ""


def stream(client: openai.OpenAI, model: str, text: str) -> list[str]:
    chunks = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}], stream=True
    )
    return [choice.delta.content or "" for chunk in chunks for choice in chunk.choices]


def holds(captured: list[Captured], *values: str) -> list[str]:
    """Which real values are anywhere in the bytes that arrived, with or without their separators."""
    raw = b"".join(one.raw for one in captured).decode("utf-8")
    bare = re.sub(r"[^0-9A-Za-z가-힣]", "", raw)
    return [value for value in values if value in raw or re.sub(r"[^0-9]", "", value) in bare]


def test_a_resident_registration_number_is_refused_with_the_article(
    client: openai.OpenAI, abroad: ScriptedModel
) -> None:
    with pytest.raises(openai.PermissionDeniedError) as caught:
        say(client, "abroad", f"주민등록번호 {RRN} 고객의 대출 자격을 알려 주세요.")
    assert "개인정보 보호법 제24조의2" in caught.value.message
    assert caught.value.code == "policy_refused"
    assert RRN not in str(caught.value.body)
    assert abroad.captured == []


def test_where_policy_says_so_the_model_at_home_answers_instead(
    client: openai.OpenAI, abroad: ScriptedModel, home: ScriptedModel
) -> None:
    home.script = Script(say="집에서 답합니다.")
    assert say(client, "careful", f"주민등록번호 {RRN} 고객입니다.") == "집에서 답합니다."
    assert abroad.captured == []
    assert len(home.captured) == 1
    assert holds(home.captured, RRN) == []


def test_a_phone_and_an_account_number_leave_as_pseudonyms_and_come_back(
    client: openai.OpenAI, abroad: ScriptedModel
) -> None:
    assert say(client, "abroad", PROMPT) == PROMPT
    assert holds(abroad.captured, PHONE, ACCOUNT) == []
    sent = abroad.captured[0].json["messages"][0]["content"]
    assert sent != PROMPT
    assert sent.startswith("고객 휴대전화는 [")


@pytest.mark.parametrize("chunk", [1, 3, 50])
def test_streamed_answers_are_restored_however_they_are_cut(
    client: openai.OpenAI, abroad: ScriptedModel, chunk: int
) -> None:
    abroad.script = Script(chunk=chunk)
    assert "".join(stream(client, "abroad", PROMPT)) == PROMPT
    assert holds(abroad.captured, PHONE, ACCOUNT) == []


def test_tool_arguments_are_restored_plain_and_streamed(client: openai.OpenAI, abroad: ScriptedModel) -> None:
    tool = {"type": "function", "function": {"name": "send", "parameters": {"type": "object"}}}
    ask = {"model": "abroad", "messages": [{"role": "user", "content": PROMPT}], "tools": [tool]}
    abroad.script = Script(say=echo_tool, chunk=5)
    answer = client.chat.completions.create(**ask)
    assert answer.choices[0].message.tool_calls
    assert json.loads(answer.choices[0].message.tool_calls[0].function.arguments) == {"text": PROMPT}
    pieces = [
        call.function.arguments or ""
        for chunk in client.chat.completions.create(**ask, stream=True)
        for choice in chunk.choices
        for call in choice.delta.tool_calls or []
        if call.function
    ]
    assert json.loads("".join(pieces)) == {"text": PROMPT}
    assert holds(abroad.captured, PHONE, ACCOUNT) == []


def test_earlier_turns_tool_results_and_system_messages_are_protected_too(
    client: openai.OpenAI, abroad: ScriptedModel
) -> None:
    arguments = json.dumps({"phone": PHONE, "memo": "계좌 " + ACCOUNT})
    call = {"id": "c1", "type": "function", "function": {"name": "send", "arguments": arguments}}
    client.chat.completions.create(
        model="abroad",
        messages=[
            {"role": "system", "content": f"담당자 휴대전화 {PHONE}"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": f"계좌번호 {ACCOUNT} 확인"},
            {"role": "user", "content": [{"type": "text", "text": f"{PHONE} 맞나요?"}]},
        ],
        metadata={"phone": PHONE},
    )
    assert holds(abroad.captured, PHONE, ACCOUNT) == []
    sent = abroad.captured[0].json["messages"]
    assert json.loads(sent[1]["tool_calls"][0]["function"]["arguments"])["phone"].startswith("[")


def test_structured_output_parses_with_the_real_values(client: openai.OpenAI, abroad: ScriptedModel) -> None:
    class Contact(BaseModel):
        phone: str

    def speak(asked: Asked) -> Said:
        placeholder = re.search(r"\[[^\]]+\]", asked.text)
        assert placeholder
        return Said(text=json.dumps({"phone": placeholder[0]}, ensure_ascii=False))

    abroad.script = Script(say=speak)
    answer = client.chat.completions.parse(
        model="abroad", messages=[{"role": "user", "content": f"휴대전화 {PHONE}"}], response_format=Contact
    )
    assert answer.choices[0].message.parsed == Contact(phone=PHONE)


async def test_the_asynchronous_client_works(server: RunningHanbok, abroad: ScriptedModel) -> None:
    async with openai.AsyncOpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client:
        chunks = await client.chat.completions.create(
            model="abroad", messages=[{"role": "user", "content": PROMPT}], stream=True
        )
        text = "".join([c.delta.content or "" async for chunk in chunks for c in chunk.choices])
    assert text == PROMPT


def test_unknown_fields_reach_the_provider_byte_for_byte(
    server: RunningHanbok, abroad: ScriptedModel
) -> None:
    odd = (
        b'{"model":"abroad", "x_new" : {"a":1.50e+2,"b":[ 1,2 ],"\\u0063":"\\uac00"},'
        b'"messages":[{"role":"user","content":"hi"}]}'
    )
    request = urllib.request.Request(
        f"{server.api}/chat/completions", odd, {"authorization": f"Bearer {server.key}"}
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert abroad.captured[0].body == odd.replace(b'"abroad"', b'"gpt-x"')


def test_usage_is_metered_and_shown_only_where_it_was_asked_for(
    client: openai.OpenAI, abroad: ScriptedModel
) -> None:
    messages = [{"role": "user", "content": "안녕하세요"}]
    hidden = list(client.chat.completions.create(model="abroad", messages=messages, stream=True))
    shown = list(
        client.chat.completions.create(
            model="abroad", messages=messages, stream=True, stream_options={"include_usage": True}
        )
    )
    assert all(chunk.usage is None for chunk in hidden)
    assert all(chunk.choices for chunk in hidden)
    assert shown[-1].usage
    assert shown[-1].usage.prompt_tokens == 5
    assert all(one.json["stream_options"]["include_usage"] for one in abroad.captured)


def test_embeddings_models_and_images_pass(client: openai.OpenAI, abroad: ScriptedModel) -> None:
    assert client.embeddings.create(model="abroad", input=["안녕"]).data[0].embedding
    assert {model.id for model in client.models.list()} == {"abroad", "careful", "house"}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 20}}
    client.chat.completions.create(
        model="abroad",
        messages=[{"role": "user", "content": [{"type": "text", "text": "무엇인가요?"}, image]}],
        n=2,
        logprobs=True,
    )
    assert abroad.captured[-1].json["messages"][0]["content"][1] == image
    assert (abroad.captured[-1].json["n"], abroad.captured[-1].json["logprobs"]) == (2, True)


def test_what_happened_is_in_a_log_that_verifies(
    server: RunningHanbok, client: openai.OpenAI, abroad: ScriptedModel
) -> None:
    answer = client.chat.completions.with_raw_response.create(
        model="abroad", messages=[{"role": "user", "content": PROMPT}]
    )
    call = answer.headers["x-hanbok-call"]
    assert answer.headers["x-hanbok-form"] == "pseudonymised"
    shown = server.run("log", "show", "--call", call, "--json")
    assert shown.returncode == 0, shown.stderr
    entries = {one["entry"]["entry"]: one["entry"] for one in json.loads(shown.stdout)}
    assert entries["intent"]["findings"] == {"ACCOUNT": 1, "PHONE": 1}
    assert entries["intent"]["plan"][0]["zone"] == "foreign"
    assert entries["outcome"]["status"] == "completed"
    assert (
        entries["outcome"]["cost"] == 1000 * entries["outcome"]["input"] + 4000 * entries["outcome"]["output"]
    )
    verified = server.run("log", "verify", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    log = b"".join(
        file.read_bytes() for file in (server.folder / "state" / "evidence").rglob("*") if file.is_file()
    )
    assert PHONE.encode() not in log
    assert ACCOUNT.encode() not in log
    assert server.key.encode() not in log
