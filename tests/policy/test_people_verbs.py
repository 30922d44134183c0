"""`hanbok team`, `person`, `application`, `role` and `approval`, as typed."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hanbok.cli.verbs import build
from hanbok.core.errors import HanbokError

Run = Callable[[str], str]


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command on a state of its own; give what it printed."""
    settings = tmp_path / "hanbok.yaml"
    settings.write_text(f"state: {tmp_path}\nroles: {{dual_control: true}}\n")

    def one(words: str) -> str:
        config = [] if words.startswith("role table") else ["--config", str(settings)]
        build()([*words.split(), *config], exit_on_error=False)
        return capsys.readouterr().out

    one("org create bank --won-per-day 1000")
    return one


def secret(run: Run, words: str) -> str:
    return str(json.loads(run(f"person add {words} --org bank --json"))["secret"])


def test_people_are_entered_listed_changed_and_ended(run: Run) -> None:
    run("team add 여신 --org bank --name 여신팀")
    run("person add 사번17 --org bank --team 여신 --no-key")
    run("application add 상담봇 --org bank")
    run("application change 상담봇 --org bank --name 민원봇")
    (person,) = json.loads(run("person list --org bank --json"))
    assert (person["id"], person["team"], person["ended"]) == ("사번17", "여신", None)
    assert json.loads(run("application list --org bank --json"))[0]["name"] == "민원봇"
    assert "여신팀" in run("team list --org bank")
    run("person end 사번17 --org bank --reason 퇴사")
    assert json.loads(run("person list --org bank --json"))[0]["ended"]
    with pytest.raises(HanbokError) as caught:
        run("person end 사번17 --org bank --reason 퇴사")
    assert caught.value.code == "party_ended"


def test_roles_are_granted_and_revoked_with_their_history(run: Run) -> None:
    secret(run, "kim --role auditor --reason 감사")
    run("role grant kim operator --org bank --reason 당직")
    grants = {one["role"]: one for one in json.loads(run("role list --org bank --json"))}
    assert grants.keys() == {"auditor", "operator"}
    assert {one["scope"] for one in grants.values()} == {"organisation"}
    run(f"role revoke {grants['operator']['id']} --org bank --reason 끝")
    history = json.loads(run("role history --person kim --json"))
    assert [(one["change"], one["role"], one["reason"]) for one in history] == [
        ("grant", "auditor", "감사"),
        ("grant", "operator", "당직"),
        ("revoke", "operator", "끝"),
    ]
    assert all(one["actor"].startswith("cli:") for one in history)
    table = {one["permission"]: one for one in json.loads(run("role table --json"))}
    assert table["log.read"]["own"] == ["auditor", "compliance"]


def test_two_persons_approve_by_their_own_keys(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    kim, lee = secret(run, "kim --role operator"), secret(run, "lee --role compliance")
    monkeypatch.setenv("HANBOK_KEY", kim)
    words = 'approval request reveal --org bank --reason 민원 --arguments {"call":"c"} --json'
    asked = json.loads(run(words))["id"]
    with pytest.raises(HanbokError) as caught:
        run(f"approval approve {asked}")
    assert caught.value.code == "approval_not_independent"
    monkeypatch.setenv("HANBOK_KEY", lee)
    run(f"approval approve {asked} --note 확인")
    (shown,) = json.loads(run("approval list --org bank --json"))
    assert (shown["state"], shown["decider"], shown["arguments"]) == ("approved", "bank/lee", {"call": "c"})
    assert "approved" in run("approval list --org bank") or "승인됨" in run("approval list --org bank")
    monkeypatch.setenv("HANBOK_KEY", kim)
    run(f"approval withdraw {asked}")
    monkeypatch.setenv("HANBOK_KEY", "")
    with pytest.raises(HanbokError) as caught:
        run("approval list --org bank")
    assert caught.value.code == "no_key"


def test_every_act_is_in_the_log_with_its_organisation(run: Run) -> None:
    secret(run, "kim --role auditor")
    run("org limit bank --won-per-day 5")
    entries = [one["entry"] for one in json.loads(run("log show -n 50 --json"))]
    told = [(one["verb"], one.get("organisation")) for one in entries if "verb" in one]
    wanted = ["organisation.create", "person.create", "role.grant", "key.create", "organisation.limit"]
    assert [verb for verb, whose in told if whose == "bank"] == wanted
    (grant,) = [one for one in entries if one.get("verb") == "role.grant"]
    assert (grant["entry"], grant["role"], grant["scope"]) == ("admin_act", "auditor", "organisation")


def test_an_approver_sees_what_waits_without_naming_an_organisation(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim, lee = secret(run, "kim --role operator"), secret(run, "lee --role compliance")
    monkeypatch.setenv("HANBOK_KEY", kim)
    asked = json.loads(
        run('approval request reveal --org bank --reason 민원 --arguments {"call":"c"} --json')
    )
    monkeypatch.setenv("HANBOK_KEY", lee)
    assert [one["id"] for one in json.loads(run("approval list --json"))] == [asked["id"]]


def test_who_may_allow_a_change_of_policy_sees_what_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    kim, lee = secret(run, "kim --role admin --platform"), secret(run, "lee --role admin --platform")
    monkeypatch.setenv("HANBOK_KEY", kim)
    words = "person add park --org bank --role operator --json"
    park = str(json.loads(run(words))["secret"])
    words = 'approval request policy_change --org= --reason 내규 --arguments {"after":"d"} --json'
    asked = json.loads(run(words))["id"]
    monkeypatch.setenv("HANBOK_KEY", lee)
    assert [one["id"] for one in json.loads(run("approval list --json"))] == [asked]
    monkeypatch.setenv("HANBOK_KEY", park)
    assert json.loads(run("approval list --json")) == []
