"""What is kept: encrypted, apart, provable against the log, found by person, gone when it should be. Real servers."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from pathlib import Path

import openai
import pytest

from hanbok.testing.korean import Identities
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel
from stands import PRICE, SETTINGS

PEOPLE = Identities(seed=20261128)
RRN, FRN, PASSPORT, LICENCE = PEOPLE.rrn(), PEOPLE.frn(), PEOPLE.passport(), PEOPLE.driver_license()
CARD, ACCOUNT, PHONE, OTHER = PEOPLE.card(), PEOPLE.account("신한은행"), PEOPLE.mobile(), PEOPLE.mobile()
SEVEN = (
    f"주민등록번호 {RRN}, 외국인등록번호 {FRN}, 여권번호 {PASSPORT}, 운전면허번호 {LICENCE}, "
    f"카드번호 {CARD}, 신한은행 계좌번호 {ACCOUNT}, 지문 특징정보 파일, 휴대전화 {PHONE}"
)
"""The items of 안전성 확보조치 기준 art. 7."""
KEPT = """
vault:
  contents: {keep: true, days: 7, required: true}
  pseudonyms: {keep: true, days: 7}
"""


@pytest.fixture(scope="module")
def model() -> Iterator[ScriptedModel]:
    with ScriptedModel() as running:
        yield running


@pytest.fixture
def server(tmp_path: Path, model: ScriptedModel) -> Iterator[RunningHanbok]:
    with RunningHanbok(tmp_path, settings(model)) as running:
        yield running


def settings(model: ScriptedModel, vault: str = KEPT) -> str:
    return SETTINGS.format(abroad=model.url, home=model.url, price=PRICE) + vault


def post(server: RunningHanbok, **body: object) -> tuple[int, str, str]:
    """Ask, and return the status, the call's id and the body."""
    request = urllib.request.Request(
        f"{server.api}/chat/completions",
        json.dumps(body).encode(),
        {"authorization": f"Bearer {server.key}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers["x-hanbok-call"], answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["x-hanbok-call"] or "", error.read().decode()


def ask(server: RunningHanbok, text: str, model: str = "house") -> str:
    """Ask, and return the call's id."""
    status, call, body = post(server, model=model, messages=[{"role": "user", "content": text}])
    assert status == 200, body
    return call


def stream(server: RunningHanbok, text: str) -> tuple[str, str]:
    """Ask for a stream, and return the call's id and what came."""
    return post(server, model="house", stream=True, messages=[{"role": "user", "content": text}])[1:]


def show(server: RunningHanbok, call: str) -> list[dict[str, str]]:
    done = server.run("vault", "show", call, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def subject(server: RunningHanbok, verb: str, value: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hanbok", "subject", verb, *options],
        env=os.environ | {"HANBOK_CONFIG": str(server.settings)},
        cwd=server.folder,
        input=value,
        capture_output=True,
        text=True,
        check=False,
    )


def bytes_of(folder: Path) -> Iterator[tuple[Path, bytes]]:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".hsdb":
            yield path, path.read_bytes()


def test_what_is_kept_is_what_the_log_has_the_digest_of(server: RunningHanbok) -> None:
    whole, (streamed, _) = ask(server, f"고객 {SEVEN}"), stream(server, f"번호 {PHONE}")
    for call, sent in ((whole, RRN), (streamed, PHONE)):
        request, reply = show(server, call)
        assert (request["part"], request["log"], request["state"]) == ("request", "matches", "completed")
        assert (reply["part"], reply["log"], reply["state"]) == ("reply", "matches", "completed")
        assert sent in request["content"]
        assert sent[-2:] in reply["content"]


def test_no_file_of_the_state_folder_holds_one_of_the_seven_items_in_clear(server: RunningHanbok) -> None:
    ask(server, SEVEN)
    stream(server, SEVEN)
    ask(server, f"연락처 {PHONE}로 보내 주세요", model="abroad")
    time.sleep(0.6)
    planted = [RRN, FRN, PASSPORT, LICENCE, CARD, ACCOUNT, PHONE]
    clear = [value.encode() for value in planted] + [
        re.sub(r"\D", "", value).encode() for value in (RRN, FRN, CARD)
    ]
    state = server.folder / "state"
    found = [(path.name, value) for path, data in bytes_of(state) for value in clear if value in data]
    assert found == []
    assert sqlite3.connect(state / "contents.db").execute("select count(*) from contents").fetchone() == (6,)
    assert sqlite3.connect(state / "pseudonyms.db").execute("select count(*) from maps").fetchone()[0] >= 1


def test_a_person_is_found_exported_and_erased_and_the_log_still_verifies(server: RunningHanbok) -> None:
    theirs = [ask(server, f"고객 전화 {PHONE}로 연락"), ask(server, f"전화 {PHONE.replace('-', ' ')} 확인")]
    other = ask(server, f"고객 {OTHER}")
    listed = subject(server, "list", PHONE.replace("-", ""), "--json")
    assert listed.returncode == 0, listed.stderr
    assert [one["call"] for one in json.loads(listed.stdout)] == sorted(theirs)
    exported = json.loads(subject(server, "export", PHONE).stdout)
    assert {(one["call"], one["log"]) for one in exported} == {(call, "matches") for call in theirs}
    copy = (server.folder / "state" / "contents.db").read_bytes()
    wal = server.folder / "state" / "contents.db-wal"
    copied_wal = wal.read_bytes() if wal.exists() else b""
    assert subject(server, "erase", PHONE).returncode == 1  # it asks first
    assert subject(server, "erase", PHONE, "--yes").returncode == 0
    assert json.loads(subject(server, "list", PHONE, "--json").stdout) == []
    for call in theirs:
        assert "contents_unknown" in server.run("vault", "show", call).stderr
    assert show(server, other)[0]["log"] == "matches"  # sealed anew, and whole
    later = ask(server, f"고객 {OTHER} 다시")  # the server goes on with the new key
    assert show(server, later)[1]["log"] == "matches"
    # Somebody who kept a copy of the file has nothing either: the key of it is destroyed.
    server.stop()
    for suffix in ("", "-wal", "-shm"):
        (server.folder / "state" / f"contents.db{suffix}").unlink(missing_ok=True)
    (server.folder / "state" / "contents.db").write_bytes(copy)
    if copied_wal:
        wal.write_bytes(copied_wal)
    assert "data_key_destroyed" in server.run("vault", "show", theirs[0]).stderr
    assert server.run("log", "verify").returncode == 0
    entries = [one["entry"] for one in json.loads(server.run("log", "show", "-n", "9999", "--json").stdout)]
    assert [one["records"] for one in entries if one["entry"] == "erasure"] == [2]


def test_a_day_that_is_shredded_cannot_be_read_and_the_log_still_verifies(server: RunningHanbok) -> None:
    call = ask(server, f"고객 {PHONE}")
    day = (
        sqlite3.connect(server.folder / "state" / "contents.db")
        .execute("select day from contents")
        .fetchone()[0]
    )
    assert "wrong_period" in server.run("vault", "destroy", "2020-01-01", "--organisation", "default").stderr
    assert server.run("vault", "destroy", day, "--organisation", "default").returncode == 0
    assert "data_key_destroyed" in server.run("vault", "show", call).stderr
    assert server.run("log", "verify").returncode == 0
    time.sleep(1.0)  # no key is held longer
    assert show(server, ask(server, "새 내용"))[0]["log"] == "matches"


def test_kill_9_while_storing_loses_nothing_that_was_answered(tmp_path: Path, model: ScriptedModel) -> None:
    server = RunningHanbok(tmp_path, settings(model))
    server.start()
    answered: list[str] = []

    def talk(number: int) -> None:
        for turn in range(200):
            try:
                if turn % 2:
                    call, came = stream(server, f"{number} {turn} {PHONE}")
                    if not came.endswith("data: [DONE]\n\n"):
                        continue
                else:
                    call = ask(server, f"{number} {turn} {PHONE}")
            except (OSError, HTTPException):
                return
            answered.append(call)

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while len(answered) < 25:
        time.sleep(0.05)
    server.process.send_signal(signal.SIGKILL)
    server.kill()
    for thread in threads:
        thread.join()
    server.start()
    try:
        database = sqlite3.connect(server.folder / "state" / "contents.db")
        kept = set(database.execute("select call, part from contents").fetchall())
        assert [call for call in answered if not {(call, "request"), (call, "reply")} <= kept] == []
        for call in answered[-3:]:
            assert all(one["log"] == "matches" for one in show(server, call) if one["part"] == "request")
    finally:
        server.stop()


@pytest.mark.parametrize(("required", "status"), [("true", 503), ("false", 200)])
def test_a_store_that_is_down_stops_calls_only_where_keeping_is_required(
    tmp_path: Path, model: ScriptedModel, required: str, status: int
) -> None:
    yaml = settings(model, KEPT.replace("required: true", f"required: {required}"))
    with RunningHanbok(tmp_path, yaml) as server:
        ask(server, "하나")
        asked = len(model.captured)
        database = sqlite3.connect(server.folder / "state" / "contents.db", isolation_level=None)
        database.execute("begin exclusive")  # nobody else can write
        said, _, body = post(server, model="house", messages=[{"role": "user", "content": "둘"}])
        assert said == status, body
        assert (len(model.captured) > asked) is (required == "false")  # nothing leaves that cannot be kept
        database.execute("rollback")
        time.sleep(0.8)
        assert ask(server, "셋")


def test_nobody_is_kept_unless_the_settings_say_so(tmp_path: Path, model: ScriptedModel) -> None:
    with RunningHanbok(tmp_path, settings(model, "")) as server:
        ask(server, SEVEN)
        assert not (server.folder / "state" / "contents.db").exists()
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()
        assert "tink" not in maps  # a worker that keeps nothing loads nothing for it


def test_only_the_organisations_named_are_kept(tmp_path: Path, model: ScriptedModel) -> None:
    vault = KEPT.replace("days: 7, required", "organisations: [bank], days: 7, required")
    with RunningHanbok(tmp_path, settings(model, vault)) as server:
        call = ask(server, "안녕하세요")
        assert "contents_unknown" in server.run("vault", "show", call).stderr


def test_a_stream_that_the_client_left_is_kept_as_far_as_it_went(tmp_path: Path) -> None:
    with (
        ScriptedModel(Script(say="가나다라마바사" * 40, pace=0.03)) as slow,
        RunningHanbok(tmp_path, settings(slow)) as server,
        openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0) as client,
    ):
        reply = client.chat.completions.create(
            model="house", messages=[{"role": "user", "content": "길게"}], stream=True
        )
        call = reply.response.headers["x-hanbok-call"]
        for _, _ in zip(range(5), reply, strict=False):
            continue
        reply.close()
        time.sleep(1.0)
        request, part = show(server, call)
        assert (request["log"], part["log"], part["state"]) == ("matches", "matches", "cut")
