"""The administration over HTTP: who may do what, what is kept from whom, and what the log tells of it."""

import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import update

from administered import ROLES, Stand, administered
from hanbok.core.clock import now
from hanbok.core.values import Principal
from hanbok.http.admin.route import Route
from hanbok.http.admin.routes import ROUTES
from hanbok.policy.roles import Role, Scope, role_table
from hanbok.store.tables import keys

BASE = "/admin/v1/organisations/bank"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with administered(tmp_path_factory.mktemp("administered"), "bank") as running:
        yield running


def holder(stand: Stand, name: str, *roles: Role, scope: Scope = Scope.ORGANISATION) -> str:
    """Enter a person of the bank and wait until their key opens the administration."""
    key = stand.enter("bank", name, *roles, scope=scope)
    stand.settled(key)
    return key


INSIDE = [route for route in ROUTES if route.permission and "{organisation}" in route.path]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", INSIDE, ids=lambda one: f"{one.method} {one.path}")
def test_a_role_may_do_what_the_table_says_and_nothing_else(stand: Stand, route: Route, role: str) -> None:
    path = re.sub(r"\{(\w+)\}", lambda found: "bank" if found[1] == "organisation" else "none", route.path)
    # A body that does not fit is looked at only after the permission.
    answer = stand.ask(route.method, path, b"{" if route.takes else None, key=f"bank/{role}")
    allowed = role_table().permissions[route.permission].own & {"member", role}
    if allowed:
        assert answer.code != "permission_missing" if answer.status >= 400 else answer.status in {200, 201}
    else:
        assert (answer.status, answer.code) == (403, "permission_missing")
        assert route.permission in answer.json["detail"]


@pytest.mark.parametrize("route", ROUTES, ids=lambda one: f"{one.method} {one.path}")
def test_without_a_persons_key_nothing_is_told(stand: Stand, route: Route) -> None:
    path = re.sub(r"\{(\w+)\}", "bank", route.path)
    bare = stand.ask(route.method, path, b"{}" if route.takes else None)
    assert (bare.status, bare.code) == (401, "key_missing")
    assert bare.headers["www-authenticate"] == "Bearer"
    assert bare.headers["cache-control"] == "no-store"
    first = stand.ask(route.method, path, b"{}" if route.takes else None, key="first")
    assert (first.status, first.code) == (403, "not_a_person")


def test_the_first_key_of_an_installation_calls_models_and_opens_no_administration(stand: Stand) -> None:
    assert stand.ask("GET", "/v1/models", key="first").status == 200
    assert stand.ask("GET", "/admin/v1/organisations", key="first").status == 403


def test_a_secret_is_shown_once_and_never_again(stand: Stand) -> None:
    made = stand.ask("POST", f"{BASE}/keys", {"name": "봇"}, key="bank/operator")
    assert made.status == 201
    secret, key = made.json["secret"], made.json["key"]["id"]
    stand.settled(secret)
    for path in (f"{BASE}/keys/{key}", f"{BASE}/keys?limit=200"):
        assert secret not in stand.ask("GET", path, key="bank/admin").body.decode()
    path = f"{BASE}/acts?verb=key.&limit=200"
    told: list[dict[str, str]] = []
    for _ in range(100):  # acts go to the log within a second, on a busy machine a little later
        acts = stand.ask("GET", path, key="bank/auditor").json["items"]
        if told := [one["entry"] for one in acts if one["object"] == key]:
            break
        time.sleep(0.05)
    assert [one["verb"] for one in told] == ["key.create"]
    assert (told[0]["actor"], told[0]["origin"]) == ("person:bank/operator", "127.0.0.1")
    assert secret not in json.dumps(acts)


def test_a_revoked_key_is_refused_within_a_second(stand: Stand) -> None:
    made = stand.ask("POST", f"{BASE}/keys", {}, key="bank/operator").json
    stand.settled(made["secret"])
    path = f"{BASE}/keys/{made['key']['id']}/revoke"
    assert stand.ask("POST", path, {"reason": "유출"}, key="bank/operator").json["revoked"]
    assert stand.settled(made["secret"], 401) < 2


@pytest.mark.parametrize(
    ("who", "method", "path", "body", "code"),
    [
        # Whoever holds a person's key acts as that person: an operator makes none, and ends none.
        ("bank/operator", "POST", "/keys", {"person": "admin"}, "permission_missing"),
        ("bank/operator", "POST", "/keys", {"person": "operator"}, "permission_missing"),
        ("bank/operator", "POST", "/keys/{admin}/revoke", {"reason": "r"}, "permission_missing"),
        ("bank/operator", "PATCH", "/keys/{admin}", {"limits": {"won_per_day": 0}}, "permission_missing"),
        # Nobody gives themselves a role, nobody of an organisation one over all.
        (
            "bank/admin",
            "POST",
            "/grants",
            {"person": "admin", "role": "auditor", "reason": "r"},
            "not_to_yourself",
        ),
        (
            "bank/admin",
            "POST",
            "/grants",
            {"person": "member", "role": "admin", "reason": "r", "scope": "platform"},
            "permission_missing",
        ),
        # An organisation's administrator has no hold on who stands above it.
        ("bank/admin", "POST", "/keys", {"person": "above"}, "above_you"),
        ("bank/admin", "POST", "/keys/{above}/revoke", {"reason": "r"}, "above_you"),
        ("bank/admin", "POST", "/persons/above/end", {"reason": "r"}, "above_you"),
        ("bank/admin", "POST", "/grants/{grant of above}/revoke", {"reason": "r"}, "permission_missing"),
        # Its budget is not its own to set.
        ("bank/admin", "PUT", "/limits", {"won_per_day": None}, "permission_missing"),
        # Who is not there has no key.
        ("bank/admin", "POST", "/keys", {"person": "nobody"}, "party_unknown"),
        ("bank/admin", "POST", "/keys", {"team": "nobody"}, "party_unknown"),
        (
            "bank/admin",
            "POST",
            "/grants",
            {"person": "nobody", "role": "admin", "reason": "r"},
            "party_unknown",
        ),
        (
            "bank/admin",
            "POST",
            "/grants",
            {"person": "member", "role": "admin", "reason": " "},
            "request_unfit",
        ),
        (
            "bank/admin",
            "POST",
            "/grants",
            {"person": "member", "role": "member", "reason": "r"},
            "request_unfit",
        ),
    ],
)
def test_no_way_up(stand: Stand, who: str, method: str, path: str, body: object, code: str) -> None:
    if "bank/above" not in stand.secrets:
        holder(stand, "above", Role.ADMIN, scope=Scope.PLATFORM)
    grants = stand.ask("GET", f"{BASE}/grants?limit=200", key="bank/admin").json["items"]
    above = next(one["id"] for one in grants if one["person"] == "above")
    names = {
        "{admin}": stand.keys["bank/admin"],
        "{above}": stand.keys["bank/above"],
        "{grant of above}": above,
    }
    for name, value in names.items():
        path = path.replace(name, value)
    answer = stand.ask(method, BASE + path, body, key=who)
    assert answer.code == code, answer.body.decode()
    assert answer.status >= 400


def test_the_platforms_administrator_sets_up_an_organisation_and_reads_no_log(stand: Stand) -> None:
    boss = holder(stand, "boss", Role.ADMIN, scope=Scope.PLATFORM)
    ask = stand.ask
    assert ask("POST", "/admin/v1/organisations", {"id": "fund", "name": "기금"}, key=boss).status == 201
    assert ask("POST", "/admin/v1/organisations", {"id": "fund"}, key=boss).code == "organisation_exists"
    base = "/admin/v1/organisations/fund"
    assert ask("POST", f"{base}/teams", {"id": "운용"}, key=boss).status == 201
    person = {"id": "사번 1", "name": "첫 관리자", "team": "운용"}
    assert ask("POST", f"{base}/persons", person, key=boss).status == 201
    granted = {"person": "사번 1", "role": "admin", "reason": "개설"}
    assert ask("POST", f"{base}/grants", granted, key=boss).status == 201
    made = ask("POST", f"{base}/keys", {"person": "사번 1", "team": "운용"}, key=boss)
    stand.settled(made.json["secret"])
    me = ask("GET", "/admin/v1/me", key=made.json["secret"]).json
    assert (me["organisation"], me["person"], me["roles"]) == ("fund", "사번 1", ["admin", "member"])
    assert me["platform_permissions"] == []
    assert ask("PUT", f"{base}/limits", {"won_per_month": 10**12}, key=boss).status == 200
    for path in (f"{base}/calls", f"{base}/acts", "/admin/v1/acts"):
        assert ask("GET", path, key=boss).code == "permission_missing"
    (line,) = ask("GET", f"{base}/role-history", key=boss).json["items"]
    assert (line["person"], line["role"], line["change"]) == ("사번 1", "admin", "grant")
    assert (line["actor"], line["reason"]) == ("person:bank/boss", "개설")


def test_of_two_who_change_the_same_the_second_is_told(stand: Stand) -> None:
    path = f"{BASE}/applications/minwon"
    assert stand.ask("POST", f"{BASE}/applications", {"id": "minwon"}, key="bank/operator").status == 201
    seen = stand.ask("GET", path, key="bank/operator").headers["etag"]
    change = {"name": "민원 챗봇"}
    first = stand.ask("PATCH", path, change, key="bank/operator", headers={"if-match": seen})
    assert first.status == 200
    assert first.headers["etag"] != seen
    second = stand.ask("PATCH", path, {"name": "늦음"}, key="bank/admin", headers={"if-match": seen})
    assert (second.status, second.code) == (412, "changed_meanwhile")
    assert stand.ask("GET", path, key="bank/admin").json["name"] == "민원 챗봇"
    fresh = f'"other", {first.headers["etag"]}'
    assert (
        stand.ask("PATCH", path, {"name": "새"}, key="bank/admin", headers={"if-match": fresh}).status == 200
    )


def test_pages_give_each_thing_once(stand: Stand) -> None:
    for number in range(7):
        assert stand.ask("POST", f"{BASE}/teams", {"id": f"팀 {number}"}, key="bank/admin").status == 201
    found, cursor = [], ""
    while True:
        page = stand.ask("GET", f"{BASE}/teams?limit=3&cursor={cursor}", key="bank/admin").json
        found += [one["id"] for one in page["items"]]
        cursor = page["next"]
        if not cursor:
            break
    assert found == sorted(set(found))
    assert {f"팀 {number}" for number in range(7)} <= set(found)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=1&limit=2", "cursor=%00", "cursor=Wzld", "cursor=!", "x=1"],
)
def test_a_query_that_does_not_fit_is_told(stand: Stand, query: str) -> None:
    answer = stand.ask("GET", f"{BASE}/teams?{query}", key="bank/admin")
    assert (answer.status, answer.code) == (400, "request_unfit")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b'{"id": 1}',
        b'{"id": "a", "role": "admin"}',
        b'{"id": "a", "organisation": "default"}',
        b'{"id": "a\\u0000b"}',
        b'{"id": "\\ud800"}',
        b'{"id": "' + b"a" * 201 + b'"}',
        b'{"id": "\xff"}',
        b"[" * 100_000,
        b'{"id": ' + b"[" * 50_000,
        b'{"id": "a", "name": 1e999}',
        b"\x00" * 70_000,
        b'{"id": "a/b"}',
        b'{"id": ".."}',
    ],
    ids=lambda one: repr(one[:30]),
)
def test_a_hostile_body_is_refused_in_good_order(stand: Stand, body: bytes) -> None:
    answer = stand.ask("POST", f"{BASE}/teams", body, key="bank/admin")
    assert answer.status in {400, 413}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.code in {"request_unfit", "invalid_party_id", "body_too_large"}


def test_a_person_replaces_their_own_key(stand: Stand) -> None:
    key = holder(stand, "rotator")
    made = stand.ask("POST", "/admin/v1/me/key", key=key)
    assert made.status == 201
    stand.settled(made.json["secret"])
    assert stand.settled(key, 401, "/admin/v1/me") < 2
    assert stand.ask("GET", "/admin/v1/me", key=made.json["secret"]).json["person"] == "rotator"


def test_two_persons_approve_over_http_and_one_cannot(stand: Stand) -> None:
    asked = stand.ask(
        "POST",
        f"{BASE}/approvals",
        {"kind": "reveal", "arguments": {"call": "call-1"}, "reason": "민원"},
        key="bank/compliance",
    )
    one = f"{BASE}/approvals/{asked.json['id']}"
    assert stand.ask("POST", f"{one}/approve", {}, key="bank/compliance").code == "approval_not_independent"
    assert stand.ask("POST", f"{one}/approve", {}, key="bank/operator").code == "permission_missing"
    assert stand.ask("GET", one, key="bank/member").code == "approval_unknown"
    second = holder(stand, "second", Role.COMPLIANCE)
    done = stand.ask("POST", f"{one}/approve", {"note": "확인"}, key=second)
    assert (done.status, done.json["state"], done.json["decider"]) == (200, "approved", "bank/second")
    assert stand.ask("POST", f"{one}/decline", {}, key=second).code == "approval_settled"
    assert stand.ask("GET", f"{BASE}/approvals", key="bank/member").json["items"] == []
    listed = stand.ask("GET", f"{BASE}/approvals?state=approved", key="bank/auditor").json["items"]
    assert asked.json["id"] in {one["id"] for one in listed}


def test_requests_about_the_whole_installation_are_for_the_platform(stand: Stand) -> None:
    watch = holder(stand, "watch", Role.COMPLIANCE, scope=Scope.PLATFORM)
    wanted = {"kind": "policy_change", "arguments": {"policy": "p"}, "reason": "개정"}
    assert stand.ask("POST", "/admin/v1/approvals", wanted, key="bank/admin").code == "permission_missing"
    asked = stand.ask("POST", "/admin/v1/approvals", wanted, key="platform")
    assert (asked.status, asked.json["organisation"]) == (201, "")
    one = f"/admin/v1/approvals/{asked.json['id']}"
    assert stand.ask("POST", f"{one}/approve", {}, key="bank/compliance").code == "permission_missing"
    assert stand.ask("POST", f"{one}/approve", {}, key="platform").code == "approval_not_independent"
    assert stand.ask("GET", f"{BASE}/approvals/{asked.json['id']}", key=watch).code == "approval_unknown"
    assert stand.ask("POST", f"{one}/approve", {}, key=watch).json["state"] == "approved"


def test_a_key_that_the_requester_made_cannot_approve(stand: Stand) -> None:
    assert stand.ask("POST", f"{BASE}/persons", {"id": "puppet"}, key="bank/admin").status == 201
    granted = {"person": "puppet", "role": "compliance", "reason": "r"}
    assert stand.ask("POST", f"{BASE}/grants", granted, key="bank/admin").status == 201
    puppet = stand.ask("POST", f"{BASE}/keys", {"person": "puppet"}, key="bank/admin").json["secret"]
    stand.settled(puppet)
    wanted = {"kind": "policy_change", "arguments": {"policy": "p"}, "reason": "r"}
    asked = stand.ask("POST", f"{BASE}/approvals", wanted, key="bank/admin").json["id"]
    answer = stand.ask("POST", f"{BASE}/approvals/{asked}/approve", {}, key=puppet)
    assert (answer.status, answer.code) == (403, "approval_not_independent")


def test_an_auditor_finds_calls_by_time_key_and_kind_of_data_and_is_recorded(stand: Stand) -> None:
    made = stand.ask("POST", f"{BASE}/keys", {"name": "상담"}, key="bank/operator").json
    stand.settled(made["secret"])
    said = {"model": "house", "messages": [{"role": "user", "content": "연락처 010-2345-6789"}]}
    call = stand.ask("POST", "/v1/chat/completions", said, key=made["secret"])
    assert call.status == 200
    name, key = call.headers["x-hanbok-call"], made["key"]["id"]

    def calls(query: str) -> list[str]:
        found = stand.ask("GET", f"{BASE}/calls?{query}", key="bank/auditor")
        assert found.status == 200, found.body
        return [one["call"] for one in found.json["items"]]

    assert calls(f"key={key}") == [name]
    assert calls(f"key={key}&kind=PHONE") == [name]
    assert calls(f"key={key}&kind=RRN") == []
    assert calls(f"key={key}&since=2026-01-01T00:00:00Z") == [name]
    assert calls(f"key={key}&since=2099-01-01T00:00:00Z") == []
    assert calls(f"key={key}&until=2026-01-01T00:00:00Z") == []
    assert calls(f"key={key}&person=nobody") == []
    (shown,) = stand.ask("GET", f"{BASE}/calls?key={key}", key="bank/auditor").json["items"]
    assert (shown["findings"], shown["origin"]) == ({"PHONE": 1}, "127.0.0.1")
    assert "010-2345-6789" not in json.dumps(shown)
    query = "verb=log.read&actor=person:bank/auditor&limit=200"
    reads = stand.ask("GET", f"{BASE}/acts?{query}", key="bank/auditor").json["items"]
    assert {one["entry"]["object"] for one in reads} >= {"calls"}
    assert any(one["entry"].get("facts", {}).get("kind") == "RRN" for one in reads)


LOCKED = "roles: {failed_logins: 3, locked_minutes: 0.03, admin_key_days: 30, admin_idle_days: 7}\n"


def test_an_address_that_fails_to_log_in_is_locked_out_for_a_while(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with administered(tmp_path_factory.mktemp("locked"), "bank", settings=LOCKED) as stand:
        wrong = "hb-" + "a" * 49
        statuses = [stand.ask("GET", "/admin/v1/me", key=wrong).status for _ in range(3)]
        assert statuses == [401, 401, 401]
        # Even the right key waits: a guess that happens to be right must not be told from a wrong one.
        right = stand.ask("GET", "/admin/v1/me", key="bank/admin")
        assert (right.status, right.code) == (429, "locked_out")
        assert int(right.headers["retry-after"]) >= 1
        assert stand.ask("GET", "/v1/models", key="bank/admin").status == 200
        stand.settled("bank/admin", path="/admin/v1/me")
        until = time.monotonic() + 5
        locks: list[object] = []
        while not locks and time.monotonic() < until:
            got = stand.ask("GET", "/admin/v1/acts?verb=admin.lock", key="platform")
            assert got.status == 200, got.body
            locks = got.json["items"]
        assert len(locks) == 1
        for column, days, code in (("created", 31, "key_too_old"), ("used", 8, "key_idle")):
            age(stand, stand.keys["bank/operator"], column, days)
            answer = stand.ask("GET", "/admin/v1/me", key="bank/operator")
            assert (answer.status, answer.code) == (403, code)
            age(stand, stand.keys["bank/operator"], column, 0)
        assert stand.ask("GET", "/admin/v1/me", key="bank/operator").status == 200


def age(stand: Stand, key: str, column: str, days: int) -> None:
    """Make a key older than it is."""
    moment = (now() - timedelta(days=days)).isoformat(timespec="microseconds")
    with stand.store() as store, store.write() as connection:
        connection.execute(update(keys).where(keys.c.id == key).values({column: moment}))


def test_a_principal_is_told_as_the_records_have_them(stand: Stand) -> None:
    me = stand.ask("GET", "/admin/v1/me", key="bank/compliance").json
    who = Principal(organisation="bank", key=stand.keys["bank/compliance"], person="compliance")
    assert (me["organisation"], me["key"], me["person"]) == (who.organisation, who.key, who.person)
    assert me["dual_control"] is False


def test_a_budget_of_a_model_is_put_and_listed(stand: Stand) -> None:
    path, limits = f"{BASE}/budgets", {"won_per_day": 7_000_000, "won_per_month": None}
    put = {"kind": "model", "subject": "big", "limits": limits}
    assert stand.ask("PUT", path, put, key="bank/operator").status == 403
    assert stand.ask("PUT", path, put, key="bank/admin").json["limits"] == limits
    listed = stand.ask("GET", path, key="bank/auditor").json["items"]
    assert [(one["kind"], one["subject"], one["limits"], one["spent_today"]) for one in listed] == [
        ("model", "big", limits, 0)
    ]
    assert stand.ask("PUT", path, put | {"kind": "team"}, key="bank/admin").code == "party_unknown"
