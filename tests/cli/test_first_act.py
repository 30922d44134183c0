"""A verb may be the first that writes to the log: it makes the one that the settings describe."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hanbok.cli.records import opened, register, send
from hanbok.cli.vault import opened as opened_vault
from hanbok.core.clock import stamp
from hanbok.evidence.archive import Archive
from hanbok.evidence.entry import Act
from hanbok.settings.reading import load
from hanbok.vault.act import VaultAct


def by_report(config: Path) -> None:
    with opened(config) as (loaded, store):
        send(loaded, store, [Act(at=stamp(), actor="cli:kim", verb="report.make", object="n2sf")])


def by_vault(config: Path) -> None:
    with opened_vault(config) as here:
        here.vault.tell(VaultAct(actor="cli:kim", verb="contents.read", object="c", facts={}))


def by_records(config: Path) -> None:
    with register(config, changes=True) as records:
        records.create_organisation("bank", name="은행", actor="cli:kim")


@pytest.mark.parametrize("act", [by_report, by_vault, by_records])
def test_the_log_has_the_origin_of_the_settings(act: Callable[[Path], None], tmp_path: Path) -> None:
    config = tmp_path / "hanbok.yaml"
    config.write_text(f"state: {tmp_path}\nevidence: {{origin: bank.example/log}}\n", "utf-8")
    act(config)
    note = Archive(load(config).settings.evidence_directory).latest.note
    assert note.splitlines()[0] == b"bank.example/log"
