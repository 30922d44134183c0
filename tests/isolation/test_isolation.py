"""Two organisations on one server. Every route is attacked from one with the other's ids, by every role.

What is another's must look exactly as if it were not there, and nothing of it may change.
"""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from administered import ROLES, Answered, Stand, administered
from hanbok.core.values import Principal
from hanbok.http import door
from hanbok.http.admin import routes
from hanbok.http.admin.route import Route
from hanbok.policy.key import Limits
from hanbok.policy.organisations import Register
from hanbok.policy.parties import PartyKind
from hanbok.policy.people import People
from hanbok.store.tables import approvals, grants, keys, organisations, parties, role_history

SAID = {"model": "house", "messages": [{"role": "user", "content": "안녕하세요"}]}
OURS, THEIRS = "alpha", "bravo"

# How each route of the door is attacked. A route without a row here fails the first test.
PUBLIC, CALL, LIST, OBJECT, ADMIN, PERSON = "public", "call", "list", "object", "admin", "person"
KEPT, TOOL = "kept", "tool"
"""Of one key, and there only where contents are kept: test_kept_responses.py and test_batches.py attack them. There
only where settings name tools, sessions or passages: test_mcp_gateway.py, test_realtime.py and test_passthrough.py
attack them.
"""
MATRIX = {
    "/v1/chat/completions": CALL,
    "/v1/batches": KEPT,
    "/v1/batches/": KEPT,
    "/v1/embeddings": CALL,
    "/v1/files": PERSON,
    "/v1/files/": PERSON,
    "/v1/fine_tuning/jobs": PERSON,
    "/v1/fine_tuning/jobs/": PERSON,
    "/v1/images/generations": CALL,
    "/v1/moderations": CALL,
    "/v1/rerank": CALL,
    "/v1/audio/speech": CALL,
    "/v1/audio/transcriptions": CALL,
    "/v1/audio/translations": CALL,
    "/v1/messages": CALL,
    "/v1/messages/count_tokens": CALL,
    "/v1/responses": CALL,
    "/v1/responses/": KEPT,
    "/v1beta/models": LIST,
    "/v1beta/models/": CALL,
    "/console/preview": CALL,
    "/v1/models": LIST,
    "/v1/models/": OBJECT,
    "/console/calls/": OBJECT,
    "/v1/realtime": TOOL,
    "/v1/realtime/client_secrets": TOOL,
    "/v1/realtime/calls": TOOL,
    "/v1/realtime/calls/": TOOL,
    "/passthrough/": TOOL,
    "/mcp": TOOL,
    "/mcp/": TOOL,
    "/.well-known/oauth-protected-resource": PUBLIC,
    "/.well-known/oauth-protected-resource/": PUBLIC,
    "/admin/v1/": ADMIN,
    "/log/tile/": OBJECT,
    "/log/checkpoint": PUBLIC,
    "/log/witnessed": PUBLIC,
    "/log/key": PUBLIC,
    "/": PUBLIC,
    "/static/": PUBLIC,
    "/healthz": PUBLIC,
    "/readyz": PUBLIC,
    "/metrics": PUBLIC,
    "/openapi.json": PUBLIC,
}
# A body that each route takes, so that an attack does not end at its form.
BODIES: dict[str, dict[str, object]] = {
    "NewOrganisation": {"id": "charlie"},
    "Name": {"name": "바뀐 이름"},
    "OrganisationLimits": {"won_per_day": 1},
    "NewParty": {"id": "intruder"},
    "PartyChange": {"name": "바뀐 이름"},
    "Why": {"reason": "침입"},
    "NewKeyOf": {"name": "침입"},
    "KeyChange": {"name": "바뀐 이름", "limits": {"won_per_day": 1}},
    "NewGrant": {"person": "member", "role": "admin", "reason": "침입"},
    "NewApproval": {"kind": "reveal", "arguments": {"call": "x"}, "reason": "침입"},
    "Decision": {"note": "침입"},
    "BudgetPut": {"kind": "model", "subject": "house", "limits": {"won_per_day": 1}},
}
# What stands in an address for something that is not there, of the form of what is.
NOWHERE = {
    "organisation": "nowhere",
    "key": "key_000000000000",
    "grant": "grant_000000000000",
    "approval": "approval_0000000000000000",
    "person": "nobody",
    "team": "nobody",
    "application": "nobody",
}


@dataclass
class Two:
    stand: Stand
    things: dict[str, dict[str, str]] = field(default_factory=dict)
    """By organisation: what is there, by the names of addresses' parts, and `call`."""

    def marks(self, organisation: str) -> list[str]:
        """What must not be seen from outside the organisation."""
        things = self.things[organisation]
        return [f"secret-{organisation}", things["key"], things["grant"], things["approval"], things["call"]]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with administered(tmp_path_factory.mktemp("isolated"), OURS, THEIRS) as stand:
        both = Two(stand)
        for organisation in (OURS, THEIRS):
            both.things[organisation] = furnish(stand, organisation)
        yield both


def furnish(stand: Stand, organisation: str) -> dict[str, str]:
    """Give an organisation one of everything, each with a name that tells whose it is."""
    mark = f"secret-{organisation}"
    with stand.store() as store:
        people, register = People(store), Register(store)
        register.rename_organisation(organisation, mark, actor="test")
        for kind in PartyKind:
            people.add(organisation, kind, f"{mark}-{kind}", name=f"{mark} 이름", actor="test")
        who = Principal(organisation=organisation, key="", application=f"{mark}-application")
        made = register.create_key(who, name=f"{mark} 키", actor="test")
        grant = next(one.id for one in people.grants(organisation) if one.person == "operator")
    stand.secrets[f"{organisation}/app"] = made.secret
    stand.settled(f"{organisation}/app")
    asked = stand.ask(
        "POST",
        f"/admin/v1/organisations/{organisation}/approvals",
        {"kind": "reveal", "arguments": {"call": mark}, "reason": mark},
        key=f"{organisation}/operator",
    )
    call = stand.ask("POST", "/v1/chat/completions", SAID, key=f"{organisation}/app")
    assert (asked.status, call.status) == (201, 200), (asked.body, call.body)
    return {
        "organisation": organisation,
        "key": made.key.id,
        "grant": grant,
        "approval": asked.json["id"],
        "call": call.headers["x-hanbok-call"],
    } | {str(kind): f"{mark}-{kind}" for kind in PartyKind}


def address(route: Route, things: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: things[found[1]], route.path)


def body_of(route: Route) -> dict[str, object] | None:
    return None if route.takes is None else BODIES[route.takes.__name__]


def same_but_for(answer: Answered, names: dict[str, str]) -> tuple[int, str, str]:
    """Return status and text of an answer, with the ids that were asked for replaced: nothing else may differ."""
    text = answer.body.decode()
    for part, name in names.items():
        text = text.replace(name, f"<{part}>")
    return answer.status, answer.headers["content-type"], text


def rows_of(stand: Stand, organisation: str) -> list[Any]:
    """Return everything that the records hold of an organisation; `used` is the owner's own doing."""
    with stand.store() as store, store.read() as connection:
        found: list[Any] = list(
            connection.execute(select(organisations).where(organisations.c.id == organisation)).all()
        )
        for table in (keys, parties, grants, role_history, approvals):
            columns = [column for column in table.c if column.name != "used"]
            mine = select(*columns).where(table.c.organisation == organisation).order_by(*columns)
            found += list(connection.execute(mine).all())
    return found


def test_every_route_of_the_door_has_a_row_in_the_matrix() -> None:
    assert {*door.ROUTES, *door._BELOW} == MATRIX.keys()
    assert {route.takes.__name__ for route in routes.ROUTES if route.takes} <= BODIES.keys()
    assert {
        part[1:-1] for route in routes.ROUTES for part in route.parts if part[:1] == "{"
    } <= NOWHERE.keys()


INSIDE = [route for route in routes.ROUTES if "{organisation}" in route.path]


@pytest.mark.parametrize("role", [*ROLES, "app"])
@pytest.mark.parametrize("route", INSIDE, ids=lambda one: f"{one.method} {one.path}")
def test_anothers_organisation_is_as_one_that_is_not_there(two: Two, route: Route, role: str) -> None:
    before, key = rows_of(two.stand, THEIRS), f"{OURS}/{role}"
    theirs, nowhere = two.things[THEIRS], two.things[THEIRS] | {"organisation": NOWHERE["organisation"]}
    answers = [
        (two.stand.ask(route.method, address(route, things), body_of(route), key=key), things["organisation"])
        for things in (theirs, nowhere)
    ]
    seen, blank = (same_but_for(answer, {"organisation": name}) for answer, name in answers)
    assert seen == blank
    # A key that is no person's does not even get so far.
    assert seen[0] == (403 if role == "app" else 404)
    assert rows_of(two.stand, THEIRS) == before


NAMED = [route for route in INSIDE if len(re.findall(r"\{\w+\}", route.path)) > 1]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", NAMED, ids=lambda one: f"{one.method} {one.path}")
def test_anothers_things_below_ones_own_organisation_are_not_there(two: Two, route: Route, role: str) -> None:
    before, key = rows_of(two.stand, THEIRS), f"{OURS}/{role}"
    theirs = two.things[THEIRS] | {"organisation": OURS}
    nowhere = NOWHERE | {"organisation": OURS}
    parts = {part[1:-1] for part in route.parts if part.startswith("{")} - {"organisation"}
    seen, blank = (
        same_but_for(
            two.stand.ask(route.method, address(route, things), body_of(route), key=key),
            {part: things[part] for part in parts},
        )
        for things in (theirs, nowhere)
    )
    assert seen == blank
    assert seen[0] in {403, 404}
    assert rows_of(two.stand, THEIRS) == before


@pytest.mark.parametrize("role", [*ROLES, "app"])
def test_nothing_that_one_may_read_holds_anything_of_another(two: Two, role: str) -> None:
    key = f"{OURS}/{role}"
    read = [address(route, two.things[OURS]) for route in routes.ROUTES if route.method == "GET"]
    read += ["/v1/models", f"/console/calls/{two.things[OURS]['call']}"]
    answered = 0
    for path in read:
        answer = two.stand.ask("GET", path, key=key)
        answered += answer.status == 200
        told = answer.body.decode() + json.dumps(answer.headers)
        assert [mark for mark in two.marks(THEIRS) if mark in told] == [], path
    assert answered >= (2 if role == "app" else 5)


def test_an_auditor_sees_all_of_their_own_and_nothing_else(two: Two) -> None:
    for organisation, other in ((OURS, THEIRS), (THEIRS, OURS)):
        base = f"/admin/v1/organisations/{organisation}"
        calls = two.stand.ask("GET", f"{base}/calls?limit=200", key=f"{organisation}/auditor").json["items"]
        acts = two.stand.ask("GET", f"{base}/acts?limit=200", key=f"{organisation}/auditor").json["items"]
        assert two.things[organisation]["call"] in {one["call"] for one in calls}
        assert {one["entry"].get("organisation") for one in acts} == {organisation}
        assert two.things[other]["call"] not in {one["call"] for one in calls}
        assert [mark for mark in two.marks(other) if mark in json.dumps([calls, acts])] == []


@pytest.mark.parametrize("role", [*ROLES, "app"])
def test_a_call_of_another_is_as_one_that_never_was(two: Two, role: str) -> None:
    theirs, never = two.things[THEIRS]["call"], "call-" + "0" * 24
    seen, blank = (
        same_but_for(two.stand.ask("GET", f"/console/calls/{call}", key=f"{OURS}/{role}"), {"call": call})
        for call in (theirs, never)
    )
    assert seen == blank
    assert seen[0] == 404


def form(text: str) -> tuple[bytes, dict[str, str]]:
    parts = [
        ('name="purpose"', "fine-tune"),
        ('name="file"; filename="rows.jsonl"', json.dumps({"messages": [{"role": "user", "content": text}]})),
    ]
    body = "".join(
        f"--edge\r\nContent-Disposition: form-data; {one}\r\n\r\n{said}\r\n" for one, said in parts
    )
    return f"{body}--edge--\r\n".encode(), {"content-type": "multipart/form-data; boundary=edge"}


@pytest.mark.parametrize("role", [*ROLES, "app"])
def test_a_file_or_job_of_another_is_as_one_that_never_was(two: Two, role: str) -> None:
    body, headers = form(f"secret-{THEIRS}")
    kept = two.stand.ask("POST", "/v1/files", body, key=f"{THEIRS}/operator", headers=headers)
    assert kept.status == 200, kept.body
    theirs, never = kept.json["id"], "file-" + "0" * 24
    key, may = f"{OURS}/{role}", role in {"admin", "operator"}
    for method, path in (("GET", "{}"), ("GET", "{}/content"), ("DELETE", "{}")):
        seen, blank = (
            same_but_for(two.stand.ask(method, f"/v1/files/{path.format(name)}", key=key), {"file": name})
            for name in (theirs, never)
        )
        assert seen == blank
        assert seen[0] == (404 if may or (method == "GET" and role in {"auditor", "compliance"}) else 403)
    listed = two.stand.ask("GET", "/v1/files", key=key)
    assert theirs not in listed.body.decode()
    job = {"model": "embedded", "training_file": theirs}
    answers = [
        same_but_for(
            two.stand.ask("POST", "/v1/fine_tuning/jobs", job | {"training_file": name}, key=key),
            {"file": name},
        )
        for name in (theirs, never)
    ]
    assert answers[0] == answers[1]
    assert answers[0][0] in ({404, 503} if may else {403})
    assert two.stand.ask("GET", f"/v1/files/{theirs}", key=f"{THEIRS}/auditor").status == 200
    for path in ("", "/events", "/checkpoints"):
        assert two.stand.ask("GET", f"/v1/fine_tuning/jobs/ftjob-{'0' * 24}{path}", key=key).status in {
            403,
            404,
        }


def test_a_model_that_a_key_may_not_ask_is_as_one_that_is_not_there(two: Two) -> None:
    with two.stand.store() as store:
        who = Principal(organisation=OURS, key="")
        narrow = Register(store).create_key(who, models=["house"], actor="test").secret
    two.stand.settled(narrow)
    assert [one["id"] for one in two.stand.ask("GET", "/v1/models", key=narrow).json["data"]] == ["house"]
    seen, blank = (
        same_but_for(two.stand.ask("GET", f"/v1/models/{name}", key=narrow), {"model": name})
        for name in ("abroad", "nowhere")
    )
    assert seen == blank
    assert seen[0] == 404


def test_entries_of_the_log_are_for_the_auditors_of_the_platform(two: Two) -> None:
    size = int(two.stand.ask("GET", "/log/checkpoint").body.split(b"\n")[1])
    bundle = f"/log/tile/entries/000.p/{min(size, 256) % 256}".replace(".p/0", "")
    for role in ROLES:
        assert two.stand.ask("GET", bundle, key=f"{OURS}/{role}").status == 403
    assert two.stand.ask("GET", bundle, key=f"{OURS}/app").status == 403
    assert two.stand.ask("GET", bundle).status == 401
    seen = two.stand.ask("GET", bundle, key="platform")
    assert seen.status == 200
    assert THEIRS.encode() in seen.body


TRICKS = [
    {"x-organisation": THEIRS},
    {"x-hanbok-organisation": THEIRS},
    {"x-tenant-id": THEIRS},
    {"organisation": THEIRS},
    {"openai-organization": THEIRS},
    {"openai-project": THEIRS},
    {"x-original-url": f"/admin/v1/organisations/{THEIRS}"},
    {"x-rewrite-url": f"/admin/v1/organisations/{THEIRS}"},
    {"x-http-method-override": "PUT"},
    {"x-forwarded-for": "127.0.0.1", "x-forwarded-user": f"{THEIRS}/admin"},
    {"x-remote-user": f"{THEIRS}/admin", "remote-user": f"{THEIRS}/admin"},
    {"cookie": f"organisation={THEIRS}; person=admin"},
    {"forwarded": f"for=127.0.0.1;host={THEIRS}"},
]


@pytest.mark.parametrize("trick", TRICKS, ids=", ".join)
def test_no_header_makes_another_organisation_ones_own(two: Two, trick: dict[str, str]) -> None:
    for path in ("/admin/v1/me", "/admin/v1/organisations", f"/admin/v1/organisations/{THEIRS}/keys"):
        plain = two.stand.ask("GET", path, key=f"{OURS}/admin")
        tricked = two.stand.ask("GET", path, key=f"{OURS}/admin", headers=trick)
        assert (tricked.status, tricked.body) == (plain.status, plain.body)
    call = two.stand.ask("POST", "/v1/chat/completions", SAID, key=f"{OURS}/app", headers=trick)
    name = call.headers["x-hanbok-call"]
    assert two.stand.ask("GET", f"/console/calls/{name}", key=f"{OURS}/member").status == 200
    assert two.stand.ask("GET", f"/console/calls/{name}", key=f"{THEIRS}/member").status == 404


@pytest.mark.parametrize(
    "path",
    [
        f"/admin/v1/organisations/{OURS}/../{THEIRS}/keys",
        f"/admin/v1/organisations/{OURS}/%2e%2e/{THEIRS}/keys",
        f"/admin/v1/organisations/{OURS}%2f..%2f{THEIRS}/keys",
        f"/admin/v1/organisations/{OURS}%2f{THEIRS}/keys",
        f"/admin/v1/organisations//{THEIRS}/keys",
        f"/admin/v1//organisations/{THEIRS}/keys",
        f"//admin/v1/organisations/{THEIRS}/keys",
        f"/admin/v1/organisations/{THEIRS.upper()}/keys",
        f"/ADMIN/v1/organisations/{THEIRS}/keys",
        f"/admin/v1/organisations/{THEIRS}/keys/",
        f"/admin/v1/organisations/{THEIRS}%00/keys",
        f"/admin/v1/organisations/{THEIRS}%20/keys",
        f"/admin/v1/organisations/{THEIRS};/keys",
        f"/admin/v1/organisations/{THEIRS}%252fkeys",
        "/admin/v1/organisations/%2562ravo/keys",
        "/admin/v1/organisations/%62ravo/keys",
        "/admin/v1/organisations/%EF%BD%82ravo/keys",
        "/admin/v1/organisations/bravo%E2%80%8B/keys",
        "/admin/v1/organisations/*/keys",
        "/admin/v1/organisations/%25/keys",
        "/admin/v1/organisations/%27%20OR%201=1--/keys",
    ],
)
def test_no_spelling_of_an_address_leads_to_another(two: Two, path: str) -> None:
    answer = two.stand.ask("GET", path, key=f"{OURS}/admin")
    assert answer.status in {400, 404}, path
    assert [mark for mark in two.marks(THEIRS) if mark in answer.body.decode()] == []


@pytest.mark.parametrize(
    "query", ["organisation=bravo", "limit=1&organisation=bravo", "key=x", "cursor=WyJicmF2byJd"]
)
def test_no_query_leads_to_another(two: Two, query: str) -> None:
    answer = two.stand.ask("GET", f"/admin/v1/organisations/{OURS}/grants?{query}", key=f"{OURS}/admin")
    assert [mark for mark in two.marks(THEIRS) if mark in answer.body.decode()] == []
    assert answer.status == (200 if query.startswith("cursor") else 400)


def test_a_filter_by_anothers_key_or_person_finds_nothing(two: Two) -> None:
    base = f"/admin/v1/organisations/{OURS}/calls"
    for query in (f"key={two.things[THEIRS]['key']}", f"application=secret-{THEIRS}-application"):
        assert two.stand.ask("GET", f"{base}?{query}", key=f"{OURS}/auditor").json["items"] == []


def test_the_cursor_of_another_gives_ones_own(two: Two) -> None:
    theirs = two.stand.ask("GET", f"/admin/v1/organisations/{THEIRS}/keys?limit=1", key=f"{THEIRS}/admin")
    cursor = theirs.json["next"]
    answer = two.stand.ask("GET", f"/admin/v1/organisations/{OURS}/keys?cursor={cursor}", key=f"{OURS}/admin")
    assert {one["organisation"] for one in answer.json["items"]} <= {OURS}


@pytest.mark.parametrize("path", [path for path, kind in MATRIX.items() if kind == PUBLIC])
def test_what_is_public_tells_of_no_organisation(two: Two, path: str) -> None:
    text = two.stand.ask("GET", path).body.decode()
    marks = [*two.marks(OURS), *two.marks(THEIRS), OURS, THEIRS]
    assert [mark for mark in marks if mark in text] == []


def test_the_budget_and_the_limits_of_one_are_not_those_of_another(two: Two) -> None:
    with two.stand.store() as store:
        register = Register(store)
        register.create_organisation("poor", limits=Limits(won_per_day=0), actor="test")
        poor = register.create_key(Principal(organisation="poor", key=""), actor="test").secret
        slow = register.create_key(
            Principal(organisation=OURS, key=""), limits=Limits(requests_per_minute=1), actor="test"
        ).secret
    two.stand.settled(poor)
    two.stand.settled(slow)
    ask = two.stand.ask
    assert ask("POST", "/v1/chat/completions", SAID, key=poor).status == 402
    assert [ask("POST", "/v1/chat/completions", SAID, key=slow).status for _ in range(2)] == [200, 429]
    assert [ask("POST", "/v1/chat/completions", SAID, key=f"{THEIRS}/app").status for _ in range(3)] == [
        200
    ] * 3


def test_money_is_told_to_those_who_spent_it(two: Two) -> None:
    two.stand.ask("POST", "/v1/chat/completions", SAID, key=f"{THEIRS}/app")
    path, until = f"/admin/v1/organisations/{THEIRS}/spend", time.monotonic() + 15
    spent: list[Any] = []
    while not spent and time.monotonic() < until:
        spent = two.stand.ask("GET", path, key=f"{THEIRS}/admin").json["items"]
        time.sleep(0.1)
    assert two.things[THEIRS]["key"] in {one["key"] for one in spent}
    ours = two.stand.ask("GET", f"/admin/v1/organisations/{OURS}/spend", key=f"{OURS}/admin")
    assert two.things[THEIRS]["key"] not in ours.body.decode()


def test_a_person_who_has_ended_is_out_within_a_second(two: Two) -> None:
    leaver = two.stand.enter(THEIRS, "leaver", *())
    two.stand.settled(leaver)
    two.stand.settled(leaver, path="/admin/v1/me")
    path = f"/admin/v1/organisations/{THEIRS}/persons/leaver/end"
    assert two.stand.ask("POST", path, {"reason": "퇴사"}, key=f"{THEIRS}/admin").status == 200
    # The server looks every 0.4 s; the rest is for a machine that others load.
    assert two.stand.settled(leaver, 401) < 2
    assert two.stand.ask("GET", "/admin/v1/me", key=leaver).status == 401
    assert two.stand.ask("POST", "/v1/chat/completions", SAID, key=leaver).status == 401


def test_a_role_that_was_revoked_is_gone_within_a_second(two: Two) -> None:
    path = f"/admin/v1/organisations/{THEIRS}"
    grant = next(
        one
        for one in two.stand.ask("GET", f"{path}/grants", key=f"{THEIRS}/admin").json["items"]
        if one["person"] == "operator"
    )
    assert two.stand.ask("GET", f"{path}/keys", key=f"{THEIRS}/operator").status == 200
    revoked = two.stand.ask(
        "POST", f"{path}/grants/{grant['id']}/revoke", {"reason": "이동"}, key=f"{THEIRS}/admin"
    )
    assert revoked.status == 200
    assert two.stand.settled(f"{THEIRS}/operator", 403, f"{path}/keys") < 2
