"""The vault's steps in a path of their own: what is kept when, and what stops."""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from pathlib import Path as Folder
from typing import Any

import pytest

from hanbok.core.values import Destination, Form, Principal, Zone
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.catalogue import Target
from hanbok.gateway.facts import unknown_facts
from hanbok.gateway.path import Path
from hanbok.gateway.step import Next
from hanbok.gateway.steps.hold import Hold
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.keep import Keep
from hanbok.gateway.steps.protect import Protect
from hanbok.gateway.steps.record import Record
from hanbok.gateway.steps.witness import Witness
from hanbok.gateway.vaults import Vaults, entry_of, tell, with_vault
from hanbok.guard.guard import Guard
from hanbok.guard.kinds import kinds
from hanbok.store.database import Store
from hanbok.store.errors import StoreUnavailable
from hanbok.testing.korean import Identities
from hanbok.vault.act import VaultAct
from hanbok.vault.config import Holder, Keeping, VaultConfig
from hanbok.vault.errors import ContentsUnavailable, ContentsUnknown, KeyWithdrawn
from hanbok.vault.key_provider import ProviderConfig
from hanbok.vault.service import VaultService

PHONE = Identities(seed=20261201).mobile()
BODY = json.dumps(
    {"model": "m", "messages": [{"role": "user", "content": f"고객 전화 {PHONE}로 연락"}]}
).encode()
CHUNKS = [[b'{"choices":[{"delta":{"content":"a"}}]}'], [b'{"choices":[{"delta":{"content":"b"}}]}']]
GUARD = Guard.load(kinds=frozenset({"PHONE"}))
MASKS = {key: kind.mask for key, kind in kinds().items()}


TARGET = Target(
    endpoint="e",
    destination=Destination(endpoint="e", country="US", zone=Zone.FOREIGN, operator="Example Inc."),
    model="m",
    facts=unknown_facts("m"),
)


class Model:
    """Stands where the call step does."""

    def __init__(self, *, stream: bool, form: Form = Form.AS_IS) -> None:
        self.stream = stream
        self.form = form
        self.asked: list[bytes] = []

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        assert call.body_in is not None
        self.asked.append(call.body_in(self.form))
        call.ending.used = Planned(target=TARGET, form=self.form)
        return Reply(chunks=chunks()) if self.stream else Reply(body=b'{"choices":[]}')


async def chunks() -> AsyncGenerator[list[bytes], None]:
    for batch in CHUNKS:
        await asyncio.sleep(0)
        yield batch


def a_call(number: int = 1, organisation: str = "a") -> Call:
    return Call(
        id=f"call-{number}",
        route="/v1/chat/completions",
        operation=Operation.CHAT,
        body=BODY,
        headers={},
        origin="127.0.0.1",
        digest=hashlib.sha256(BODY).hexdigest(),
        model="m",
        stream=False,
        principal=Principal(organisation=organisation, key="k"),
    )


def configured(folder: Folder, **changes: Any) -> VaultConfig:
    config = VaultConfig(
        providers={"file": ProviderConfig(name="file", kind="file", folder=folder / "keys")},
        default="file",
        contents=Keeping(keep=True, url=f"sqlite:///{folder}/contents.db", organisations=frozenset({"a"})),
        pseudonyms=Keeping(keep=True, url=f"sqlite:///{folder}/maps.db"),
        check_every=0.05,
        lease=0.3,
    )
    return replace(config, **changes)


@pytest.fixture
async def store(tmp_path: Folder) -> AsyncIterator[Store]:
    made = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    yield made
    made.close()


@pytest.fixture
async def service(tmp_path: Folder, store: Store) -> AsyncIterator[VaultService]:
    made = await VaultService.open(configured(tmp_path), store, tell)
    yield made
    await made.close()


def path_of(service: VaultService, model: Model) -> Path:
    return Path([Hold(service), Inspect(GUARD), Keep(service, kinds()), Protect(MASKS), model])


async def taken(reply: Reply) -> bytes:
    assert reply.chunks is not None
    return b"".join([b"".join(batch) async for batch in reply.chunks])


@pytest.mark.parametrize("stream", [False, True])
async def test_request_and_reply_are_durable_when_the_answer_ends(
    service: VaultService, stream: bool
) -> None:
    call = a_call()
    reply = await path_of(service, Model(stream=stream)).run(call)
    came = await taken(reply) if stream else reply.body
    request, answer = service.vault.contents.read("a", call.id)
    assert hashlib.sha256(request.body.whole).hexdigest() == call.digest
    assert answer.body.whole == came
    assert hashlib.sha256(came).hexdigest() == call.ending.received
    assert call.ending.steps["keep"] == "kept"
    (mention,) = service.vault.contents.mentions("a", PHONE)
    assert (mention.call, mention.kinds, mention.kept) == (call.id, ("PHONE",), ("reply", "request"))


async def test_nothing_leaves_when_the_request_cannot_be_kept(
    service: VaultService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise StoreUnavailable(why="down")

    model = Model(stream=False)
    monkeypatch.setattr(service.vault.contents, "put", refuse)
    for _ in range(2):
        with pytest.raises(ContentsUnavailable):
            await path_of(service, model).run(a_call())
    assert model.asked == []


async def test_a_stream_does_not_end_well_when_the_reply_cannot_be_kept(
    service: VaultService, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = a_call()
    reply = await path_of(service, Model(stream=True)).run(call)

    def refuse(_: object) -> None:
        raise StoreUnavailable(why="down")

    monkeypatch.setattr(service.vault.contents, "put", refuse)
    with pytest.raises(ContentsUnavailable):
        await taken(reply)
    assert call.ending.status == "cut"


async def test_what_a_client_was_given_before_it_left_is_kept(service: VaultService) -> None:
    call = a_call()
    reply = await path_of(service, Model(stream=True)).run(call)
    assert reply.chunks is not None
    await anext(reply.chunks)
    await reply.chunks.aclose()
    await asyncio.sleep(0.3)
    part = service.vault.contents.read("a", call.id)[1]
    assert (part.body.pieces, part.body.state) == (tuple(CHUNKS[0]), "cut")


async def test_where_keeping_is_not_required_the_answer_does_not_wait(tmp_path: Folder, store: Store) -> None:
    service = await VaultService.open(
        configured(tmp_path, required=False, waiting_bytes=len(BODY) + 20), store, tell
    )
    call, full = a_call(1), a_call(2)
    await path_of(service, Model(stream=False)).run(call)
    assert call.ending.steps["keep"] == "handed over"
    await path_of(service, Model(stream=False)).run(full)
    assert full.ending.steps["keep"].startswith(("handed over", "not kept"))
    await service.close()
    reader = await VaultService.open(configured(tmp_path), store, tell)
    assert len(reader.vault.contents.read("a", call.id)) == 2
    await reader.close()


async def test_who_is_not_named_is_not_kept_and_maps_are_kept_apart(service: VaultService) -> None:
    call = a_call(1, "b")
    model = Model(stream=False, form=Form.PSEUDONYMISED)
    await path_of(service, model).run(call)
    assert PHONE.encode() not in model.asked[0]
    with pytest.raises(ContentsUnknown):
        service.vault.contents.read("b", call.id)
    for _ in range(50):
        if found := service.vault.maps.concerning("b", PHONE):
            break
        await asyncio.sleep(0.05)
    assert [scope for scope, _ in found] == [call.id]
    (entry,) = service.vault.ledger.entries("b")
    assert (entry.items, entry.recipient) == (("전화번호",), "Example Inc.")


async def test_a_withdrawn_key_refuses_new_calls_and_breaks_off_streams(
    tmp_path: Folder, store: Store
) -> None:
    config = configured(tmp_path, holders={"a": Holder(provider="file")})
    service = await VaultService.open(config, store, tell)
    model = Model(stream=True)
    path = path_of(service, model)
    reply = await path.run(a_call())
    file = tmp_path / "keys" / "hanbok-a.json"
    file.rename(tmp_path / "away")
    await asyncio.sleep(0.2)
    with pytest.raises(KeyWithdrawn):
        await taken(reply)
    with pytest.raises(KeyWithdrawn):
        await path.run(a_call(2))
    await path_of(service, Model(stream=False)).run(a_call(3, "b"))
    assert len(model.asked) == 1
    await service.close()


async def test_a_vault_is_kept_over_reloads_and_closed_when_its_calls_are_over(
    tmp_path: Folder, store: Store
) -> None:
    vaults, config = Vaults(store), configured(tmp_path)
    assert await vaults.of(VaultConfig(providers={}, default="file")) is None
    first = await vaults.of(config)
    assert first is not None
    vaults.put_in_force(first, ())
    assert await vaults.of(configured(tmp_path)) is first
    path, idle = path_of(first, Model(stream=True)), path_of(first, Model(stream=False))
    running = await path.run(call := a_call())
    vaults.put_in_force(await vaults.of(configured(tmp_path, required=False)), [idle, path])
    await asyncio.sleep(0.05)
    assert await taken(running)  # a call under way keeps the vault that it began with
    finished: object = call.finish()
    if asyncio.iscoroutine(finished):
        await finished
    await asyncio.sleep(0.3)
    with pytest.raises(ContentsUnavailable):
        await path.run(a_call(2))
    await vaults.tidy()
    await vaults.close()


async def test_the_key_is_asked_for_first_and_contents_are_kept_behind_the_intent(
    service: VaultService,
) -> None:
    witness, record = Witness.__new__(Witness), Record.__new__(Record)
    model = Model(stream=False)
    steps = [witness, Inspect(GUARD), record, Protect(MASKS), model]
    assert list(with_vault(steps, None, {})) == steps
    kinds_of = [type(step) for step in with_vault(steps, service, kinds())]
    assert kinds_of == [Witness, Hold, Inspect, Record, Keep, Protect, Model]


async def test_an_open_key_is_gone_from_memory_in_a_moment_though_nobody_calls(service: VaultService) -> None:
    call = a_call()
    await path_of(service, Model(stream=False)).run(call)
    assert service.vault.keys._by_id
    await asyncio.sleep(0.8)
    assert service.vault.keys._by_id == {}


async def test_a_vault_that_did_not_come_into_force_is_closed(tmp_path: Folder, store: Store) -> None:
    vaults = Vaults(store)
    first = await vaults.of(configured(tmp_path))
    assert first is not None
    second = await vaults.of(configured(tmp_path, required=False))
    assert first._sweeping is not None
    assert first._sweeping.cancelled()
    assert second is not first
    await vaults.close()


@pytest.mark.parametrize(
    ("verb", "kind"),
    [
        ("pseudonyms.reveal", "reveal"),
        ("subject.erase", "erasure"),
        ("vault.key.destroy", "key_act"),
        ("contents.read", "act"),
    ],
)
def test_each_act_is_an_entry_of_its_own_kind(verb: str, kind: str) -> None:
    facts = {"organisation": "a", "pseudonym": "[전화번호-1]", "calls": "2", "approvers": "a/lee, a/kim"}
    entry = entry_of(VaultAct(actor="x", verb=verb, object="o", facts=facts))
    assert (entry.__struct_config__.tag, entry.organisation) == (kind, "a")
    assert entry.approvers == ("a/lee", "a/kim")
    if kind == "reveal":
        assert "pseudonym" not in entry.facts
