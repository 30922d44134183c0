"""Sessions over WebSocket, by the official client, against a provider on this machine: each control holds in them.

Two workers serve, so that limits, money and the log are those of all processes.
"""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import msgspec
import openai
import pytest
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeErrorEvent, RealtimeServerEvent
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from behind import entries, new_key, registered
from crowd import press
from hanbok.core.clock import now
from hanbok.evidence.verify import verify
from hanbok.gateway.realtime.client_secrets import ClientSecrets, Held
from hanbok.policy.key_records import NewKey
from hanbok.store.database import Store
from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from realtime_stand import HEARD_BY_VAD, SOUND, Provider

SETTINGS = """\
state: state
server: {{port: 0, workers: 2, drain_timeout: 5}}
guard: {{mask_replies: [RRN]}}
endpoints:
  home: {{kind: openai_compatible, url: {url}, zone: home, operator: self, data_use: {{trains: false}}}}
  abroad:
    kind: openai
    url: {url}
    key: sk-provider
    zone: foreign
    private: true
    country: US
    operator: There
    data_use: {{trains: false, basis: 개인정보 보호법 제28조의8}}
  broken: {{kind: openai_compatible, url: {refusing}, zone: home, operator: self, data_use: {{trains: false}}}}
models:
  talk: {{targets: [{{endpoint: home, model: gpt-realtime}}], price: &price {{input: 1000000, output: 2000000,
    cached_input: 500000, audio_input: 4000000, audio_output: 8000000, as_of: 2026-11-01}}}}
  far: {{targets: [{{endpoint: abroad, model: gpt-realtime}}], price: *price}}
  down: {{targets: [{{endpoint: broken, model: gpt-realtime}}], price: *price}}
  dear: {{targets: [{{endpoint: home, model: unheard-of}}]}}
  written: {{targets: [{{endpoint: home, model: m}}], price: *price}}
  heard: {{targets: [{{endpoint: home, model: gpt-transcribe}}], price: *price}}
  live: {{targets: [{{endpoint: home, model: gpt-live}}], price: *price}}
  afar: {{targets: [{{endpoint: abroad, model: gpt-transcribe}}], price: *price}}
realtime:
  models: [talk, far, down, dear]
  transcription: [heard, live, afar]
  sound_zones: [home, domestic]
  message_mib: 0.25
"""
ONE = (90 - 70) * 1_000_000 + 40 * 500_000 + 70 * 4_000_000 + 20 * 2_000_000 + 100 * 8_000_000
"""Micro-won of one response of the stand: 130 asked, of them 40 cached and 70 of sound, 120 answered, 100 of sound."""

ONE_TURN = (40 - 30) * 1_000_000 + 30 * 4_000_000 + 9 * 2_000_000
"""Of one turn of speech that was written down."""


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as one:
        yield one


@pytest.fixture(scope="module")
def server(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHanbok]:
    with Provider() as refusing:
        refusing.refuses = 401
        settings = SETTINGS.format(url=provider.url, refusing=refusing.url)
        with RunningHanbok(tmp_path_factory.mktemp("realtime"), settings) as running:
            yield running
        verify(running.folder / "state" / "evidence")


async def written(server: RunningHanbok, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the newest entry that fits, as soon as there is one."""
    for _ in range(200):
        if found := [one for one in entries(server) if fits(one)]:
            return found[-1]
        await asyncio.sleep(0.02)
    raise AssertionError("no such entry")


async def until_true(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came")


@asynccontextmanager
async def session(
    server: RunningHanbok, model: str = "talk", key: str = ""
) -> AsyncIterator[AsyncRealtimeConnection]:
    """Open one; a key that is new may take a moment to be known."""
    client = openai.AsyncOpenAI(base_url=server.api, api_key=key or server.key, max_retries=0)
    for left in range(100, -1, -1):
        try:
            connection = await client.realtime.connect(model=model).enter()
            break
        except InvalidStatus as error:
            if error.response.status_code != 401 or not left:
                raise
            await asyncio.sleep(0.02)
    try:
        await until(connection, "session.created")
        yield connection
    finally:
        await connection.close()
        await client.close()


async def until(connection: AsyncRealtimeConnection, kind: str) -> list[RealtimeServerEvent]:
    """Return what comes until an event of this type, or an error, did."""
    seen: list[RealtimeServerEvent] = []
    async with asyncio.timeout(20):
        while not seen or seen[-1].type not in (kind, "error"):
            seen.append(await connection.recv())
    return seen


async def refusal(connection: AsyncRealtimeConnection) -> str | None:
    """Return the code of the error that comes next; a response that ends instead is none."""
    (*_, last) = await until(connection, "response.done")
    assert isinstance(last, RealtimeErrorEvent)
    return last.error.code


async def say(
    connection: AsyncRealtimeConnection, text: str, until_type: str = "conversation.item.done"
) -> Any:
    content: Any = [{"type": "input_text", "text": text}]
    await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
    return (await until(connection, until_type))[-1]


async def known(server: RunningHanbok, made: NewKey) -> str:
    """Return a key's secret when every worker knows it."""
    await press(server.url, made.secret, b"", clients=16, requests=0)
    return made.secret


def asking(server: RunningHanbok, key: str = "") -> openai.OpenAI:
    return openai.OpenAI(base_url=server.api, api_key=key or server.key, max_retries=0)


async def raw(server: RunningHanbok, model: str = "talk") -> ClientConnection:
    address = f"{server.api}/realtime?model={model}".replace("http", "ws", 1)
    return await connect(address, additional_headers={"authorization": f"Bearer {server.key}"})


async def test_what_is_said_leaves_in_pseudonyms_and_comes_back_whole(
    server: RunningHanbok, provider: Provider
) -> None:
    phone = Identities(11).phone()
    async with session(server, "far") as connection:
        before = len(provider.events)
        tool: Any = {"type": "function", "name": "send", "description": f"{phone}로 보냄", "parameters": {}}
        await connection.session.update(
            session={"type": "realtime", "instructions": f"고객 {phone}", "tools": [tool]}
        )
        updated: Any = (await until(connection, "session.updated"))[-1]
        item = await say(connection, f"제 번호는 {phone}입니다")
        await connection.response.create()
        events = await until(connection, "response.done")
        output: Any = {"type": "function_call_output", "call_id": "call_1", "output": f"도구 결과 {phone}"}
        await connection.conversation.item.create(item=output)
        await connection.response.create()
        called = await until(connection, "response.done")
    assert updated.session.instructions == f"고객 {phone}"
    assert item.item.content[0].text == f"제 번호는 {phone}입니다"
    deltas = [one.delta for one in events if one.type == "response.output_text.delta"]
    done: Any = events[-1]
    assert "".join(deltas) == done.response.output[0].content[0].text == f"들은 말: 제 번호는 {phone}입니다"
    arguments = [one.delta for one in called if one.type == "response.function_call_arguments.delta"]
    assert json.loads("".join(arguments)) == {"to": f"도구 결과 {phone}"}
    assert sum(one.type == "response.output_audio.delta" for one in events) == len(deltas)
    sent = json.dumps(provider.events[before:], ensure_ascii=False)
    assert phone not in sent
    assert sent.count("[전화번호-") == 4
    assert provider.handshakes[-1].path == "/v1/realtime?model=gpt-realtime"
    assert provider.handshakes[-1].headers["authorization"] == "Bearer sk-provider"
    assert server.key not in str(provider.handshakes[-1].headers)


async def test_the_law_refuses_within_a_session_which_goes_on(
    server: RunningHanbok, provider: Provider
) -> None:
    rrn = Identities(11).rrn()
    async with session(server, "far") as connection:
        before = len(provider.events)
        await connection.send(
            {
                "type": "conversation.item.create",
                "event_id": "mine_1",
                "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": rrn}]},
            }
        )
        refused: Any = (await until(connection, "conversation.item.added"))[-1]
        assert refused.error.code == "policy_refused"
        assert "제24조의2" in refused.error.message
        assert refused.error.event_id == "mine_1"
        assert len(provider.events) == before
        assert (await say(connection, "안녕하세요")).type == "conversation.item.done"
    refusal = await written(server, lambda one: one["entry"] == "refusal" and one["code"] == "policy_refused")
    assert refusal["findings"]["RRN"] == 1


async def test_a_response_is_charged_by_its_usage_and_its_intent_stands_before_it(
    server: RunningHanbok,
) -> None:
    before = {one["call"] for one in entries(server) if "call" in one}
    async with session(server) as connection:
        await say(connection, "값은?")
        await connection.response.create()
        await until(connection, "response.done")

    def ours(one: dict[str, Any]) -> bool:
        return one.get("call") not in before and one["entry"] == "outcome" and one["cost"] > 0

    outcome = await written(server, ours)
    found = [one for one in entries(server) if one.get("call") == outcome["call"]]
    assert [one["entry"] for one in found] == ["intent", "outcome"]
    assert found[0]["route"] == "/v1/realtime"
    assert found[0]["reserved"] >= outcome["cost"]
    assert outcome["status"] == "completed"
    assert outcome["cost"] == ONE
    assert outcome["parts"] == {"audio_input": 70, "audio_output": 100}
    asked = [one for one in entries(server) if one.get("route") == "/v1/realtime/said"][-1]
    assert asked["reserved"] == 0


async def test_sound_is_named_as_not_read_and_answers_to_it_are_calls(server: RunningHanbok) -> None:
    phone = Identities(11).phone()
    async with session(server) as connection:
        await say(connection, f"{phone}")
        for _ in range(HEARD_BY_VAD):
            await connection.input_audio_buffer.append(audio=SOUND)
        events = await until(connection, "response.done")
    assert events[-1].type == "response.done"
    heard = "conversation.item.input_audio_transcription.delta"
    assert "".join(one.delta or "" for one in events if one.type == heard).endswith(phone)
    outcome = await written(server, lambda one: one["entry"] == "outcome" and one["cost"] > ONE)
    assert "not read: audio" in outcome["steps"]["inspect"]
    intent = await written(server, lambda one: one["entry"] == "intent" and one["call"] == outcome["call"])
    assert intent["unread"] == ["audio"]
    assert outcome["cost"] == ONE + 20 * 4_000_000  # two seconds were written down as well


async def test_sound_goes_where_settings_let_it(server: RunningHanbok, provider: Provider) -> None:
    async with session(server, "far") as connection:
        before = len(provider.events)
        await connection.input_audio_buffer.append(audio=SOUND)
        refused: Any = (await until(connection, "never"))[-1]
        content: Any = [{"type": "input_audio", "audio": SOUND}]
        await connection.conversation.item.create(
            item={"type": "message", "role": "user", "content": content}
        )
        as_item: Any = (await until(connection, "never"))[-1]
    assert refused.error.code == as_item.error.code == "sound_not_allowed"
    assert "제28조의8" in refused.error.message
    assert len(provider.events) == before


async def test_an_answer_is_masked_where_it_must_be(server: RunningHanbok) -> None:
    rrn = Identities(5).rrn()
    async with session(server) as connection:
        await say(connection, "안녕하세요")
        spelled = rrn.replace("-", " - ")
        await say(connection, f"도구 {spelled}")
        await connection.response.create()
        events = await until(connection, "response.done")
    # Its client sent it itself, so it is spared; that the maskers ran is in the record.
    assert rrn[-7:] in str(events[-1])
    outcome = await written(server, lambda one: one["entry"] == "outcome" and one["cost"] == ONE)
    assert outcome["steps"]["inspect_reply"] == "ran"


@pytest.mark.parametrize(
    ("model", "headers", "protocols", "status", "code"),
    [
        ("talk", {}, [], 401, "key_missing"),
        ("talk", {"authorization": "Bearer hb-made-up"}, [], 401, "key_unknown"),
        ("talk", {}, ["realtime", "openai-insecure-api-key.hb-made-up"], 401, "key_unknown"),
        ("written", None, [], 400, "realtime_not_offered"),
        ("nowhere", None, [], 404, "model_unknown"),
        ("dear", None, [], 402, "model_unpriced"),
        ("down", None, [], 502, "upstream_failed"),
    ],
)
async def test_what_is_refused_gets_no_session(
    server: RunningHanbok,
    model: str,
    headers: dict[str, str] | None,
    protocols: list[str],
    status: int,
    code: str,
) -> None:
    address = f"{server.api}/realtime?model={model}".replace("http", "ws", 1)
    sent = {"authorization": f"Bearer {server.key}"} if headers is None else headers
    offered = [Subprotocol(one) for one in protocols] or None
    with pytest.raises(InvalidStatus) as refused:
        await connect(address, additional_headers=sent, subprotocols=offered)
    assert refused.value.response.status_code == status
    assert json.loads(refused.value.response.body or b"")["error"]["code"] == code


async def test_browsers_show_their_key_among_the_subprotocols(server: RunningHanbok) -> None:
    offered = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{server.key}")]
    async with connect(
        f"{server.api}/realtime?model=talk".replace("http", "ws", 1), subprotocols=offered
    ) as line:
        assert line.subprotocol == "realtime"
        assert line.response is not None
        assert line.response.headers["x-hanbok-ai-generated"] == "true"
        assert json.loads(await line.recv())["type"] == "session.created"


def test_a_request_that_is_no_handshake_is_told_so(server: RunningHanbok) -> None:
    with asking(server) as client, pytest.raises(openai.APIStatusError) as refused:
        client.get("/realtime?model=talk", cast_to=object)
    assert refused.value.status_code == 426
    assert refused.value.code == "upgrade_required"


async def test_rate_concurrency_and_budget_hold_for_responses(
    server: RunningHanbok, provider: Provider
) -> None:
    rated = new_key(server, requests_per_minute=2)
    poor = new_key(server, won_per_day=1_000_000)
    busy = new_key(server, concurrency=1)
    metered = new_key(server, tokens_per_minute=2000)
    async with session(server, key=rated.secret) as connection:  # the first request
        await connection.response.create()
        assert (await until(connection, "response.done"))[-1].type == "response.done"
        before = len(provider.events)
        await connection.response.create()
        assert await refusal(connection) == "rate_limited"
    async with session(server, key=poor.secret) as connection:
        await connection.response.create()
        assert await refusal(connection) == "budget_exceeded"
        await connection.input_audio_buffer.append(audio=SOUND)
        assert await refusal(connection) == "budget_exceeded"
    assert len(provider.events) == before
    async with session(server, key=metered.secret) as connection:
        for _ in range(3):  # of 250 tokens each; the next would hold more than 1,000 for its answer
            await connection.response.create()
            assert (await until(connection, "response.done"))[-1].type == "response.done"
        await connection.response.create()
        assert await refusal(connection) == "token_rate_limited"
    async with session(server, key=busy.secret) as connection:
        await say(connection, "기다려")
        await connection.response.create()
        await until(connection, "response.created")
        await connection.response.create()
        assert await refusal(connection) == "concurrency_exceeded"


async def test_a_model_outside_of_the_keys_list_opens_no_session(server: RunningHanbok) -> None:
    only = new_key(server, models=("far",))
    async with session(server, "far", only.secret):
        pass
    with pytest.raises(InvalidStatus) as refused:
        async with session(server, "talk", only.secret):
            pass
    assert refused.value.response.status_code == 403


async def test_a_revoked_key_ends_its_session_within_a_second(
    server: RunningHanbok, provider: Provider
) -> None:
    made = new_key(server)
    async with session(server, key=made.secret) as connection:
        provider.closed.clear()
        registered(server, lambda one: one.revoke_key(made.key.id, actor="test", reason="left"))
        began = time.monotonic()
        event: Any = (await until(connection, "never"))[-1]
        assert event.error.code == "key_revoked"
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
        assert time.monotonic() - began < 2  # one is promised; the machine is shared
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert provider.closed.wait(2)


async def test_a_provider_that_breaks_off_is_told_honestly(server: RunningHanbok) -> None:
    async with session(server) as connection:
        await say(connection, "끊어")
        await connection.response.create()
        events = await until(connection, "response.done")
        broken: Any = events[-1]
        assert broken.error.code == "upstream_cut"
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    outcome = await written(server, lambda one: one["entry"] == "outcome" and one["status"] == "cut")
    assert outcome["code"] == "upstream_cut"
    assert outcome["cost"] > 0
    assert outcome["steps"]["usage"] == "estimated"


async def test_what_is_no_event_of_the_provider_ends_the_session(server: RunningHanbok) -> None:
    async with session(server) as connection:
        await say(connection, "엉망")
        garbled: Any = (await until(connection, "never"))[-1]
        assert garbled.error.code == "upstream_garbled"


async def test_a_response_that_nobody_asked_for_is_a_call_or_is_cancelled(
    server: RunningHanbok, provider: Provider
) -> None:
    async with session(server) as connection:
        await say(connection, "혼자")
        assert (await until(connection, "response.done"))[-1].type == "response.done"
    poor = new_key(server, won_per_day=1_000_000)
    async with session(server, key=poor.secret) as connection:
        before = len(provider.events)
        await say(connection, "혼자")
        refused: Any = (await until(connection, "response.done"))[-1]
        assert refused.error.code == "budget_exceeded"
        await until_true(lambda: provider.events[-1]["type"] == "response.cancel")
        with pytest.raises(ConnectionClosed) as closed:
            await connection.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    assert [one["type"] for one in provider.events[before:]].count("response.cancel") == 1
    paid = await written(server, lambda one: one.get("key") == poor.key.id and one["cost"] > 0)
    assert (paid["status"], paid["cost"]) == ("completed", ONE)  # the provider worked, and told what for


async def test_settings_that_change_hold_for_live_sessions(server: RunningHanbok) -> None:
    before = server.settings.read_text("utf-8")
    async with session(server) as connection:
        try:
            server.settings.write_text(before.replace("[home, domestic]", "[domestic]"), "utf-8")
            server.process.send_signal(signal.SIGHUP)
            for _ in range(100):
                await connection.input_audio_buffer.append(audio=SOUND)
                await connection.input_audio_buffer.commit()
                await connection.conversation.item.create(
                    item={
                        "type": "message",
                        "role": "user",
                        "content": [{"type": "input_audio", "audio": SOUND}],
                    }
                )
                told = (await until(connection, "conversation.item.done"))[-1]
                if told.type == "error":
                    break
                await asyncio.sleep(0.05)
            assert told.type == "error"
            assert told.error.code == "sound_not_allowed"
        finally:
            server.settings.write_text(before, "utf-8")
            server.process.send_signal(signal.SIGHUP)


# The client opens its socket in an older way than the library likes.
@pytest.mark.filterwarnings("ignore:connect:DeprecationWarning")
def test_the_client_without_asyncio_works_as_well(server: RunningHanbok) -> None:
    with asking(server) as client, client.realtime.connect(model="talk") as connection:
        assert connection.recv().type == "session.created"
        connection.response.create()
        while (event := connection.recv()).type != "response.done":
            assert event.type != "error"


async def test_a_client_that_leaves_takes_the_provider_with_it(
    server: RunningHanbok, provider: Provider
) -> None:
    async with session(server) as connection:
        await say(connection, "기다려")
        await connection.response.create()
        await until(connection, "response.created")
        provider.closed.clear()
    assert await asyncio.to_thread(provider.closed.wait, 2)
    await written(server, lambda one: one["status"] == "cancelled" and one["cost"] > 0)


async def test_a_response_that_the_provider_refuses_costs_nothing(server: RunningHanbok) -> None:
    async with session(server) as connection:
        await say(connection, "거절")
        await connection.response.create()
        refused: Any = (await until(connection, "response.done"))[-1]
        assert refused.error.code == "busy"
        assert refused.error.event_id is None
        outcome = await written(
            server, lambda one: one["entry"] == "outcome" and one["code"] == "upstream_failed"
        )
        assert outcome["cost"] == 0
        assert (await say(connection, "안녕하세요")).type == "conversation.item.done"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "event_unfit"),
        ("[]", "event_unfit"),
        ('{"event_id": "x"}', "event_unfit"),
        ('{"type": "session.update", "session": {"model": "far"}}', "event_unfit"),
        ('{"type": "session.update", "session": {"type": "transcription"}}', "event_unfit"),
        ('{"type": "session.update", "session": {"tools": [{"type": "mcp"}]}}', "event_unfit"),
        ('{"type": "response.create", "response": {"tools": [{"type": "mcp"}]}}', "event_unfit"),
        ('{"type": "conversation.item.create", "item": {"type": "mcp_call"}}', "event_unfit"),
    ],
)
async def test_what_is_no_event_is_told(server: RunningHanbok, message: str, code: str) -> None:
    async with await raw(server) as line:
        assert json.loads(await line.recv())["type"] == "session.created"
        await line.send(message)
        assert json.loads(await line.recv())["error"]["code"] == code


async def test_messages_have_a_size_and_are_text(server: RunningHanbok) -> None:
    for message, code in (("x" * (1 << 19), 1009), (b"\0", 1003)):
        async with await raw(server) as line:
            await line.recv()
            await line.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                await line.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code


async def test_no_member_of_an_event_stands_twice_when_it_leaves(
    server: RunningHanbok, provider: Provider
) -> None:
    async with await raw(server) as line:
        await line.recv()
        await line.send('{"type": "response.create", "type": "input_audio_buffer.clear", "note": "말"}')
        await line.send('{"type": "input_audio_buffer.commit", "event_id": "end_1"}')
        await until_true(lambda: provider.events[-1].get("event_id") == "end_1")
    assert provider.events[-2] == {"type": "input_audio_buffer.clear", "note": "말"}


Transcribed = AsyncIterator[AsyncRealtimeConnection]


@asynccontextmanager
async def transcription(server: RunningHanbok, key: str = "", **query: str) -> Transcribed:
    client = openai.AsyncOpenAI(base_url=server.api, api_key=key or server.key, max_retries=0)
    asked: dict[str, object] = {"intent": "transcription", **query}
    async with client, client.realtime.connect(extra_query=asked) as connection:
        yield connection


async def speak(connection: AsyncRealtimeConnection, until_type: str = "completed") -> list[Any]:
    for _ in range(HEARD_BY_VAD):
        await connection.input_audio_buffer.append(audio=SOUND)
    return list(await until(connection, f"conversation.item.input_audio_transcription.{until_type}"))


async def test_a_transcription_is_guarded_both_ways_and_each_turn_is_a_call(
    server: RunningHanbok, provider: Provider
) -> None:
    phone, rrn = Identities(11).phone(), Identities(12).rrn()
    provider.hears = f"번호 {rrn}"
    before, said = {one["call"] for one in entries(server) if "call" in one}, len(provider.events)
    async with transcription(server) as connection:
        created: Any = await connection.recv()
        assert (created.type, created.session.type) == ("session.created", "transcription")
        assert created.session.audio.input.transcription.model == "gpt-transcribe"
        writer: Any = {"model": "heard", "prompt": phone, "language": "ko"}
        await connection.session.update(
            session={"type": "transcription", "audio": {"input": {"transcription": writer}}}
        )
        updated: Any = (await until(connection, "session.updated"))[-1]
        assert updated.session.audio.input.transcription.prompt == phone
        first, second = await speak(connection), await speak(connection)
    assert provider.handshakes[-1].path == "/v1/realtime?intent=transcription"
    for events in (first, second):
        deltas = [one.delta for one in events if one.type.endswith("transcription.delta")]
        assert "".join(deltas) == events[-1].transcript == f"번호 [주민등록번호] {phone}"
        assert "input_audio_buffer.committed" in [one.type for one in events]
    sent = provider.events[said:]
    assert [one["session"]["audio"]["input"]["transcription"]["model"] for one in sent[:2]] == [
        "gpt-transcribe"
    ] * 2

    def ours() -> list[dict[str, Any]]:
        return [one for one in entries(server) if one.get("call") not in before]

    await until_true(
        lambda: [one["cost"] for one in ours() if one["entry"] == "outcome"].count(ONE_TURN) == 2
    )
    for outcome in [one for one in ours() if one["entry"] == "outcome" and one["cost"]]:
        intent = next(one for one in ours() if one["entry"] == "intent" and one["call"] == outcome["call"])
        assert (intent["route"], intent["model"], intent["unread"]) == ("/v1/realtime", "heard", ["audio"])
        assert intent["reserved"] >= outcome["cost"]
        assert outcome["parts"] == {"audio_input": 30}
        assert outcome["reply_findings"] == {"RRN": 2}
        assert outcome["status"] == "completed"


async def test_words_that_come_while_one_speaks_belong_to_the_turn_that_is_taken_then(
    server: RunningHanbok, provider: Provider
) -> None:
    provider.hears = "말"
    async with transcription(server, model="live") as connection:
        await connection.recv()
        manual: Any = {
            "type": "transcription",
            "audio": {"input": {"transcription": {}, "turn_detection": None}},
        }
        await connection.session.update(session=manual)
        await until(connection, "session.updated")
        for _ in range(2):
            before = {one["call"] for one in entries(server) if "call" in one}
            assert [one.delta for one in await speak(connection, "delta")] == ["말"]
            await connection.input_audio_buffer.commit()
            done = await until(connection, "conversation.item.input_audio_transcription.completed")
            assert done[-1].type.endswith("completed")

            def ours(one: dict[str, Any], before: set[str] = before) -> bool:
                return one["entry"] == "outcome" and one["call"] not in before

            assert (await written(server, ours))["cost"] == ONE_TURN


async def test_a_turn_that_is_cut_is_charged_by_its_sound_and_one_that_fails_costs_nothing(
    server: RunningHanbok, provider: Provider
) -> None:
    provider.hears = "실패"
    before = {one["call"] for one in entries(server) if "call" in one}

    def ended(one: dict[str, Any]) -> bool:
        asked = [entry["call"] for entry in entries(server) if entry.get("route") == "/v1/realtime"]
        return one["entry"] == "outcome" and one["call"] not in before and one["call"] in asked

    async with transcription(server) as connection:
        await connection.recv()
        assert (await speak(connection, "failed"))[-1].type.endswith("failed")
        failed = await written(server, ended)
        assert (failed["status"], failed.get("cost", 0)) == ("completed", 0)
        before.add(failed["call"])
        provider.hears = "끊어"
        assert (await speak(connection))[-1].error.code == "upstream_cut"
    provider.hears = "안녕하세요"
    cut = await written(server, ended)
    assert (cut["status"], cut["steps"]["usage"]) == ("cut", "estimated")
    assert cut["parts"] == {"audio_input": 1}
    assert cut["cost"] == (cut["input"] - 1) * 1_000_000 + 4_000_000 + cut["output"] * 2_000_000


async def test_a_transcription_has_the_limits_and_the_places_of_any_session(
    server: RunningHanbok, provider: Provider
) -> None:
    poor = await known(server, new_key(server, won_per_day=1_000_000))
    only = await known(server, new_key(server, models=("live",)))
    async with transcription(server, poor) as connection:
        await connection.recv()
        assert (await speak(connection))[-1].error.code == "budget_exceeded"
    async with transcription(server, only) as connection:
        created: Any = await connection.recv()
        assert created.session.audio.input.transcription.model == "gpt-live"
    async with transcription(server, model="afar") as connection:
        await connection.recv()
        before = len(provider.events)
        assert (await speak(connection))[-1].error.code == "sound_not_allowed"
        await connection.response.create()
        assert await refusal(connection) == "event_unfit"
        assert len(provider.events) == before
    for query, status in (({"model": "talk"}, 400), ({"model": "nowhere"}, 404)):
        with pytest.raises(InvalidStatus) as refused:
            async with transcription(server, **query):
                pass
        assert refused.value.response.status_code == status


def secret_of(server: RunningHanbok, session: Any, key: str = "", **wanted: Any) -> Any:
    with asking(server, key) as client:
        return client.realtime.client_secrets.create(session=session, **wanted)


def browser(server: RunningHanbok, secret: str, query: str = "model=far") -> connect:
    offered = [Subprotocol("realtime"), Subprotocol(f"openai-insecure-api-key.{secret}")]
    return connect(f"{server.api}/realtime?{query}".replace("http", "ws", 1), subprotocols=offered)


async def test_a_secret_opens_its_session_and_nothing_else(server: RunningHanbok, provider: Provider) -> None:
    phone = Identities(11).phone()
    made = new_key(server)
    await known(server, made)
    asked = {"type": "realtime", "model": "far", "instructions": f"고객 {phone}"}
    secret = secret_of(server, asked, made.secret, expires_after={"anchor": "created_at", "seconds": 60})
    assert secret.value.startswith("ek_")
    assert 50 < secret.expires_at - time.time() <= 60
    assert (secret.session.type, secret.session.model) == ("realtime", "far")
    assert secret.session.instructions == f"고객 {phone}"
    before = len(provider.events)
    for _ in range(4):  # whichever worker takes it
        async with browser(server, secret.value) as line:
            created = json.loads(await line.recv())
            assert (created["type"], created["session"]["instructions"]) == (
                "session.created",
                f"고객 {phone}",
            )
    async with browser(server, secret.value, "") as line:
        await line.recv()
        await line.send('{"type": "response.create"}')
        while (event := json.loads(await line.recv()))["type"] != "response.done":
            assert event["type"] != "error"
        await line.send('{"type": "session.update", "session": {"model": "talk"}}')
        assert json.loads(await line.recv())["error"]["code"] == "event_unfit"
    assert phone not in json.dumps(provider.events[before:], ensure_ascii=False)
    paid = await written(
        server, lambda one: one["entry"] == "outcome" and one.get("key") == made.key.id and one["cost"]
    )
    intent, outcome = [
        one
        for one in entries(server)
        if one.get("call") == paid["steps"]["client_secret"].removeprefix("opened with ")
    ]
    assert (intent["route"], intent["plan"], intent["findings"]) == (
        "/v1/realtime/client_secrets",
        [],
        {"PHONE": 1},
    )
    assert (outcome["status"], outcome["cost"], outcome.get("endpoint", "")) == (
        "completed",
        0,
        "",
    )
    kept = b"".join(one.read_bytes() for one in (server.folder / "state").rglob("*") if one.is_file())
    assert secret.value.encode() not in kept
    assert phone.encode() not in kept
    messages: Any = [{"role": "user", "content": "안녕"}]
    with asking(server, secret.value) as client:
        for ask in (
            client.models.list,
            lambda: client.chat.completions.create(model="far", messages=messages),
            client.realtime.client_secrets.create,
        ):
            with pytest.raises(openai.AuthenticationError):
                ask()
    for query in ("model=talk", "model=far&intent=transcription"):
        with pytest.raises(InvalidStatus) as other:
            await browser(server, secret.value, query)
        assert other.value.response.status_code == 400
    registered(server, lambda one: one.revoke_key(made.key.id, actor="test", reason="left"))
    ends: list[str] = []
    while ends[-8:] != ["key_revoked"] * 8:  # whichever worker takes it
        try:
            async with browser(server, secret.value):
                ends.append("open")
        except InvalidStatus as refused:
            ends.append(json.loads(refused.response.body or b"")["error"]["code"])


async def test_a_secret_of_a_transcription_opens_one(server: RunningHanbok) -> None:
    writer = {"model": "live", "language": "ko"}
    secret = secret_of(server, {"type": "transcription", "audio": {"input": {"transcription": writer}}})
    assert secret.session.object == "realtime.transcription_session"
    async with browser(server, secret.value, "intent=transcription") as line:
        told = json.loads(await line.recv())["session"]
    assert told["audio"]["input"]["transcription"] == {"model": "gpt-live", "language": "ko"}


async def test_a_secret_whose_time_is_over_opens_nothing(server: RunningHanbok) -> None:
    kind = {"call": "c", "key": "k", "model": "talk", "writes": False, "session": {}}
    late = Held(**kind, expires=now() - timedelta(seconds=1))
    store = Store.open(f"sqlite:///{server.folder}/state/hanbok.db")
    secret = await ClientSecrets(store).keep(late)
    assert await ClientSecrets(store).find(
        await ClientSecrets(store).keep(msgspec.structs.replace(late, expires=now() + timedelta(9)))
    )
    store.close()
    for one in (secret, "ek_made-up"):
        with pytest.raises(InvalidStatus) as refused:
            await browser(server, one)
        assert refused.value.response.status_code == 401
        assert json.loads(refused.value.response.body or b"")["error"]["code"] == "client_secret_unknown"


@pytest.mark.parametrize(
    ("session", "more", "status", "code"),
    [
        ({"type": "realtime", "model": "nowhere"}, {}, 404, "model_unknown"),
        ({"type": "realtime", "model": "written"}, {}, 400, "realtime_not_offered"),
        ({"type": "realtime", "model": "dear"}, {}, 402, "model_unpriced"),
        ({"type": "realtime", "model": "talk", "tools": [{"type": "mcp"}]}, {}, 400, "event_unfit"),
        (
            {"type": "realtime", "model": "far", "instructions": Identities(11).rrn()},
            {},
            403,
            "policy_refused",
        ),
        ({"type": "transcription", "audio": {"input": []}}, {}, 400, "event_unfit"),
        ({"type": "realtime", "model": "talk"}, {"expires_after": {"seconds": 9}}, 400, "event_unfit"),
        ({"type": "realtime", "model": "talk"}, {"expires_after": {"seconds": 7201}}, 400, "event_unfit"),
        ({"type": "realtime", "instructions": "x" * 300_000}, {}, 400, "event_unfit"),
    ],
)
def test_what_is_refused_gets_no_secret(
    server: RunningHanbok, session: Any, more: Any, status: int, code: str
) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        secret_of(server, session, **more)
    assert (refused.value.status_code, refused.value.code) == (status, code)


async def test_secrets_have_the_rate_and_the_list_of_their_key(server: RunningHanbok) -> None:
    rated = await known(server, new_key(server, requests_per_minute=1))
    only = await known(server, new_key(server, models=("far",)))
    talk = {"type": "realtime", "model": "talk"}
    assert secret_of(server, talk, rated).value
    with pytest.raises(openai.RateLimitError):
        secret_of(server, talk, rated)
    with pytest.raises(openai.PermissionDeniedError) as refused:
        secret_of(server, talk, only)
    assert refused.value.code == "model_not_allowed"


async def test_calls_over_webrtc_are_refused_in_words_of_their_own(server: RunningHanbok) -> None:
    for path in ("/realtime/calls", "/realtime/calls/rtc_1/accept"):
        with asking(server) as client, pytest.raises(openai.InternalServerError) as refused:
            client.post(path, cast_to=object)
        assert (refused.value.status_code, refused.value.code) == (501, "webrtc_not_served")
    with pytest.raises(InvalidStatus) as joined:
        await browser(server, server.key, "call_id=rtc_1")
    assert joined.value.response.status_code == 501


async def test_a_stop_ends_sessions_that_are_idle(server: RunningHanbok) -> None:
    async with await raw(server) as line:
        await line.recv()
        began = time.monotonic()
        await asyncio.to_thread(server.stop)
        assert time.monotonic() - began < 5
        with pytest.raises(ConnectionClosed) as closed:
            await line.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
