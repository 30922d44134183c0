"""`hanbok models prices`, as typed: sign a table, take it in, see it, and be charged by it."""

import json
from pathlib import Path

import pytest

from hanbok.cli.verbs import build
from hanbok.core.errors import HanbokError

TABLE = """\
issued = 2026-03-01T09:00:00+09:00
[[price]]
model = "kr-model"
currency = "KRW"
input = 500
output = 1500
cache_write = 625
as_of = 2026-03-01
"""


def test_a_signed_table_is_taken_in_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings, table, note = tmp_path / "hanbok.yaml", tmp_path / "table.toml", tmp_path / "table.note"

    def hanbok(*words: str | Path) -> str:
        build()([*map(str, words), "--config", str(settings)], exit_on_error=False)
        return capsys.readouterr().out

    table.write_text(TABLE, encoding="utf-8")
    models = "models: {ours: {targets: [{endpoint: home, model: kr-model}]}}"
    settings.write_text(f"state: {tmp_path}\n{models}\n", encoding="utf-8")
    key = tmp_path / "prices.key"
    words = ["models", "prices", "sign", str(table), "--key", str(key), "--name", "prices.example.kr"]
    build()([*words, "--out", str(note)], exit_on_error=False)
    vkey = capsys.readouterr().out.strip()
    assert key.stat().st_mode & 0o077 == 0
    with pytest.raises(HanbokError) as caught:
        hanbok("models", "prices", "update", note)
    assert caught.value.code == "price_table_untrusted"

    settings.write_text(f"state: {tmp_path}\n{models}\nprices: {{keys: [{vkey}]}}\n", encoding="utf-8")
    hanbok("models", "prices", "update", note)
    shown = json.loads(hanbok("models", "prices", "show", "kr-model", "--json"))
    assert [(row["input"], row["parts"], row["as_of"]) for row in shown["prices"]] == [
        ("500", ["cache_write 625"], "2026-03-01")
    ]
    assert "kr-model" in hanbok("models", "prices", "show")
    (offered,) = json.loads(hanbok("models", "--json"))
    assert (offered["input"], offered["output"]) == ("500", "1500")
    acts = [one["entry"] for one in json.loads(hanbok("log", "show", "--json"))]
    assert [(act["verb"], act["facts"]["signed_by"]) for act in acts] == [("prices.update", vkey)]
