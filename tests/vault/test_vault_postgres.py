"""The vault's stores in PostgreSQL: the same, with two databases apart, while one erases and another writes."""

import subprocess
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

from hanbok.store.database import Store
from hanbok.vault.config import Keeping, VaultConfig
from hanbok.vault.contents import Body, Piece
from hanbok.vault.errors import ContentsUnknown
from hanbok.vault.key_provider import ProviderConfig
from hanbok.vault.maps import Hidden
from hanbok.vault.vault import Vault
from store.conftest import postgres  # noqa: F401 - a fixture

pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")


def url_of(folder: Path, name: str) -> str:
    return f"postgresql://postgres@/{name}?host={quote(str(folder))}"


def test_erasing_and_writing_at_once_loses_nothing(postgres: Path, tmp_path: Path) -> None:  # noqa: F811 - the fixture
    for name in ("vault_main", "vault_contents", "vault_maps"):
        subprocess.run(["createdb", "-h", postgres, "-U", "postgres", name], check=True)
    config = VaultConfig(
        providers={"file": ProviderConfig(name="file", kind="file", folder=tmp_path)},
        default="file",
        contents=Keeping(keep=True, url=url_of(postgres, "vault_contents")),
        pseudonyms=Keeping(keep=True, url=url_of(postgres, "vault_maps")),
        lease=60.0,
    )
    store = Store.open(url_of(postgres, "vault_main"))
    server, clerk = (Vault(config, store, lambda *_: None) for _ in range(2))

    def keep(call: str, *identifiers: tuple[str, str]) -> None:
        body = Body(pieces=(call.encode(),))
        piece = Piece(organisation="a", call=call, part="request", body=body, identifiers=identifiers)
        assert server.contents.put([piece]) == [None]

    keep("mine", ("PHONE", "010-1234-0000"))
    server.keep_map("a", "mine", [Hidden("[전화번호-1]", "전화번호", "010-1234-0000")], "x")
    written, done = list[str](), threading.Event()

    def write() -> None:
        while not done.is_set():
            keep(f"w{len(written)}")
            written.append(f"w{len(written)}")

    thread = threading.Thread(target=write)
    thread.start()
    while len(written) < 10:
        done.wait(0.01)
    gone = clerk.erase_subject("a", "01012340000", actor="x")
    count = len(written)
    while len(written) < count + 10:
        done.wait(0.01)
    done.set()
    thread.join()
    assert (gone.calls, gone.maps) == (("mine",), 1)
    for call in written:
        assert clerk.contents.read("a", call)[0].body.whole == call.encode()
    with pytest.raises(ContentsUnknown):
        clerk.contents.read("a", "mine")
    for vault in (server, clerk):
        vault.close()
    store.close()
