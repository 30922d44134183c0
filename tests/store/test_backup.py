"""Backups are made under load, prove themselves, and come back whole or not at all."""

import json
import shutil
import sqlite3
import threading
from pathlib import Path

import openai
import pytest

from hanbok.backup import BackupBroken, BackupExists, RestoreRefused, check, make, restore
from hanbok.settings.reading import load
from hanbok.settings.settings import Settings
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel

YAML = """\
state: state
server: {{port: 0}}
endpoints:
  near: {{kind: openai_compatible, url: {url}, zone: home, operator: self, data_use: {{trains: false}}}}
models:
  one: {{targets: [{{endpoint: near, model: m}}], price: {{input: 1000, output: 4000, as_of: 2026-11-01}}}}
"""


def settings_in(folder: Path) -> Settings:
    """Read settings whose state folder is in `folder`, wherever the test runs."""
    settings = folder / "other.yaml"
    settings.write_text(f"state: {folder / 'state'}\n")
    return load(settings, {}).settings


def spent(server: RunningHanbok) -> int:
    """Return what all keys spent this month, in won."""
    keys = json.loads(server.run("key", "list", "--json").stdout)
    return sum(row["spent_this_month"] for row in keys)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup that was made while calls went on, and the server that it was made of, stopped."""
    folder = tmp_path_factory.mktemp("backup")
    with ScriptedModel() as model, RunningHanbok(folder, YAML.format(url=model.url)) as server:
        with openai.OpenAI(base_url=server.api, api_key=server.key) as client:
            done = threading.Event()

            def ask() -> None:
                while not done.is_set():
                    client.chat.completions.create(
                        model="one", messages=[{"role": "user", "content": "안녕"}]
                    )

            asking = [threading.Thread(target=ask) for _ in range(4)]
            for one in asking:
                one.start()
            try:
                first = server.run("backup", "make", str(folder / "first"), "--json")
                second = server.run("backup", "make", str(folder / "second"), "--json")
            finally:
                done.set()
                for one in asking:
                    one.join()
        assert first.returncode == second.returncode == 0, first.stderr + second.stderr
        assert json.loads(second.stdout)["log"]["entries"] > json.loads(first.stdout)["log"]["entries"] > 0
        assert server.run("backup", "verify", str(folder / "second")).returncode == 0
    return folder / "second"


def test_a_restored_backup_serves_the_same_keys_and_continues_the_log(made: Path, tmp_path: Path) -> None:
    with ScriptedModel() as model:
        server = RunningHanbok(tmp_path, YAML.format(url=model.url))
        restored = server.run("backup", "restore", str(made), "--json")
        assert restored.returncode == 0, restored.stderr
        entries = json.loads(restored.stdout)["log"]["entries"]
        checkpoint = tmp_path / "noted"
        shutil.copy(made / "evidence" / "checkpoint", checkpoint)
        with server:
            assert spent(server) > 0  # A start reads the log to its end before the first call.
            verified = server.run("log", "verify", "--since", str(checkpoint), "--json")
            assert verified.returncode == 0, verified.stdout
            assert json.loads(verified.stdout)["entries"] > entries
            shown = server.run("log", "show", "--json").stdout
            assert "backup.restore" in shown


def test_a_backup_holds_no_key_to_kept_contents_unless_asked_for(made: Path) -> None:
    assert not (made / "records" / "data_keys.jsonl").exists()
    assert (made / "records" / "keys.jsonl").exists()


@pytest.mark.parametrize("file", ["records/keys.jsonl", "evidence/checkpoint", "evidence/000000000000.jsonl"])
def test_a_changed_file_is_found_and_nothing_is_restored(made: Path, file: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    data = bytearray((copy / file).read_bytes())
    data[len(data) // 2] ^= 1
    (copy / file).write_bytes(data)
    with pytest.raises(BackupBroken) as caught:
        restore(settings_in(tmp_path), copy, actor="test")
    assert caught.value.facts["file"] == file
    assert not (tmp_path / "state").exists()


def test_a_missing_or_added_file_is_found(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    (copy / "records" / "more.jsonl").write_text("")
    with pytest.raises(BackupBroken, match=r"more\.jsonl"):
        check(copy)
    (copy / "records" / "more.jsonl").unlink()
    (copy / "records" / "spend.jsonl").unlink()
    with pytest.raises(BackupBroken, match=r"spend\.jsonl"):
        check(copy)


def test_a_manifest_that_was_made_to_fit_a_changed_log_does_not_pass(made: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    log = copy / "evidence" / "000000000000.jsonl"
    log.write_bytes(log.read_bytes().replace(b'"route":"/v1', b'"route":"/v2', 1))
    manifest = json.loads((copy / "manifest.json").read_text())
    digest = __import__("hashlib").sha256(log.read_bytes()).hexdigest()
    manifest["files"]["evidence/000000000000.jsonl"] = digest
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BackupBroken, match="evidence/"):
        check(copy)


def test_nothing_is_overwritten(made: Path, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    restore(settings, made, actor="test")
    with pytest.raises(RestoreRefused):
        restore(settings, made, actor="test")
    with pytest.raises(BackupExists):
        make(settings, made)
    shutil.rmtree(settings.evidence_directory)
    with pytest.raises(RestoreRefused):
        restore(settings, made, actor="test")
    assert sqlite3.connect(tmp_path / "state" / "hanbok.db").execute(
        "SELECT count(*) FROM keys"
    ).fetchone() == (1,)


def test_a_backup_that_broke_off_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_in(tmp_path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hanbok.backup._log", full)
    with pytest.raises(OSError, match="No space"):
        make(settings, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
