"""Hold your own key, end to end: real servers, a SoftHSM, and a customer who takes the key away."""

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import openai
import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from stands import PRICE, SETTINGS
from vault_hsm import MODULE, SoftHsm, needs_softhsm

PEOPLE = Identities(seed=20261127)
RRN, PHONE = PEOPLE.rrn(), PEOPLE.mobile()
SAID = f"번호 {PHONE}으로 연락하겠습니다."
HELD = f"""
vault:
  providers:
    bank-hsm: {{kind: pkcs11, secret: "1234", options: {{module: {MODULE}, token: bank}}}}
  organisations:
    bank: {{provider: bank-hsm}}
  contents: {{keep: true, days: 7}}
  pseudonyms: {{keep: true}}
"""


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel(Script(say=SAID)) as running:
        yield running


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    made = SoftHsm(tmp_path / "hsm")
    made.token("bank", "1234")
    monkeypatch.setenv("SOFTHSM2_CONF", made.environment["SOFTHSM2_CONF"])
    return made


def settings(model: ScriptedModel, vault: str) -> str:
    return SETTINGS.format(abroad=model.url, home=model.url, price=PRICE) + vault


def new_key(server: RunningHanbok, organisation: str) -> str:
    server.run("org", "create", organisation)
    made = server.run("key", "create", "--organisation", organisation, "--json")
    return re.search(r'"secret": "(hb-[^"]+)"', made.stdout)[1]


def client(server: RunningHanbok, key: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=server.api, api_key=key, max_retries=0)


def ask(server: RunningHanbok, key: str, text: str = "안녕하세요") -> str:
    with client(server, key) as door:
        answer = door.chat.completions.create(model="house", messages=[{"role": "user", "content": text}])
    return answer.choices[0].message.content or ""


def refused(server: RunningHanbok, key: str) -> str:
    """Return the code of a refusal; empty when the call is answered."""
    try:
        ask(server, key)
    except openai.APIStatusError as error:
        return f"{error.status_code} {error.code}"
    return ""


def verbs(server: RunningHanbok, organisation: str) -> set[str]:
    """Return what the log tells of an organisation's keys."""
    entries = [one["entry"] for one in json.loads(server.run("log", "show", "-n", "9999", "--json").stdout)]
    return {one["verb"] for one in entries if one.get("organisation") == organisation and "verb" in one}


def kept_call(server: RunningHanbok, organisation: str) -> str:
    """Return the call that holds the planted number: the store says of which kind it is, never what."""
    database = sqlite3.connect(server.folder / "state" / "contents.db")
    query = "select call from subjects where kind = 'RRN' and organisation = ?"
    return str(database.execute(query, (organisation,)).fetchone()[0])


def seconds_until(happened: Callable[[], bool], limit: float = 5.0) -> float:
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < limit
        time.sleep(0.02)
    return time.monotonic() - began


@needs_softhsm
def test_a_withdrawn_key_stops_its_organisation_alone_within_a_second(
    tmp_path: Path, hsm: SoftHsm, model: ScriptedModel
) -> None:
    with RunningHanbok(tmp_path, settings(model, HELD)) as server:
        bank = new_key(server, "bank")
        made = server.run("vault", "create-key", "--organisation", "bank")
        assert made.returncode == 0, made.stderr
        seconds_until(lambda: refused(server, bank) == "")
        assert ask(server, bank, f"고객 {RRN} 안내") == SAID
        hsm.pull("bank")
        assert seconds_until(lambda: refused(server, bank) == "503 key_withdrawn") < 1.0
        assert ask(server, server.key) == SAID  # the others go on
        show = ("vault", "show", kept_call(server, "bank"), "--organisation", "bank")
        assert "key_withdrawn" in server.run(*show).stderr  # what is kept cannot be read without the token
        hsm.plug("bank")
        seconds_until(lambda: refused(server, bank) == "")
        assert RRN in server.run(*show).stdout
        time.sleep(0.5)  # acts reach the log in a moment
        assert {"vault.withdrawn", "vault.returned", "vault.wrapping_key.create"} <= verbs(server, "bank")
        assert server.run("log", "verify").returncode == 0


@needs_softhsm
def test_a_stream_of_an_organisation_ends_when_its_key_is_withdrawn(
    tmp_path: Path, hsm: SoftHsm, model: ScriptedModel
) -> None:
    with (
        ScriptedModel(Script(say="가나다라마바사아자차카타파하" * 20, pace=0.05)) as slow,
        RunningHanbok(tmp_path, settings(slow, HELD)) as server,
    ):
        bank = new_key(server, "bank")
        server.run("vault", "create-key", "--organisation", "bank")
        seconds_until(lambda: refused(server, bank) == "")
        with client(server, bank) as door:
            stream = door.chat.completions.create(
                model="house", messages=[{"role": "user", "content": "길게"}], stream=True
            )
            next(iter(stream))
            hsm.pull("bank")
            began = time.monotonic()
            with pytest.raises(openai.APIError, match="bank"):
                list(stream)
            assert time.monotonic() - began < 1.5


@needs_softhsm
def test_keys_are_rotated_and_moved_while_calls_go_on(
    tmp_path: Path, hsm: SoftHsm, model: ScriptedModel
) -> None:
    with RunningHanbok(tmp_path, settings(model, HELD)) as server:
        bank = new_key(server, "bank")
        server.run("vault", "create-key", "--organisation", "bank")
        seconds_until(lambda: refused(server, bank) == "")
        ask(server, bank, f"고객 {RRN} 안내")
        said, done = list[str](), threading.Event()

        def talk() -> None:
            while not done.is_set():
                said.append(refused(server, bank))

        thread = threading.Thread(target=talk)
        thread.start()
        for _ in range(2):
            rotated = server.run("vault", "rotate", "--organisation", "bank")
            assert rotated.returncode == 0, rotated.stderr
        time.sleep(1.5)
        done.set()
        thread.join()
        assert set(said) == {""}
        assert len(said) > 5
        shown = server.run("vault", "show", kept_call(server, "bank"), "--organisation", "bank")
        assert RRN in shown.stdout
        status = json.loads(server.run("vault", "status", "--json").stdout)
        assert {
            (one["purpose"], one["version"], one["state"]) for one in status if one["organisation"] == "bank"
        } == {
            ("contents", "3", "enabled"),
            ("pseudonyms", "3", "enabled"),
        }
        assert server.run("vault", "withdraw-test", "--organisation", "bank").returncode == 0
