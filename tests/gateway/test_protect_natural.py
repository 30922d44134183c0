"""Natural pseudonyms on the path: another name leaves, the real one comes back, streamed or whole."""

import json
import re
from collections.abc import AsyncGenerator

import pytest

from hanbok.building import hider_of
from hanbok.core.values import Destination, Form, Principal, Zone
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.catalogue import ModelFacts, Target
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.protect import Protect
from hanbok.guard.guard import Guard
from hanbok.guard.stream import StreamMasker
from hanbok.settings.reading import SettingsInvalid, load

TEXT = "홍길동 고객님의 연락처는 010-1234-5678이고 카드번호는 4111-1111-1111-1111입니다."
TARGET = Target(
    endpoint="abroad",
    destination=Destination(endpoint="abroad", country="US", zone=Zone.FOREIGN, operator="x"),
    model="m",
    facts=ModelFacts(id="m", context=0, max_output=0, modalities=(), languages=(), licence="", price=None),
)


@pytest.fixture(scope="module")
def guard():
    return Guard.load()


class Echo:
    """A model that says again what it was told, in pieces of a few letters."""

    def __init__(self) -> None:
        self.told = ""

    async def __call__(self, call: Call) -> Reply:
        assert call.body_in is not None
        self.told = json.loads(call.body_in(Form.PSEUDONYMISED))["messages"][0]["content"]
        call.ending.used = Planned(target=TARGET, form=Form.PSEUDONYMISED)
        if call.stream:
            return Reply(chunks=self.pieces())
        message = {"role": "assistant", "content": self.told}
        return Reply(body=json.dumps({"choices": [{"index": 0, "message": message}]}).encode())

    async def pieces(self) -> AsyncGenerator[list[bytes], None]:
        for at in range(0, len(self.told), 3):
            delta = {"content": self.told[at : at + 3]}
            yield [json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode()]


async def ask(
    guard: Guard, settings: str, tmp_path, *, stream: bool = False, organisation="a"
) -> tuple[str, str, Call]:
    """Return what left, what came back, and the call."""
    (tmp_path / "hanbok.yaml").write_text(settings, "utf-8")
    loaded = load(tmp_path / "hanbok.yaml", {"PSEUDONYM_KEY": "k" * 32}).settings

    def masker_of(spared: frozenset[str]) -> StreamMasker:
        return StreamMasker(guard, frozenset({"CARD", "RRN"}), spared)

    masks = {key: kind.mask for key, kind in guard.kinds.items()}
    inspect, protect = Inspect(guard, guard.kinds), Protect(masks, masker_of, hider_of(loaded))
    model = Echo()
    body = json.dumps({"messages": [{"role": "user", "content": TEXT}]}).encode()
    call = Call(
        id="1", route="/v1", operation=Operation.CHAT, body=body, headers={}, origin="", digest="", model="m",
        stream=stream, principal=Principal(organisation=organisation, key=""),
    )  # fmt: skip

    async def through(call: Call) -> Reply:
        return await protect(call, model)

    reply = await inspect(call, through)
    if reply.chunks is None:
        return model.told, json.loads(reply.body)["choices"][0]["message"]["content"], call
    chunks = [json.loads(one) async for batch in reply.chunks for one in batch]
    said = "".join(one["delta"].get("content", "") for chunk in chunks for one in chunk["choices"])
    return model.told, said, call


NATURAL = "guard: {pseudonyms: natural, pseudonym_key: '${PSEUDONYM_KEY}'}"


@pytest.mark.parametrize("stream", [False, True])
async def test_made_up_values_leave_and_the_real_ones_come_back(guard, tmp_path, stream):
    told, said, call = await ask(guard, NATURAL, tmp_path, stream=stream)
    assert said == TEXT
    assert call.ending.steps["restore"] == "3 restored"
    for value in ("홍길동", "1234-5678", "4111"):
        assert value not in told
    assert re.fullmatch(
        r"[가-힣]{3} 고객님의 연락처는 010-0\d{3}-\d{4}이고 카드번호는 \d{4}-\d{4}-\d{4}-\d{4}입니다\.", told
    )


async def test_an_organisation_has_its_own_and_keeps_them(guard, tmp_path):
    first = (await ask(guard, NATURAL, tmp_path))[0]
    assert (await ask(guard, NATURAL, tmp_path))[0] == first
    assert (await ask(guard, NATURAL, tmp_path, organisation="b"))[0] != first


async def test_without_a_key_they_last_as_long_as_the_server(guard, tmp_path):
    settings = "guard: {pseudonyms: natural}"
    assert (await ask(guard, settings, tmp_path))[0] == (await ask(guard, settings, tmp_path))[0]


async def test_placeholders_are_the_default(guard, tmp_path):
    told, said, _ = await ask(guard, "language: ko", tmp_path)
    assert "[이름-" in told
    assert said == TEXT


def test_a_key_that_could_be_guessed_is_refused(tmp_path):
    (tmp_path / "hanbok.yaml").write_text("guard: {pseudonym_key: short}", "utf-8")
    with pytest.raises(SettingsInvalid, match="at least 32 bytes"):
        load(tmp_path / "hanbok.yaml", {})
