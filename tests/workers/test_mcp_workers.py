"""Tools behind several workers: one approval, one token's limit, one session at a server, whichever worker answers."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from administered import Stand
from hanbok.evidence.log_files import records
from hanbok.evidence.verify import verify
from hanbok.policy.roles import Role
from hanbok.store.tables import mcp_sessions
from hanbok.testing.running import RunningHanbok
from mcp_stand import Behind, Issuer, standing

SETTINGS = """\
state: state
server: {{port: 0, workers: 2}}
mcp:
  oauth:
    issuer: https://login.example.kr
    keys: jwks.json
    resource: https://ai.example.kr/mcp
    scopes: [tools]
    requests_per_minute: 6
  servers:
    old:
      url: {old}
      zone: home
      operator: self
      data_use: {{trains: false}}
      approve: [delete]
      allow: [{{tools: [echo, delete]}}]
"""
ISSUER = Issuer("https://login.example.kr")
AT_ONCE = 16


@dataclass
class Crowd:
    stand: Stand
    old: Behind

    def press(self, method: str, params: dict, *, key: str = "default/kim", **headers: str) -> list[dict]:
        """Ask the same over many connections that are open at once, so that no worker takes them all."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        sent = {"authorization": f"Bearer {self.stand.secrets.get(key, key)}"} | headers
        host = self.stand.url.removeprefix("http://")
        connections = [http.client.HTTPConnection(host, timeout=30) for _ in range(AT_ONCE)]
        for one in connections:
            one.connect()
        for one in connections:
            one.request("POST", "/mcp/old", body, sent)
        answers = [json.load(one.getresponse()) for one in connections]
        for one in connections:
            one.close()
        return answers

    def codes(self, *asked: object, **how: str) -> Counter[str]:
        return Counter(
            one.get("error", {}).get("data", {}).get("code", "ran") for one in self.press(*asked, **how)
        )


def settled(true: Callable[[], bool]) -> None:
    """Return when it has been true for a second: a worker may be asked by none of many connections at once."""
    end, since = time.monotonic() + 30, time.monotonic()
    while time.monotonic() - since < 1:
        if not true():
            since = time.monotonic()
            assert since < end, "it did not come about"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    folder = tmp_path_factory.mktemp("mcp-workers")
    (folder / "jwks.json").write_text(ISSUER.jwks())
    with standing(old=True) as old, RunningHanbok(folder, SETTINGS.format(old=old.url)) as server:
        stand = Stand(server, server.url, secrets={"first": server.key})
        stand.enter("default", "kim")
        latest, told = stand.enter("default", "lee", Role.COMPLIANCE), Crowd(stand, old)
        settled(lambda: all("result" in one for one in told.press("ping", {}, key=latest)))
        yield told
    assert verify(folder / "state" / "evidence").ok
    kinds = Counter(type(one.entry).__name__ for one in records(folder / "state" / "evidence"))
    assert kinds["Intent"] == kinds["Outcome"]


def test_an_approval_serves_once_over_all_workers(crowd):
    what = {"name": "delete", "arguments": {"name": "홍보팀"}}
    asked = crowd.stand.ask(
        "POST",
        "/mcp/old",
        {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": what},
        key="default/kim",
    ).json
    approval = asked["error"]["data"]["approval"]
    assert crowd.codes("tools/call", what) == {"approval_required": AT_ONCE}
    path = f"/admin/v1/organisations/default/approvals/{approval}/approve"
    assert crowd.stand.ask("POST", path, {}, key="default/lee").status == 200
    before = len(crowd.old.calls)
    seen = crowd.codes("tools/call", what)
    assert seen["ran"] == 1
    assert seen.total() == AT_ONCE
    assert set(seen) <= {"ran", "approval_required", "approval_settled"}
    assert len(crowd.old.calls) == before + 1


def test_a_token_opens_every_worker_and_its_limit_is_one(crowd):
    token = ISSUER.token("https://ai.example.kr/mcp")
    assert crowd.codes("tools/list", {}, key=token) == {"ran": AT_ONCE}
    seen = crowd.codes("tools/call", {"name": "echo", "arguments": {"text": "가"}}, key=token)
    assert seen == {"ran": 6, "rate_limited": AT_ONCE - 6}


def test_a_session_is_one_at_the_server_whichever_worker_asks(crowd):
    what = {"name": "echo", "arguments": {"text": "가"}}
    for _ in range(2):
        assert crowd.codes("tools/call", what, **{"mcp-session-id": "a-client-s"}) == {"ran": AT_ONCE}
    # The first time, two workers may shake hands at once; then one of the two sessions holds for both.
    assert len({one["mcp-session-id"] for one in crowd.old.headers[-AT_ONCE:]}) == 1


def test_a_session_that_its_server_forgot_is_opened_anew_once_for_all(crowd):
    what, named = {"name": "echo", "arguments": {"text": "가"}}, {"mcp-session-id": "another"}
    crowd.codes("tools/call", what, **named)
    crowd.old.forget()
    for _ in range(2):
        assert crowd.codes("tools/call", what, **named) == {"ran": AT_ONCE}
    assert len({one["mcp-session-id"] for one in crowd.old.headers[-AT_ONCE:]}) == 1


def test_who_reads_the_database_learns_no_session(crowd):
    crowd.codes(
        "tools/call", {"name": "echo", "arguments": {"text": "가"}}, **{"mcp-session-id": "a-client-s"}
    )
    kept = b"".join(one.read_bytes() for one in (crowd.stand.server.folder / "state").glob("hanbok.db*"))
    secrets = {one["mcp-session-id"] for one in crowd.old.headers if "mcp-session-id" in one} | {"a-client-s"}
    assert [one for one in secrets if one.encode() in kept] == []
    with crowd.stand.store() as store, store.read() as connection:
        assert connection.execute(select(mcp_sessions.c.id)).all()
