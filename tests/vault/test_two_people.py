"""Dual control at the command line: nobody alone sees a real value or a kept prompt, and the log says who did."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator

import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel
from stands import PRICE, SETTINGS

pytestmark = pytest.mark.slow
PHONE = Identities(seed=20261130).mobile()
VAULT = """
roles: {dual_control: true}
vault:
  contents: {keep: true}
  pseudonyms: {keep: true, purpose: 상담}
"""


class People:
    """Persons of an organisation, each with a key of their own."""

    def __init__(self, server: RunningHanbok) -> None:
        self._server = server
        self._keys = dict[str, str]()

    def add(self, person: str, *roles: str) -> None:
        options = [option for role in roles for option in ("--role", role)]
        made = self._server.run("person", "add", person, "--organisation", "default", *options, "--json")
        assert made.returncode == 0, made.stderr
        self._keys[person] = json.loads(made.stdout)["secret"]

    def run(self, person: str, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        environment = {"HANBOK_CONFIG": str(self._server.settings), "HANBOK_KEY": self._keys.get(person, "")}
        return subprocess.run(
            [sys.executable, "-m", "hanbok", *arguments],
            cwd=self._server.folder,
            env=os.environ | environment,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def asks(self, person: str, *arguments: str, given: str = "") -> str:
        done = self.run(person, *arguments, "--ask", "민원 2026-117", given=given)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()[0].rpartition(" ")[2]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[People, str, str]]:
    with ScriptedModel() as model:
        yaml = SETTINGS.format(abroad=model.url, home=model.url, price=PRICE) + VAULT
        with RunningHanbok(tmp_path_factory.mktemp("two"), yaml) as server:
            people = People(server)
            people.add("kim", "auditor")
            people.add("lee", "compliance")
            people.add("park")
            request = urllib.request.Request(
                f"{server.api}/chat/completions",
                json.dumps(
                    {
                        "model": "abroad",
                        "messages": [{"role": "user", "content": f"고객 전화 {PHONE}로 연락"}],
                    }
                ).encode(),
                {"authorization": f"Bearer {server.key}", "content-type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                call = answer.headers["x-hanbok-call"]
            sent = model.captured[-1].body.decode()
            assert PHONE not in sent
            time.sleep(0.5)
            yield people, call, re.search(r"\[전화번호-\d+\]", sent)[0]


def entries(people: People) -> list[dict[str, object]]:
    time.sleep(0.6)
    return [one["entry"] for one in json.loads(people.run("", "log", "show", "-n", "9999", "--json").stdout)]


def test_a_value_is_shown_to_who_asked_when_another_allowed_it_once(stand: tuple[People, str, str]) -> None:
    people, call, pseudonym = stand
    what = ("vault", "reveal", call, pseudonym)
    approval = people.asks("kim", *what)
    alone = people.run("kim", *what, "--approval", approval)
    assert PHONE not in alone.stdout
    assert "approval_required" in alone.stderr
    assert people.run("kim", "approval", "approve", approval).returncode != 0  # not by oneself
    assert people.run("lee", "approval", "approve", approval).returncode == 0
    assert PHONE not in people.run("lee", *what, "--approval", approval).stdout  # not by who allowed it
    other = ("vault", "reveal", call, "[주민등록번호-1]", "--approval", approval)
    assert "approval_mismatch" in people.run("kim", *other).stderr  # not for something else
    shown = people.run("kim", *what, "--approval", approval)
    assert shown.stdout.strip() == PHONE, shown.stderr
    assert PHONE not in people.run("kim", *what, "--approval", approval).stdout  # not twice
    reveals = [one for one in entries(people) if one["entry"] == "reveal"]
    assert reveals[-1]["actor"] == "person:default/kim"
    assert reveals[-1]["approvers"] == ["default/lee"]
    assert PHONE not in json.dumps(reveals)


def test_contents_are_shown_to_two_people_only(stand: tuple[People, str, str]) -> None:
    people, call, _ = stand
    for person in ("", "kim", "park"):
        done = people.run(person, "vault", "show", call)
        assert PHONE not in done.stdout
        assert done.returncode == 3
    approval = people.asks("kim", "vault", "show", call)
    people.run("lee", "approval", "approve", approval)
    shown = people.run("kim", "vault", "show", call, "--approval", approval, "--json")
    assert [(one["part"], one["log"]) for one in json.loads(shown.stdout)] == [
        ("request", "matches"),
        ("reply", "matches"),
    ]
    assert PHONE in shown.stdout
    assert {"contents.read"} <= {one.get("verb") for one in entries(people)}


def test_the_data_role_cannot_ask_for_a_reveal(stand: tuple[People, str, str]) -> None:
    people, call, _ = stand
    asked = people.run("park", "vault", "reveal", call, "[전화번호-1]", "--ask", "궁금해서")
    assert "permission_missing" in asked.stderr


def test_a_persons_data_is_exported_by_two_people_only(stand: tuple[People, str, str]) -> None:
    people, call, _ = stand
    assert "approval_required" in people.run("kim", "subject", "export", given=PHONE).stderr
    approval = people.asks("kim", "subject", "export", given=PHONE)
    people.run("lee", "approval", "approve", approval)
    wrong = people.run("kim", "subject", "export", "--approval", approval, given="010-9999-9999")
    assert "approval_mismatch" in wrong.stderr  # the approval is for one person
    exported = people.run("kim", "subject", "export", "--approval", approval, given=PHONE)
    assert {one["call"] for one in json.loads(exported.stdout)} == {call}


def test_a_day_is_destroyed_by_two_people_only(stand: tuple[People, str, str]) -> None:
    people, call, _ = stand
    listed = people.run("", "subject", "list", "--json", given=PHONE)
    what = ("vault", "destroy", json.loads(listed.stdout)[0]["day"], "--organisation", "default")
    assert "approval_required" in people.run("lee", *what).stderr
    people.add("choi", "admin")
    approval = people.asks("choi", *what)
    people.run("lee", "approval", "approve", approval)
    shown = people.asks("kim", "vault", "show", call)
    people.run("lee", "approval", "approve", shown)
    assert people.run("choi", *what, "--approval", approval).returncode == 0
    assert "data_key_destroyed" in people.run("kim", "vault", "show", call, "--approval", shown).stderr
