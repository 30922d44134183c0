"""The log over HTTP: anybody checks its growth by tiles; auditors alone mirror its entries, and that is on record."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from administered import Stand, administered
from hanbok.evidence.checkpoint import opened
from hanbok.evidence.export import verify_export
from hanbok.evidence.merkle import consistency, consistent
from hanbok.evidence.note import VerifierKey
from hanbok.evidence.tile import Shelf, Tile, numbered_path, tiles_of

BODY = {"model": "abroad", "messages": [{"role": "user", "content": "안녕하세요"}]}


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    settings = "evidence: {origin: log.example.kr/hanbok, checkpoint_ms: 50}\n"
    with administered(tmp_path_factory.mktemp("tiles"), "bank", settings=settings) as one:
        one.settled("platform")
        one.settled("bank/auditor")
        for _ in range(140):
            assert one.ask("POST", "/v1/chat/completions", BODY, key="first").status == 200
        yield one


def signed(stand: Stand) -> tuple[int, bytes, bytes]:
    time.sleep(0.3)
    note = stand.ask("GET", "/log/checkpoint")
    key = VerifierKey.parse(stand.ask("GET", "/log/key").body.decode())
    checkpoint = opened(note.body, key)
    assert checkpoint.origin == key.name == "log.example.kr/hanbok"
    assert note.headers["content-type"] == "text/plain; charset=utf-8"
    return checkpoint.size, checkpoint.root, note.body


def fetched(stand: Stand, size: int) -> Shelf:
    def leaves(low: int, high: int) -> bytes:
        assert low % 256 == 0
        answer = stand.ask("GET", f"/log/{Tile(0, low // 256, high - low).path}")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/octet-stream")
        assert "immutable" in answer.headers["cache-control"]
        return answer.body

    return Shelf(Path("/nonexistent"), size, leaves)


def test_anybody_can_check_that_the_log_only_grew(stand: Stand) -> None:
    old, old_root, _ = signed(stand)
    assert old > 256
    assert stand.ask("POST", "/v1/chat/completions", BODY, key="first").status == 200
    size, root, _ = signed(stand)
    assert size > old
    proof = consistency(fetched(stand, size).node, old, size)
    assert consistent(old, old_root, size, root, proof)


def test_an_auditor_of_the_platform_mirrors_the_whole_log_and_it_verifies(
    stand: Stand, tmp_path: Path
) -> None:
    size, _, note = signed(stand)
    key = stand.ask("GET", "/log/key").body
    files = {"checkpoint": note, "log.vkey": key}
    for tile in tiles_of(size):
        files[tile.path] = stand.ask("GET", f"/log/{tile.path}").body
        if tile.level == 0:
            path = f"tile/entries/{numbered_path(tile.number, tile.width)}"
            answer = stand.ask("GET", f"/log/{path}", key="platform")
            assert answer.status == 200
            assert answer.headers["cache-control"] == "no-store"
            files[path] = answer.body
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    found = verify_export(tmp_path, key=VerifierKey.parse(key.decode()))
    assert (found.ok, found.entries) == (True, size)
    acts = stand.ask("GET", "/admin/v1/acts?verb=log.bundle", key="platform").json["items"]
    assert acts
    assert all("chief" in one["actor"] for one in acts)


@pytest.mark.parametrize(
    ("key", "status"),
    [
        ("", 401),
        ("nonsense", 401),
        ("bank/auditor", 403),
        ("bank/admin", 403),
        ("bank/member", 403),
        ("first", 403),
    ],
)
def test_entries_are_for_nobody_else(stand: Stand, key: str, status: int) -> None:
    answer = stand.ask("GET", "/log/tile/entries/000", key=key)
    assert answer.status == status, answer.body
    assert b'"entry"' not in answer.body


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/999",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/64/000",
        "tile/00/000",
        "tile/0/0",
        "tile/0/x000/000",
        "tile/0/x001/x002/x003/x004/x005/x006/000",
        "tile/0/../checkpoint",
        "tile/-1/000",
        "tile/",
        "tile/0/%2e%2e",
    ],
)
def test_what_the_log_does_not_have_is_not_found(stand: Stand, path: str) -> None:
    assert stand.ask("GET", f"/log/{path}").status == 404


def test_without_witnesses_there_is_no_witnessed_checkpoint(stand: Stand) -> None:
    answer = stand.ask("GET", "/log/witnessed")
    assert (answer.status, answer.code) == (404, "not_in_log")


def test_a_partial_tile_is_served_also_when_it_is_full_by_now(stand: Stand) -> None:
    whole = stand.ask("GET", "/log/tile/0/000").body
    assert stand.ask("GET", "/log/tile/0/000.p/100").body == whole[:3200]
