"""Tokens a minute, as official clients meet them: in this process, so that the minute can be made to pass."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import anthropic
import httpx2
import openai
import pytest

from hanbok.app import App
from hanbok.core.values import Principal
from hanbok.gateway.token_limits import USUAL_ANSWER
from hanbok.http.asgi import asgi
from hanbok.http.door import Door
from hanbok.policy import gate as gates
from hanbok.policy.key import Limits
from hanbok.settings.reading import load
from hanbok.testing.scripted import Said, Script, ScriptedModel

SETTINGS = """\
state: {state}
endpoints:
  home: {{kind: openai_compatible, url: {url}, zone: home, operator: self, data_use: {{trains: false}}}}
models:
  m: {{targets: [{{endpoint: home, model: m}}], price: {{input: 1000000, output: 2000000, as_of: 2026-11-01}}}}
"""
HELLO = [{"role": "user", "content": "안녕하세요"}]
USED = 15
"""Tokens that each answer of the stand-in tells."""


@dataclass
class Stand:
    app: App
    client: httpx2.AsyncClient
    model: ScriptedModel
    time: float = 1000.0

    async def secret(self, most: int) -> str:
        who, register = Principal(organisation="default", key=""), self.app._register
        new = await asyncio.to_thread(
            register.create_key, who, actor="test", limits=Limits(tokens_per_minute=most)
        )
        await asyncio.to_thread(self.app.keyring.refresh)
        return new.secret

    def openai(self, secret: str) -> openai.AsyncOpenAI:
        return openai.AsyncOpenAI(
            base_url="http://hanbok/v1", api_key=secret, max_retries=0, http_client=self.client
        )


@pytest.fixture
async def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    with ScriptedModel(Script(say=Said(text="네", input=10, output=5))) as model:
        file = tmp_path / "hanbok.yaml"
        file.write_text(SETTINGS.format(state=tmp_path / "state", url=model.url))
        app = await App.open(await asyncio.to_thread(load, file))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(asgi(Door(app)))) as client:
            stand = Stand(app, client, model)
            monkeypatch.setattr(gates, "monotonic", lambda: stand.time)
            yield stand
        await app.close()


Ask = Callable[[Stand, str], Awaitable[object]]


async def chat(stand: Stand, secret: str) -> object:
    return await stand.openai(secret).chat.completions.create(model="m", messages=HELLO, max_tokens=5)


async def chat_streamed(stand: Stand, secret: str) -> object:
    stream = await stand.openai(secret).chat.completions.create(
        model="m", messages=HELLO, max_tokens=5, stream=True
    )
    return [chunk async for chunk in stream]


async def responses(stand: Stand, secret: str) -> object:
    return await stand.openai(secret).responses.create(model="m", input="안녕하세요", max_output_tokens=5)


async def messages(stand: Stand, secret: str) -> object:
    sdk = anthropic.AsyncAnthropic(
        base_url="http://hanbok", api_key=secret, max_retries=0, http_client=stand.client
    )
    return await sdk.messages.create(model="m", messages=HELLO, max_tokens=5)


@pytest.mark.parametrize("ask", [chat, chat_streamed, responses, messages])
async def test_every_door_counts_what_was_used_and_opens_again_when_the_minute_has_passed(
    stand: Stand, ask: Ask
) -> None:
    held = 60  # more than any of these requests holds
    secret = await stand.secret(4 * USED + held)
    for _ in range(5):
        await ask(stand, secret)
        stand.time += 1
    async with asyncio.timeout(20):
        while True:
            try:
                await ask(stand, secret)
            except (openai.RateLimitError, anthropic.RateLimitError) as error:
                refused = error
                break
    answered = len(stand.model.captured)
    # Each counts as it was used, once; what they held beyond that was given back.
    assert 5 <= answered <= (4 * USED + held) // USED
    assert refused.status_code == 429
    assert refused.response.headers["x-hanbok-error"] == "token_rate_limited"
    assert int(refused.response.headers["retry-after"]) == 1000 + 61 - stand.time
    stand.time += 1000 + 61 - stand.time - 0.5
    with pytest.raises((openai.RateLimitError, anthropic.RateLimitError)):
        await ask(stand, secret)
    stand.time += 0.5
    await ask(stand, secret)
    assert len(stand.model.captured) == answered + 1


async def test_a_request_that_never_fits_is_told_so_and_not_to_try_again(stand: Stand) -> None:
    sdk = stand.openai(await stand.secret(100)).with_options(max_retries=2)
    with pytest.raises(openai.APIStatusError) as caught:
        await sdk.chat.completions.create(model="m", messages=[{"role": "user", "content": "가" * 200}])
    assert (caught.value.status_code, caught.value.code) == (413, "tokens_over_limit")
    assert "retry-after" not in caught.value.response.headers
    assert not stand.model.captured
    # Room for a long answer is no such thing: it comes in, alone.
    await sdk.chat.completions.create(model="m", messages=HELLO, max_tokens=10**6)
    assert len(stand.model.captured) == 1


async def test_what_no_model_answered_is_given_back(stand: Stand) -> None:
    secret, fine = await stand.secret(100), stand.model.script
    stand.model.script = Script(status=500)
    for _ in range(4):
        with pytest.raises(openai.InternalServerError):
            await chat(stand, secret)
    stand.model.script = fine
    await chat(stand, secret)


async def test_answers_longer_than_was_held_count_whole(stand: Stand) -> None:
    secret = await stand.secret(100)
    stand.model.then(Script(say=Said(text="네", input=10, output=500)))
    await chat(stand, secret)
    with pytest.raises(openai.RateLimitError) as caught:
        await chat(stand, secret)
    assert caught.value.code == "token_rate_limited"


async def test_answers_at_once_hold_a_usual_length_where_the_request_tells_none(stand: Stand) -> None:
    secret = await stand.secret(3 * USUAL_ANSWER)

    async def ask() -> str:
        try:
            await stand.openai(secret).chat.completions.create(model="m", messages=HELLO)
        except openai.RateLimitError as error:
            return str(error.code)
        return "200"

    stand.model.then(*[Script(say=Said(text="네", input=10, output=5), delay=0.3)] * 2)
    said = await asyncio.gather(*(ask() for _ in range(4)))
    assert sorted(said) == ["200", "200", "token_rate_limited", "token_rate_limited"]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "iVBORw0KGgo" * 9000}},
        {"type": "input_audio", "input_audio": {"format": "wav", "data": "UklGRgAA" * 9000}},
    ],
)
async def test_pictures_are_not_held_by_their_bytes(stand: Stand, part: dict[str, object]) -> None:
    sdk = stand.openai(await stand.secret(4000))
    asked = [{"role": "user", "content": [part]}]
    await sdk.chat.completions.create(model="m", messages=asked, max_tokens=5)
    assert json.loads(stand.model.captured[0].body)["messages"][0]["content"] == [part]


async def test_a_text_is_held_by_its_bytes_though_it_has_letters_only(stand: Stand) -> None:
    sdk = stand.openai(await stand.secret(4000))
    with pytest.raises(openai.APIStatusError) as caught:
        await sdk.chat.completions.create(model="m", messages=[{"role": "user", "content": "a" * 90_000}])
    assert caught.value.code == "tokens_over_limit"
    assert not stand.model.captured
