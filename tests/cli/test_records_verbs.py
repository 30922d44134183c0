"""`hanbok org`, `key` and `log`, as typed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cyclopts import CycloptsError

from hanbok.cli.verbs import build
from hanbok.core.clock import now, stamp
from hanbok.core.errors import HanbokError
from hanbok.evidence.entry import Outcome
from hanbok.evidence.journal import Journal
from hanbok.policy.keyring import KeyRing
from hanbok.policy.organisations import KeyNotFound, OrganisationUnknown, Register
from hanbok.store.database import Store

Hanbok = Callable[..., tuple[Any, str]]


@pytest.fixture
def hanbok(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Hanbok:
    """Run one command on a state of its own; give what it returned and printed."""
    (tmp_path / "hanbok.yaml").write_text(f"state: {tmp_path}\n")

    def run(*words: str) -> tuple[Any, str]:
        code = build()([*words, "--config", str(tmp_path / "hanbok.yaml")], exit_on_error=False)
        return code, capsys.readouterr().out

    return run


def acts(hanbok: Hanbok) -> list[tuple[str, str]]:
    shown = json.loads(hanbok("log", "show", "--json")[1])
    return [(one["entry"]["verb"], one["entry"]["object"]) for one in shown]


def test_a_budget_is_set_held_and_taken_back(hanbok: Hanbok, tmp_path: Path) -> None:
    hanbok("org", "create", "bank")
    hanbok("team", "add", "loans", "--org", "bank")
    hanbok("budget", "set", "team", "loans", "--org", "bank", "--won-per-day", "50000")
    hanbok("budget", "set", "model", "org/big", "--org", "bank", "--won-per-month", "7")
    with pytest.raises(HanbokError) as caught:
        hanbok("budget", "set", "person", "nobody", "--org", "bank", "--won-per-day", "1")
    assert caught.value.code == "party_unknown"
    with pytest.raises(HanbokError) as caught:
        hanbok("budget", "set", "model", "big", "--org", "nowhere", "--won-per-day", "1")
    assert caught.value.code == "organisation_unknown"
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    ring = KeyRing(Register(store))
    ring.refresh()
    assert ring.limits_of("team:bank/loans").won_per_day == 50_000_000_000
    assert ring.limits_of("model:bank/org/big").won_per_month == 7_000_000
    hanbok("budget", "set", "team", "loans", "--org", "bank")
    assert ring.refresh()
    assert ring.limits_of("team:bank/loans").won_per_day is None
    store.close()
    listed = json.loads(hanbok("budget", "list", "--json")[1])
    assert [(one["kind"], one["subject"], one["won_per_month"]) for one in listed] == [
        ("model", "org/big", 7_000_000)
    ]
    assert ("budget.team", "loans") in acts(hanbok)


@pytest.mark.parametrize(
    "option", ["requests-per-minute", "tokens-per-minute", "concurrency", "won-per-day", "won-per-month"]
)
@pytest.mark.parametrize("number", [-1, 10**19])
def test_a_limit_that_no_gate_can_hold_is_refused(hanbok: Hanbok, option: str, number: int) -> None:
    hanbok("org", "create", "bank")
    with pytest.raises(CycloptsError):
        hanbok("key", "create", "--org", "bank", f"--{option}={number}")
    assert json.loads(hanbok("key", "list", "--json")[1]) == []


def test_a_made_key_works_and_a_revoked_one_does_not(hanbok: Hanbok, tmp_path: Path) -> None:
    hanbok("org", "create", "bank", "--name", "한빛은행", "--won-per-day", "50000")
    words = (
        "key create --org bank --name 상담 --model a --model b --won-per-month 7 --expires 2099-12-31 --json"
    )
    made = json.loads(hanbok(*words.split())[1])
    store = Store.open(f"sqlite:///{tmp_path}/hanbok.db")
    ring = KeyRing(Register(store))
    ring.refresh()
    key = ring.find(made["secret"], now())
    assert (key.id, key.models, key.limits.won_per_month) == (made["id"], {"a", "b"}, 7_000_000)
    assert key.expires == datetime(2099, 12, 31, 15, tzinfo=UTC)
    assert ring.limits_of("organisation:bank").won_per_day == 50_000_000_000
    hanbok("key", "rename", made["id"], "새 이름")
    hanbok("key", "revoke", made["id"])
    assert ring.refresh()
    with pytest.raises(HanbokError) as caught:
        ring.find(made["secret"], now())
    assert caught.value.code == "key_revoked"
    store.close()
    assert acts(hanbok) == [
        ("organisation.create", "bank"),
        ("key.create", made["id"]),
        ("key.rename", made["id"]),
        ("key.revoke", made["id"]),
    ]


def test_lists_are_tables_for_people_and_json_for_programs(hanbok: Hanbok) -> None:
    hanbok("org", "create", "bank", "--won-per-day", "50000")
    hanbok("org", "rename", "bank", "한빛은행")
    hanbok("key", "create", "--org", "bank", "--person", "사번 17")
    assert "한빛은행" in hanbok("org", "list")[1]
    assert "50,000" in hanbok("org", "list")[1]
    (row,) = json.loads(hanbok("key", "list", "--json")[1])
    assert (row["state"], row["who"], row["won_per_day"]) == ("active", ["사번 17"], None)
    assert json.loads(hanbok("org", "list", "--json")[1])[0]["won_per_day"] == 50_000_000_000
    assert json.loads(hanbok("key", "list", "--org", "other", "--json")[1]) == []


def test_what_is_not_there_is_an_error_with_a_code(hanbok: Hanbok) -> None:
    with pytest.raises(KeyNotFound):
        hanbok("key", "revoke", "key_none")
    with pytest.raises(OrganisationUnknown):
        hanbok("key", "create", "--org", "none")


def test_acts_wait_for_the_server_that_writes_the_log(hanbok: Hanbok, tmp_path: Path) -> None:
    server = Journal.open(tmp_path / "evidence")
    hanbok("org", "create", "bank")
    assert acts(hanbok) == []
    server.close()
    hanbok("org", "create", "insurer")
    assert acts(hanbok) == [("organisation.create", "bank"), ("organisation.create", "insurer")]


def test_verify_returns_1_for_a_damaged_log_and_says_where(hanbok: Hanbok, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        hanbok("org", "create", name)
    code, said = hanbok("log", "verify", "--json")
    head = json.loads(said)["head"]
    assert (code, json.loads(said)["ok"], json.loads(said)["entries"]) == (0, True, 3)
    assert hanbok("log", "verify", "--expect", head)[0] == 0
    assert hanbok("log", "verify", "--expect", "f" * 64)[0] == 1
    path = tmp_path / "evidence" / "000000000000.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"object":"b"', b'"object":"x"'))
    code, said = hanbok("log", "verify")
    assert code == 1
    assert "000000000000.jsonl" in said
    fault = json.loads(hanbok("log", "verify", "--json")[1])["fault"]
    assert fault == {"file": "000000000000.jsonl", "line": 2, "index": 1, "flaw": "changed"}


def test_entries_are_shown_from_the_end_from_an_index_and_by_number(hanbok: Hanbok) -> None:
    for name in ("a", "b", "c"):
        hanbok("org", "create", name)
    assert acts(hanbok)[-1] == ("organisation.create", "c")
    shown = json.loads(hanbok("log", "show", "--json", "-n", "2")[1])
    assert [one["index"] for one in shown] == [1, 2]
    shown = json.loads(hanbok("log", "show", "--json", "--start", "0", "--limit", "1")[1])
    assert [one["index"] for one in shown] == [0]
    assert "organisation.create" in hanbok("log", "show")[1]
    assert json.loads(hanbok("log", "show", "--json", "--call", "none")[1]) == []


async def test_a_calls_entries_come_with_all_that_a_third_party_needs(hanbok: Hanbok, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "evidence")
    for call in ("one", "two"):
        entry = Outcome(
            at=stamp(), call=call, status="completed", organisation="은행", key="k", cost=1_500_000
        )
        await journal.append(entry)
    journal.close()
    (proof,) = json.loads(hanbok("log", "show", "--call", "two", "--json")[1])
    entry = proof["line"].rstrip("\n").partition('","entry":')[2][:-1]
    assert sha256(b"\0" + entry.encode()).hexdigest() == proof["digest"]
    assert json.loads(entry) == proof["entry"]
    assert "1.50" in hanbok("log", "show", "--call", "two")[1]
