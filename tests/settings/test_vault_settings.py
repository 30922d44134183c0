"""Where keys may be kept."""

from pathlib import Path

import pytest

from hanbok.core.errors import HanbokError
from hanbok.settings.reading import load


def provider(folder: Path, lines: str) -> Path:
    config = folder / "hanbok.yaml"
    config.write_text(
        f"state: {folder}\nvault: {{providers: {{there: {{kind: transit, {lines}}}}}}}\n", "utf-8"
    )
    return config


@pytest.mark.parametrize("url", ["https://vault.bank.example", "http://127.0.0.1:8200", "http://[::1]:8200"])
def test_a_key_provider_is_reached_by_https_or_on_this_machine(url: str, tmp_path: Path) -> None:
    there = load(provider(tmp_path, f"url: '{url}'")).settings.vault.providers["there"]
    assert there.url == url


@pytest.mark.parametrize(
    "lines",
    [
        "url: 'http://vault.bank.example:8200'",
        "url: 'http://10.0.0.5:8200'",
        "url: 'http://127.0.0.1.bank.example'",
        "url: 'ftp://127.0.0.1'",
        "url: 'vault.bank.example'",
        "options: {authority: 'http://login.bank.example'}",
    ],
)
def test_keys_do_not_cross_a_network_in_the_clear(lines: str, tmp_path: Path) -> None:
    with pytest.raises(HanbokError, match="https") as refused:
        load(provider(tmp_path, lines))
    assert refused.value.code == "settings_invalid"
