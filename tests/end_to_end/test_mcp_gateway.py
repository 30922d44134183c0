"""Tools behind hanbok, with the official SDK on both sides: what each party sees, and what the log says."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

import pytest
from mcp import MCPError

from administered import Stand, administered
from hanbok.core.clock import stamp
from hanbok.evidence.entry import AnyEntry, Intent, Outcome, Refusal
from hanbok.evidence.log_files import records
from hanbok.policy.roles import Role
from hanbok.testing.korean import Identities
from mcp_stand import HIDDEN_ORDER, Behind, Issuer, client, run, said, standing

pytestmark = pytest.mark.usefixtures("counted")

SETTINGS = """\
mcp:
  oauth:
    issuer: https://login.example.kr
    keys: jwks.json
    resource: https://ai.example.kr/mcp
    scopes: [tools]
  origins: ["https://tools.example.kr"]
  servers:
    old:
      url: {old}
      headers: {{x-own-key: servers-own-secret}}
      zone: foreign
      country: US
      operator: Example Inc.
      data_use: {{trains: false, basis: 개인정보 보호법 제28조의8제1항제1호}}
      price: 5
      approve: [delete, "notes://open/of/boss"]
      allow:
        - {{tools: [echo, read, delete, poisoned, broken], prompts: [letter], resources: ["notes://open/*"]}}
        - {{tools: ["admin_*"], teams: [wipers]}}
    new:
      url: {new}
      zone: home
      operator: self
      data_use: {{trains: false}}
      allow:
        - {{tools: [echo, read, where], organisations: [default]}}
        - {{prompts: [letter], resources: ["notes://open/*"], organisations: [default]}}
    gone:
      url: http://127.0.0.1:9/mcp
      zone: home
      operator: self
      data_use: {{trains: false}}
      allow: [{{tools: ["*"]}}]
"""
ISSUER = Issuer("https://login.example.kr")
GENERATIONS = ("legacy", "2026-07-28", "auto")
PEOPLE = Identities(20261122)
Kind = TypeVar("Kind", Outcome, Refusal)


@dataclass
class Tools:
    stand: Stand
    old: Behind
    new: Behind
    began: str = ""

    def of(self, server: str = "", key: str = "default/kim", mode: str = "auto"):
        place = f"{self.stand.url}/mcp{'/' + server if server else ''}"
        return client(place, self.stand.secrets.get(key, key), mode)

    def call(self, name: str, arguments: dict, **how: str):
        """Call a tool as a client does; return its result or the error that the client raises."""

        self.began = stamp()

        async def work():
            async with self.of(**how) as connected:
                try:
                    return await connected.call_tool(name, arguments)
                except MCPError as error:
                    return error

        return run(work())

    def logged(self) -> list[AnyEntry]:
        return [one.entry for one in records(self.stand.server.folder / "state" / "evidence")]

    def last(self, kind: type[Kind]) -> Kind:
        """Return the entry of a kind that the last call left; an outcome is written a moment after the answer."""
        for _ in range(500):
            found = [one for one in self.logged() if isinstance(one, kind) and one.at >= self.began]
            if found:
                return found[-1]
            time.sleep(0.01)
        raise AssertionError(f"no {kind.__name__} was written")


@pytest.fixture(scope="module")
def tools(tmp_path_factory) -> Iterator[Tools]:
    with standing(old=True) as old, standing(old=False) as new:
        settings = SETTINGS.format(old=old.url, new=new.url)
        folder = tmp_path_factory.mktemp("mcp")
        (folder / "jwks.json").write_text(ISSUER.jwks())
        with administered(folder, settings=settings) as stand:
            stand.enter("default", "kim")
            stand.settled(stand.enter("default", "lee", Role.COMPLIANCE))
            yield Tools(stand, old, new)


@pytest.mark.parametrize("mode", GENERATIONS)
def test_both_generations_of_clients_see_the_tools_that_they_may_use_and_no_others(tools, mode):
    async def work():
        async with tools.of(mode=mode) as connected:
            everywhere = [tool.name for tool in (await connected.list_tools()).tools]
        async with tools.of("new", mode=mode) as connected:
            return everywhere, [tool.name for tool in (await connected.list_tools()).tools]

    everywhere, alone = run(work())
    assert everywhere == [
        "old__echo",
        "old__read",
        "old__delete",
        "old__broken",
        "new__echo",
        "new__read",
        "new__where",
    ]
    assert alone == ["echo", "read", "where"]


@pytest.mark.parametrize("server", ["old", "new"])
@pytest.mark.parametrize("mode", GENERATIONS)
def test_a_tool_is_called_over_every_pair_of_generations(tools, mode, server):
    assert said(tools.call(f"{server}__echo", {"text": "안녕하세요"}, mode=mode)) == "받은 글: 안녕하세요"


def test_the_servers_speak_the_generations_that_they_should(tools):
    tools.call("old__echo", {"text": "가"})
    tools.call("new__echo", {"text": "가"})
    assert {one.get("mcp-protocol-version") for one in tools.old.headers[-2:]} == {"2025-11-25"}
    assert tools.new.headers[-1]["mcp-protocol-version"] == "2026-07-28"
    assert "mcp-session-id" in tools.old.headers[-1]


@pytest.mark.parametrize(
    "tool", ["old__admin_wipe", "old__poisoned", "old__nothing", "new__delete", "none__echo"]
)
def test_what_is_not_allowed_is_refused_and_never_reaches_a_server(tools, tool):
    before = len(tools.old.calls) + len(tools.new.calls)
    error = tools.call(tool, {})
    assert isinstance(error, MCPError)
    assert error.data["code"] in {"tool_not_allowed", "tool_server_unknown"}
    assert len(tools.old.calls) + len(tools.new.calls) == before
    assert tools.last(Refusal).code == error.data["code"]


def test_the_callers_own_key_goes_nowhere(tools):
    tools.call("old__echo", {"text": "가"})
    tools.call("new__echo", {"text": "가"})
    assert "servers-own-secret" in tools.old.seen()
    for secret in tools.stand.secrets.values():
        assert secret not in tools.old.seen() + tools.new.seen()


def test_a_number_leaves_as_policy_asks_and_comes_back_as_it_was(tools):
    phone = PEOPLE.mobile()
    answer = tools.call("old__echo", {"text": f"연락처 {phone}"})
    assert phone not in tools.old.seen()
    assert said(answer) == f"받은 글: 연락처 {phone}"
    home = tools.call("new__echo", {"text": f"연락처 {phone}"})
    assert tools.new.calls[-1] == ("echo", {"text": f"연락처 {phone}"})
    assert said(home) == f"받은 글: 연락처 {phone}"


def test_what_no_form_makes_lawful_is_refused_with_the_article(tools):
    number = PEOPLE.rrn()
    error = tools.call("old__echo", {"text": f"주민등록번호 {number}"})
    assert isinstance(error, MCPError)
    assert error.data["code"] == "policy_refused"
    assert "제24조의2" in error.message
    assert number not in tools.old.seen()
    entry = tools.last(Refusal)
    assert entry.findings == {"RRN": 1}
    assert entry.articles


def test_a_number_in_a_result_is_masked_wherever_it_stands(tools):
    number = PEOPLE.rrn()
    tools.new.says = f"주민등록번호는 {number}입니다"
    answer = tools.call("new__read", {"number": int(number.replace("-", "")) % 97})
    assert number not in repr(answer)
    assert "number" in answer.structured_content
    outcome = tools.last(Outcome)
    assert outcome.reply_findings["RRN"] >= 1
    assert outcome.steps["inspect_reply"] == "ran"


@pytest.mark.parametrize("server", ["old", "new"])
def test_a_result_that_hides_orders_is_not_passed_on(tools, server):
    behind = getattr(tools, server)
    behind.says = HIDDEN_ORDER
    error = tools.call(f"{server}__read", {"number": 1})
    assert isinstance(error, MCPError)
    assert error.data["code"] == "tool_result_refused"
    assert HIDDEN_ORDER not in repr((error.message, error.data))
    outcome = tools.last(Outcome)
    assert (outcome.status, outcome.code) == ("failed", "tool_result_refused")


def test_a_call_leaves_an_intent_before_and_an_outcome_after(tools):
    error = tools.call("old__broken", {})
    assert error.is_error
    outcome = tools.last(Outcome)
    intent, ended = (one for one in tools.logged() if one.call == outcome.call)
    assert isinstance(intent, Intent)
    assert (intent.route, intent.model, intent.person) == ("/mcp", "old/broken", "kim")
    assert (intent.plan[0].endpoint, intent.plan[0].zone) == ("mcp:old", "foreign")
    assert ended == outcome
    assert outcome.steps["tool"] == "failed"
    assert (intent.reserved, outcome.cost) == (5_000_000, 5_000_000)


def test_a_server_that_does_not_answer_is_an_error_of_its_own(tools):
    error = tools.call("gone__anything", {})
    assert isinstance(error, MCPError)
    assert error.code == -32012
    assert error.data["code"] == "upstream_unreachable"


def approved(tools: Tools, approval: str, verb: str = "approve", key: str = "default/lee") -> int:
    path = f"/admin/v1/organisations/default/approvals/{approval}/{verb}"
    return tools.stand.ask("POST", path, {}, key=key).status


def test_a_marked_tool_waits_for_another_person_and_runs_once(tools):
    before = len(tools.old.calls)
    phone = PEOPLE.mobile()
    name = {"name": f"홍보팀 {phone}"}
    asked = tools.call("old__delete", name)
    assert isinstance(asked, MCPError)
    assert asked.data["code"] == "approval_required"
    approval = asked.data["approval"]
    assert tools.call("old__delete", name).data["approval"] == approval, "asking again asks for no second one"
    told = tools.stand.ask("GET", f"/admin/v1/organisations/default/approvals/{approval}", key="default/lee")
    assert phone not in told.body.decode(), "who approves sees the call, its values masked"
    assert "홍보팀" in told.body.decode()
    assert approved(tools, approval, key="default/kim") == 403, "nobody allows their own call"
    assert approved(tools, approval) == 200
    other = tools.call("old__delete", {"name": "다른 이름"})
    assert other.data["approval"] != approval, "it is for these arguments and no others"
    stranger = tools.call("old__delete", name, key="default/chief")
    assert stranger.data["code"] == "approval_required", "it is for this person and no other"
    assert len(tools.old.calls) == before
    assert said(tools.call("old__delete", name)) == "지웠습니다"
    assert len(tools.old.calls) == before + 1
    assert tools.last(Outcome).steps["approval"] == approval
    again = tools.call("old__delete", name)
    assert again.data["code"] == "approval_required"
    assert again.data["approval"] != approval, "an approval serves once"
    replay = raw(
        tools,
        "tools/call",
        {"name": "old__delete", "arguments": name, "_meta": {"hanbok/approval": approval}},
    )
    assert replay["error"]["data"]["code"] == "approval_settled"
    assert len(tools.old.calls) == before + 1


def test_arguments_that_readers_would_read_apart_are_refused(tools):
    before = len(tools.old.calls)
    twice = b'{"id": "evil", "deep": [{"id": 1, "id": 2}]}'
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "old__echo", "arguments": %b}}'
    told = tools.stand.ask("POST", "/mcp", body % twice, key="default/kim").json
    assert told["error"]["data"]["code"] == "duplicate_field"
    told = tools.stand.ask("POST", "/mcp", body % b'{"text": "\xff"}', key="default/kim").json
    assert told["error"]["code"] == -32602
    assert len(tools.old.calls) == before


def test_an_invented_tool_gets_no_account(tools):
    assert tools.call("old__" + "x" * 3000, {}).data["code"] == "tool_not_allowed"


def test_a_program_has_no_person_who_could_be_allowed(tools):
    error = tools.call("old__delete", {"name": "가"}, key="first")
    assert error.data["code"] == "not_a_person"


async def shelves(connected) -> tuple[list[str], list[str], list[str]]:
    resources = await connected.list_resources()
    templates = await connected.list_resource_templates()
    prompts = await connected.list_prompts()
    return (
        [str(one.uri) for one in resources.resources],
        [one.uri_template for one in templates.resource_templates],
        [one.name for one in prompts.prompts],
    )


@pytest.mark.parametrize("mode", GENERATIONS)
def test_resources_and_prompts_are_seen_as_far_as_a_rule_names_them(tools, mode):
    async def work():
        async with tools.of(mode=mode) as connected:
            everywhere = await shelves(connected)
        async with tools.of("new", mode=mode) as connected:
            return everywhere, await shelves(connected)

    everywhere, alone = run(work())
    assert alone == (["notes://open/today"], ["notes://open/of/{person}"], ["letter"])
    assert everywhere == (
        ["old+notes://open/today", "new+notes://open/today"],
        ["old+notes://open/of/{person}", "new+notes://open/of/{person}"],
        ["old__letter", "new__letter"],
    )


def using(tools: Tools, verb: str, *arguments: object, **how: str):
    tools.began = stamp()

    async def work():
        async with tools.of(**how) as connected:
            try:
                return await getattr(connected, verb)(*arguments)
            except MCPError as error:
                return error

    return run(work())


@pytest.mark.parametrize("server", ["old", "new"])
@pytest.mark.parametrize("mode", GENERATIONS)
def test_a_resource_and_a_prompt_come_over_every_pair_of_generations(tools, mode, server):
    tools.old.says = tools.new.says = "점검은 오후 두 시입니다"
    read = using(tools, "read_resource", f"{server}+notes://open/today", mode=mode)
    assert [(str(one.uri), one.text) for one in read.contents] == [
        (f"{server}+notes://open/today", "점검은 오후 두 시입니다")
    ]
    outcome = tools.last(Outcome)
    intent = next(one for one in tools.logged() if one.call == outcome.call and isinstance(one, Intent))
    assert (intent.model, intent.person, outcome.status) == (f"{server}/resources/read", "kim", "completed")
    assert outcome.cost == (5_000_000 if server == "old" else 0)
    got = using(tools, "get_prompt", f"{server}__letter", {"to": "고객"}, mode=mode)
    assert "고객님께 보낼 답장" in got.messages[0].content.text
    assert tools.last(Outcome).cost == outcome.cost
    assert next(one for one in tools.logged() if one.call == tools.last(Outcome).call).model == (
        f"{server}/prompts/letter"
    )


@pytest.mark.parametrize(
    ("verb", "name", "code"),
    [
        ("read_resource", "new+notes://closed/board", "resource_not_allowed"),
        ("read_resource", "new+notes://open/../closed/board", "resource_not_allowed"),
        ("read_resource", "new+notes://open/%2e%2e/closed/board", "resource_not_allowed"),
        ("read_resource", "new+notes://open/%252e%252e%252fclosed/board", "resource_not_allowed"),
        ("read_resource", "new+notes://open/..\\closed", "resource_not_allowed"),
        ("read_resource", "new+notes://open/..;/closed/board", "resource_not_allowed"),
        ("read_resource", "new+notes://open/%c0%ae%c0%ae/closed/board", "resource_not_allowed"),
        ("read_resource", "old+notes://open/poisoned", "resource_not_allowed"),
        ("read_resource", "new+notes://open/p%6Fisoned", "resource_not_allowed"),
        ("read_resource", "gone+notes://open/today", "resource_not_allowed"),
        ("read_resource", "notes://open/today", "tool_server_unknown"),
        ("get_prompt", "new__secret", "prompt_not_allowed"),
        ("get_prompt", "new__echo", "prompt_not_allowed"),
        ("get_prompt", "old__invented", "prompt_not_allowed"),
    ],
)
def test_a_resource_or_prompt_that_no_rule_names_is_refused_and_never_asked_for(tools, verb, name, code):
    before = len(tools.old.calls) + len(tools.new.calls)
    error = using(tools, verb, name)
    assert isinstance(error, MCPError)
    assert error.data["code"] == code
    assert "notes:" not in repr((error.message, error.data))
    assert len(tools.old.calls) + len(tools.new.calls) == before
    entry = tools.last(Refusal)
    assert (entry.code, "notes:" in entry.model) == (code, False)


def test_a_number_in_an_address_or_a_prompt_leaves_as_policy_asks(tools):
    tools.old.says, phone, number = "끝", PEOPLE.mobile(), PEOPLE.rrn()
    read = using(tools, "read_resource", f"old+notes://open/of/{phone}")
    assert phone not in tools.old.seen()
    assert read.contents[0].text == f"{phone}의 알림"
    spelled = "".join(f"%{ord(letter):02X}" for letter in phone)
    read = using(tools, "read_resource", f"old+notes://open/of/{spelled}")
    assert phone not in unquote(tools.old.seen())
    assert tools.old.calls[-1][1]["person"].startswith("[전화번호-")
    assert read.contents[0].text == f"{phone}의 알림"
    got = using(tools, "get_prompt", "old__letter", {"to": phone})
    assert phone not in tools.old.seen()
    assert got.messages[0].content.text.startswith(f"{phone}님께")
    refused = using(tools, "get_prompt", "old__letter", {"to": number})
    assert (refused.data["code"], "제24조의2" in refused.message) == ("policy_refused", True)


def test_what_a_resource_or_prompt_brings_is_read_as_a_tool_s_result_is(tools):
    number = PEOPLE.rrn()
    tools.new.says = f"주민등록번호는 {number}입니다"
    assert number not in repr(using(tools, "read_resource", "new+notes://open/today"))
    assert tools.last(Outcome).reply_findings["RRN"] == 1
    assert number not in repr(using(tools, "get_prompt", "new__letter", {"to": "고객"}))
    tools.new.says = HIDDEN_ORDER
    for verb, *what in (
        ("read_resource", "new+notes://open/today"),
        ("get_prompt", "new__letter", {"to": "고객"}),
    ):
        error = using(tools, verb, *what)
        assert error.data["code"] == "tool_result_refused"
        assert tools.last(Outcome).status == "failed"


def test_an_address_that_another_person_must_allow_waits_for_them(tools):
    before = len(tools.old.calls)
    spelled = using(tools, "read_resource", "old+notes://open/of/b%6Fss")
    assert spelled.data["code"] == "approval_required"
    asked = using(tools, "read_resource", "old+notes://open/of/boss")
    assert asked.data["code"] == "approval_required"
    assert len(tools.old.calls) == before
    assert approved(tools, asked.data["approval"]) == 200
    read = using(tools, "read_resource", "old+notes://open/of/boss")
    assert read.contents[0].text == "boss의 알림"
    again = using(tools, "read_resource", "old+notes://open/of/boss")
    assert again.data["code"] == "approval_required", "an approval serves once"


def test_addresses_in_a_tool_s_result_can_be_read_where_it_was_called(tools):
    parts = using(tools, "call_tool", "new__where", {}).content
    assert [str(getattr(one, "resource", one).uri) for one in parts] == ["new+notes://open/today"] * 2
    parts = using(tools, "call_tool", "where", {}, server="new").content
    assert str(parts[0].uri) == "notes://open/today"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("resources/read", {}),
        ("resources/read", {"uri": 3}),
        ("prompts/get", {"name": "new__letter", "arguments": {"to": 3}}),
        ("prompts/get", {"name": "new__letter", "arguments": ["고객"]}),
        ("tools/call", {"name": None, "arguments": {}}),
    ],
)
def test_params_that_are_none_are_refused(tools, method, params):
    assert raw(tools, method, params)["error"]["code"] == -32602


def test_a_modern_resource_is_nobody_elses_and_names_itself_twice(tools):
    tools.new.says = "알림"
    params = {"uri": "new+notes://open/today", "_meta": META}
    headers = MODERN | {"mcp-method": "resources/read", "mcp-name": params["uri"]}
    result = raw(tools, "resources/read", params, **headers)["result"]
    assert (result["resultType"], result["cacheScope"], result["ttlMs"]) == ("complete", "private", 0)
    other = raw(tools, "resources/read", params, **headers | {"mcp-name": "new+notes://open/other"})
    assert other["error"]["code"] == -32020


def raw(tools: Tools, method: str, params: dict, **headers: str) -> dict:
    body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
    answer = tools.stand.ask("POST", "/mcp", body, key="default/kim", headers=headers)
    return answer.json | {"http": answer.status}


META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
LATER = META | {"io.modelcontextprotocol/protocolVersion": "2031-01-01"}
MODERN = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/list"}


@pytest.mark.parametrize(
    ("params", "headers", "code"),
    [
        ({"_meta": META}, MODERN | {"mcp-method": "tools/call"}, -32020),
        ({"_meta": META}, {"mcp-method": "tools/list"}, -32020),
        ({}, MODERN, -32602),
        ({"_meta": LATER}, MODERN | {"mcp-protocol-version": "2031-01-01"}, -32022),
        ({"_meta": 3}, MODERN, -32602),
    ],
)
def test_a_modern_request_that_disagrees_with_itself_is_refused(tools, params, headers, code):
    answer = raw(tools, "tools/list", params, **headers)
    assert answer["error"]["code"] == code
    assert answer["http"] == 400


def test_a_modern_answer_says_that_it_is_whole_and_nobody_elses(tools):
    result = raw(tools, "tools/list", {"_meta": META}, **MODERN)["result"]
    assert (result["resultType"], result["cacheScope"]) == ("complete", "private")
    for method in ("resources/subscribe", "completion/complete", "resources", "prompts/delete"):
        gone = raw(tools, method, {"_meta": META}, **MODERN | {"mcp-method": method})
        assert (gone["error"]["code"], gone["http"]) == (-32601, 404)


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"jsonrpc":"2.0","id":1}', b"\xff"])
def test_what_is_no_message_is_refused(tools, body):
    answer = tools.stand.ask("POST", "/mcp", body, key="default/kim")
    assert answer.status == 400
    assert answer.json["error"]["code"] in {-32700, -32600}


def test_notifications_are_taken_and_streams_that_never_speak_are_not_opened(tools):
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert tools.stand.ask("POST", "/mcp", note, key="default/kim").status == 202
    assert tools.stand.ask("GET", "/mcp", key="default/kim").status == 405
    assert tools.stand.ask("DELETE", "/mcp", key="default/kim", headers={"mcp-session-id": "a"}).status == 204


def test_without_a_key_a_client_is_told_where_to_get_a_token(tools):
    refused = tools.stand.ask("POST", "/mcp/new", {"jsonrpc": "2.0", "id": 1, "method": "ping"})
    assert refused.status == 401
    said = refused.headers["www-authenticate"]
    place = said.partition('resource_metadata="')[2].partition('"')[0]
    assert place == f"{tools.stand.url}/.well-known/oauth-protected-resource/mcp/new"
    told = tools.stand.ask("GET", place.removeprefix(tools.stand.url)).json
    assert told["resource"] == "https://ai.example.kr/mcp", "what tokens must be made for"
    assert told["authorization_servers"] == [ISSUER.name]


def test_a_token_opens_the_door_it_was_made_for_and_goes_no_further(tools):
    token = ISSUER.token("https://ai.example.kr/mcp")
    answer = tools.call("old__echo", {"text": "가"}, key=token)
    assert said(answer) == "받은 글: 가"
    assert token not in tools.old.seen()
    assert tools.last(Outcome).key.startswith("oauth_")
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    for other in (
        ISSUER.token("https://other.example.kr"),
        Issuer(ISSUER.name).token("https://ai.example.kr/mcp"),
    ):
        refused = tools.stand.ask("POST", "/mcp", ping, key=other)
        assert (refused.status, refused.code) == (401, "token_unfit")
        assert "resource_metadata" in refused.headers["www-authenticate"]
    assert tools.stand.ask("GET", "/v1/models", key=token).status == 401, "models are for keys"


def test_a_page_in_a_browser_may_ask_only_when_the_operator_named_it(tools):
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    strange = tools.stand.ask(
        "POST", "/mcp", ping, key="default/kim", headers={"origin": "https://evil.test"}
    )
    named = tools.stand.ask(
        "POST", "/mcp", ping, key="default/kim", headers={"origin": "https://tools.example.kr"}
    )
    assert (strange.status, strange.code) == (403, "origin_forbidden")
    assert (named.status, named.json["result"]) == (200, {})
