"""`hanbok transfer` and `hanbok policy` as a user runs them, and what a day changes for the models on offer."""

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from hanbok.building import catalogue_of, ways_of
from hanbok.settings.reading import SettingsInvalid, load

SETTINGS = """
state: state
transfers:
  records_only: true
  controller: {name: 한빛은행, officer: 개인정보보호팀, contact: privacy@example.kr}
  processors:
    example:
      name: Example Inc.
      country: US
      work: 생성형 AI 추론
      contact: privacy@example.test
      contract: {issued: 2026-01-01}
      no_training: {issued: 2026-01-01, expires: 2026-12-01}
      bases: [{ground: law, issued: 2026-01-01, items: [이름]}]
endpoints:
  abroad:
    kind: openai_compatible
    url: https://10.1.2.3:8443/v1
    zone: foreign
    country: US
    operator: Example Inc.
    processor: example
    data_use: {trains: false, basis: 개인정보 보호법 제28조의8제1항제1호}
models:
  abroad: {targets: [{endpoint: abroad, model: gpt-x}], price: {input: 1, output: 1, as_of: 2026-11-01}}
"""
LAST = date(2026, 12, 1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "hanbok.yaml").write_text(SETTINGS, "utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hanbok", *words],
        cwd=folder,
        env=os.environ | {"HANBOK_LANGUAGE": "ko", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_has_lapsed_is_gone_from_the_models_on_offer_the_day_after_its_last(folder: Path) -> None:
    settings = load(folder / "hanbok.yaml", {}).settings

    def there(day: date):
        (target,) = catalogue_of(settings, day).offer("abroad").targets
        return target.destination

    assert (there(LAST).lapsed, there(LAST).data_use.trains) == ((), False)
    assert there(LAST).data_use.basis == "개인정보 보호법 제26조제1항, 개인정보 보호법 제28조의8제1항제2호"
    after = there(LAST + timedelta(days=1))
    assert (after.lapsed, after.data_use.trains) == (("no_training",), True)


def test_the_concerns_of_the_register_are_listed_with_the_days_that_are_left(folder: Path) -> None:
    done = run(folder, "transfer", "check", "--json", "--on", "2026-11-22")
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    assert (found[0]["record"], found[0]["days"]) == ("no_training", 9)
    assert "basis:law" in {one["record"] for one in found}
    assert (
        run(folder, "transfer", "check", "--days", "3", "--on", "2026-11-22").stdout.count("no_training") == 0
    )


def test_the_papers_and_the_rules_are_written(folder: Path) -> None:
    told = run(folder, "transfer", "disclosure", "--on", "2026-11-22").stdout
    assert "Example Inc." in told
    assert "제28조의8제1항제2호" in told
    page = run(folder, "transfer", "register", "--format", "html", "--language", "en", "-o", "list.html")
    assert page.stdout.strip() == "list.html"
    assert (folder / "list.html").read_text("utf-8").startswith("<!doctype html>")
    rules = run(folder, "transfer", "rules", "--also", "10.9.9.9:5432").stdout
    assert "10.1.2.3 . 8443" in rules
    assert "10.9.9.9 . 5432" in rules
    assert "place_invalid" in run(folder, "transfer", "rules", "--also", "nowhere").stderr


def test_the_places_of_the_rules_are_those_that_the_endpoints_name(folder: Path) -> None:
    ways = ways_of(load(folder / "hanbok.yaml", {}).settings)
    assert [(one.host, one.port, one.endpoint) for one in ways] == [("10.1.2.3", 8443, "abroad")]


def test_a_processor_that_is_not_on_record_is_an_error_with_its_line(folder: Path) -> None:
    (folder / "hanbok.yaml").write_text(SETTINGS.replace("processor: example", "processor: exampel"), "utf-8")
    with pytest.raises(SettingsInvalid, match=r"hanbok\.yaml:\d+: endpoints\.abroad\.processor"):
        load(folder / "hanbok.yaml", {})
