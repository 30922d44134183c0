"""What the guard cannot read is told in the record, and policy may keep it from leaving."""

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import date
from typing import Any

import pytest

from hanbok.core.values import DataUse, Destination, Form, Zone
from hanbok.gateway.call import Call, Operation, Reply
from hanbok.gateway.catalogue import ModelFacts, Offer, Target
from hanbok.gateway.steps.decide import Decide
from hanbok.gateway.steps.inspect import Inspect
from hanbok.guard.guard import Guard
from hanbok.policy.cedar import CedarJudge, load_judge
from hanbok.policy.errors import Refused

GUARD = Guard.load()
DAY = date(2026, 11, 22)
PNG = f"data:image/png;base64,{b64encode(bytes([137, 80, 78, 71]) + bytes(90)).decode()}"
NOTE = f"data:text/plain;base64,{b64encode(b'good morning ' * 9).decode()}"
FACTS = ModelFacts(id="m", context=0, max_output=0, modalities=(), languages=(), licence="", price=None)
SAFE = urlsafe_b64encode(bytes(range(256)) * 4).decode()
"""As Google's own client writes files."""
TINY = b64encode(bytes(range(200, 250))).decode()
"""A file that is no longer than a key."""
AT = "https://files.example/card.png"


def call(content: Any, operation: Operation = Operation.CHAT) -> Call:
    body = {"input": content} if operation is Operation.EMBEDDINGS else {"messages": [{"content": content}]}
    return Call(
        id="c",
        route="/v1",
        operation=operation,
        body=json.dumps(body).encode(),
        headers={},
        origin="",
        digest="",
        model="m",
        stream=False,
    )


async def answer(_: Call) -> Reply:
    return Reply()


@pytest.mark.parametrize(
    ("content", "unread"),
    [
        ([{"type": "image_url", "image_url": {"url": PNG}}, {"image_url": {"url": PNG}}], ("image/png",)),
        ([{"type": "image_url", "image_url": {"detail": "low", "url": AT}}], ("linked file",)),
        ([{"type": "input_image", "image_url": f"  {AT.upper()}"}], ("linked file",)),
        ([{"type": "input_file", "file_id": "file-abc123"}], ("linked file",)),
        ([{"type": "image", "source": {"type": "url", "url": AT}}], ("linked file",)),
        (
            [{"fileData": {"mimeType": "image/png", "fileUri": "gs://bucket/card"}}],
            ("image/png", "linked file"),
        ),
        ([{"fileData": {"fileUri": "files/abc"}}], ("linked file",)),
        ([{"container": {"type": "auto", "file_ids": ["file-abc123"]}}], ("linked file",)),
        ([{"image_url": {**{str(at): "low" for at in range(3)}, "url": AT}}], ("linked file",)),
        ([{"image_url": {"url": AT}}, {"image_url": {"url": PNG}}], ("image/png", "linked file")),
        (f"What is behind {AT}?", ()),
        (AT, ()),
        ([{"type": "input_file", "file_data": NOTE}], ()),
        ([{"inline_data": {"data": SAFE, "mime_type": "image/png"}}], ("base64", "image/png")),
        ([{"source": {"type": "base64", "media_type": "image/png", "data": TINY}}], ("image/png",)),
        ([{"inlineData": {"mimeType": "application/pdf", "data": f"{TINY} {TINY}"}}], ("application/pdf",)),
        ([{"inlineData": {"mimeType": "text/plain", "data": NOTE[23:]}}], ()),
        ([{"input_audio": {"format": "mp3", "data": TINY}}], ("audio",)),
        ([{"properties": {"mimeType": {"enum": ["image/png"]}, "input_audio": {"type": "string"}}}], ()),
        ([{"properties": {"file_id": {"type": "string"}, "image_url": {"type": "string"}}}], ()),
    ],
)
async def test_what_cannot_be_read_is_named(content: Any, unread: tuple[str, ...]) -> None:
    seen = call(content)
    await Inspect(GUARD)(seen, answer)
    assert seen.unread == unread
    assert ("not read" in seen.ending.steps["inspect"]) is bool(unread)


@pytest.mark.parametrize(
    ("offered", "unread"),
    [
        ({"tools": [{"type": "mcp", "server_url": "https://tools.example"}]}, ("tool: mcp",)),
        ({"mcp_servers": [{"type": "url", "url": "https://tools.example"}]}, ("tool: mcp_servers",)),
        ({"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]}, ("tool: web_fetch_20250910",)),
        ({"tools": [{"googleSearch": {}}, {"urlContext": {}}]}, ("tool: googleSearch", "tool: urlContext")),
        (
            {"tools": [{"functionDeclarations": [{"name": "f"}]}, {"google_search": {}}]},
            ("tool: google_search",),
        ),
        ({"web_search_options": {}}, ("tool: web_search_options",)),
        ({"tools": [{"type": "a tool of 7 words"}]}, ("tool: ?",)),
        ({"tools": [{"type": "function", "function": {"name": "web_search"}}, {"name": "web_fetch"}]}, ()),
        ({"tools": [{"type": "custom", "name": "x"}, {"type": "bash_20250124", "name": "bash"}]}, ()),
        ({"tools": None, "mcp_servers": [], "metadata": {"tools": [{"type": "mcp"}]}}, ()),
        ({"tools": "mcp"}, ()),
    ],
)
@pytest.mark.parametrize("operation", [Operation.CHAT, Operation.PASSAGE])
async def test_tools_that_a_provider_runs_itself_are_not_read(
    offered: dict[str, Any], unread: tuple[str, ...], operation: Operation
) -> None:
    seen = call("", operation)
    seen.body = json.dumps({"body": offered} if operation is Operation.PASSAGE else offered).encode()
    await Inspect(GUARD)(seen, answer)
    assert seen.unread == unread
    seen.unread = ()
    seen.body = seen.body.replace(b'"tools"', b'"\\u0074ools"').replace(b'"mcp', b'"\\u006dcp')
    await Inspect(GUARD)(seen, answer)
    assert seen.unread == unread


async def test_what_a_provider_sealed_for_itself_goes_back_though_the_record_names_it() -> None:
    seal = b64encode(bytes(range(256)) * 4).decode()
    seen = call([{"type": "thinking", "thinking": "", "signature": seal}, {"encrypted_content": seal}])
    await Inspect(GUARD)(seen, answer)
    assert seen.unread == ()
    assert seen.ending.steps["inspect"] == "ran; 2 not read: base64"
    other = call([{"type": "text", "text": "signature"}, {"data": seal}])
    await Inspect(GUARD)(other, answer)
    assert other.unread == ("base64",)


async def test_a_name_that_stands_there_often_hides_no_link() -> None:
    seen = call("")
    twice = '"detail": "low", ' * 12
    seen.body = f'{{"messages": [{{"content": [{{"image_url": {{{twice}"url": "{AT}"}}}}]}}]}}'.encode()
    await Inspect(GUARD)(seen, answer)
    assert seen.unread == ("linked file",)


async def test_sound_is_never_read_and_a_tool_may_be_asked_for_a_type_of_file() -> None:
    heard = call("", Operation.TRANSCRIPTION)
    await Inspect(GUARD)(heard, answer)
    assert heard.unread == ("audio",)
    asked = call({"mimeType": "application/pdf"}, Operation.TOOL)
    await Inspect(GUARD)(asked, answer)
    assert asked.unread == ()


@pytest.mark.parametrize(
    ("body", "operation", "unread"),
    [
        ({"input": [1, 2]}, Operation.EMBEDDINGS, ("token ids",)),
        ({"input": [[], [1, 2]]}, Operation.EMBEDDINGS, ("token ids",)),
        ({"input": ["a", [-1]]}, Operation.EMBEDDINGS, ("token ids",)),
        ({"input": ["[1, 2", '", [3', "\\"], "dimensions": 3}, Operation.EMBEDDINGS, ()),
        ({"body": {"input": [[1, 2]]}}, Operation.PASSAGE, ("token ids",)),
        ({"body": {"prompt": [1, 2]}}, Operation.PASSAGE, ("token ids",)),
        ({"body": {"prompt": "[1, 2]", "vector": [1, 2]}}, Operation.PASSAGE, ()),
        ({"body": [1, 2]}, Operation.PASSAGE, ()),
        ({"body": None}, Operation.PASSAGE, ()),
    ],
)
async def test_token_ids_are_seen_wherever_they_stand(
    body: dict[str, Any], operation: Operation, unread: tuple[str, ...]
) -> None:
    seen = call("", operation)
    seen.body = json.dumps(body).encode()
    await Inspect(GUARD)(seen, answer)
    assert seen.unread == unread


async def test_token_ids_are_not_read_nor_is_what_was_known_before() -> None:
    seen = call([[1, 2, 3]], Operation.EMBEDDINGS)
    seen.unread = ("audio",)
    await Inspect(GUARD)(seen, answer)
    assert seen.unread == ("audio", "token ids")


def place(zone: Zone) -> Destination:
    return Destination(endpoint=zone.value, country="US", zone=zone, operator="o", data_use=DataUse())


def offer(*zones: Zone, instead: tuple[Zone, ...] = ()) -> Offer:
    def targets(of: tuple[Zone, ...]) -> tuple[Target, ...]:
        return tuple(Target(endpoint=one.value, model="m", destination=place(one), facts=FACTS) for one in of)

    return Offer(name="m", targets=targets(zones), instead=targets(instead))


def judge(*packs: str) -> CedarJudge:
    return load_judge(packs, {}, DAY)


async def test_a_picture_stays_where_the_pack_says_so_though_a_like_question_was_settled_before() -> None:
    async def goes(decide: Decide, *unread: str) -> list[str]:
        asked = call("")
        asked.offer, asked.unread = offer(Zone.FOREIGN, instead=(Zone.HOME,)), unread
        await decide(asked, answer)
        return [one.target.endpoint for one in asked.plan]

    bare, kept = Decide(judge()), Decide(judge("unread_abroad"))
    assert [await goes(bare), await goes(bare, "image/png")] == [["foreign"], ["foreign"]]
    assert [await goes(kept), await goes(kept, "image/png"), await goes(kept)] == [
        ["foreign"],
        ["home"],
        ["foreign"],
    ]


@pytest.mark.parametrize(
    ("pack", "zone", "goes"),
    [
        ("unread_abroad", Zone.FOREIGN, False),
        ("unread_abroad", Zone.DOMESTIC, True),
        ("unread_outside", Zone.DOMESTIC, False),
        ("unread_outside", Zone.HOME, True),
    ],
)
async def test_where_no_place_is_left_the_refusal_names_the_policy(pack: str, zone: Zone, goes: bool) -> None:
    asked = call("")
    asked.offer, asked.unread = offer(zone), ("audio",)
    if goes:
        await Decide(judge(pack))(asked, answer)
        assert [one.form for one in asked.plan] == [Form.AS_IS]
        return
    with pytest.raises(Refused) as refused:
        await Decide(judge(pack))(asked, answer)
    assert refused.value.facts["policies"] == pack.replace("_", ".")
