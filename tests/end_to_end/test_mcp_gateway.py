"""Tools behind hanbok, with the official SDK on both sides: what each party sees, and what the log says."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeVar

import pytest
from mcp import MCPError

from administered import Stand, administered
from hanbok.core.clock import stamp
from hanbok.evidence.entry import AnyEntry, Intent, Outcome, Refusal
from hanbok.evidence.log_files import records
from hanbok.policy.roles import Role
from hanbok.testing.korean import Identities
from mcp_stand import HIDDEN_ORDER, Behind, Issuer, client, run, said, standing

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
      approve: [delete]
      allow:
        - {{tools: [echo, read, delete, poisoned, broken]}}
        - {{tools: ["admin_*"], teams: [wipers]}}
    new:
      url: {new}
      zone: home
      operator: self
      data_use: {{trains: false}}
      allow: [{{tools: [echo, read], organisations: [default]}}]
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
    assert everywhere == ["old__echo", "old__read", "old__delete", "old__broken", "new__echo", "new__read"]
    assert alone == ["echo", "read"]


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
    gone = raw(tools, "resources/list", {"_meta": META}, **MODERN | {"mcp-method": "resources/list"})
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
