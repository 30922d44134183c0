"""Damage to the files is found and located; what a crash leaves is cut; nothing else is ever cut."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hanbok.evidence.checkpoint import Checkpoint, sign
from hanbok.evidence.entry import Act
from hanbok.evidence.errors import LogBroken
from hanbok.evidence.journal import Journal
from hanbok.evidence.line import Flaw, numbered, seal
from hanbok.evidence.merkle import EMPTY
from hanbok.evidence.segments import lines, segments
from hanbok.evidence.signer import read_key
from hanbok.evidence.tile import Edge
from hanbok.evidence.verify import verify


def act(name: object) -> Act:
    return Act(at="2026-11-22T00:00:00.000000+00:00", actor="시험", verb="write", object=f'번호 "{name}"')


async def write(directory: Path, count: int, segment_bytes: int) -> None:
    journal = Journal.open(directory, segment_bytes=segment_bytes)
    for number in range(count):
        await journal.append(act(number))
    journal.close()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve entries in three or more segments."""
    directory = tmp_path_factory.mktemp("written")
    asyncio.run(write(directory, 12, 1000))
    assert len(segments(directory)) >= 3
    return directory


@pytest.fixture
def log(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / "log"))


def every_line(directory: Path) -> Iterator[tuple[Path, int, bytes]]:
    for segment in segments(directory):
        for number, raw in enumerate(segment.path.read_bytes().splitlines(keepends=True), start=1):
            yield segment.path, number, raw


def replace_line(path: Path, number: int, *by: bytes) -> None:
    those = path.read_bytes().splitlines(keepends=True)
    those[number - 1 : number] = by
    path.write_bytes(b"".join(those))


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_flipped_bit_is_located(written: Path, data: st.DataObject) -> None:
    place = data.draw(st.sampled_from(list(every_line(written))))
    path, number, raw = place
    whole = path.read_bytes()
    start = sum(len(line) for line in whole.splitlines(keepends=True)[: number - 1])
    at = start + data.draw(st.integers(0, len(raw) - 1))
    flipped = bytes([whole[at] ^ (1 << data.draw(st.integers(0, 7)))])
    path.write_bytes(whole[:at] + flipped + whole[at + 1 :])
    try:
        fault = verify(written).fault
        assert fault is not None
        assert (fault.file, fault.line) == (path.name, number)
    finally:
        path.write_bytes(whole)


def test_every_line_break_of_the_log_is_guarded(log: Path) -> None:
    for path, number, raw in list(every_line(log)):
        whole = path.read_bytes()
        replace_line(path, number, raw[:-1] + b" ")
        fault = verify(log).fault
        assert fault is not None
        assert (fault.file, fault.line) == (path.name, number)
        path.write_bytes(whole)


def test_removed_repeated_swapped_and_inserted_lines_are_located(log: Path) -> None:
    path, _, _ = next(every_line(log))
    first, second, *_ = path.read_bytes().splitlines(keepends=True)
    whole = path.read_bytes()
    cases: list[tuple[int, tuple[bytes, ...], int, Flaw]] = [
        (2, (), 2, Flaw.MISPLACED),
        (1, (first, first), 2, Flaw.MISPLACED),
        (1, (second,), 1, Flaw.MISPLACED),
        (2, (b"\n", second), 2, Flaw.UNREADABLE),
    ]
    for number, by, expected, flaw in cases:
        replace_line(path, number, *by)
        fault = verify(log).fault
        assert fault is not None
        assert (fault.line, fault.flaw) == (expected, flaw)
        path.write_bytes(whole)
    assert verify(log).ok


def forged(index: int, raw: bytes) -> bytes:
    """Return a sound line with another entry."""
    entry = raw[raw.index(b'"entry":') + 8 : -2].replace(b"2026", b"2025")
    return numbered(index) + seal(entry)[1]


def test_a_rewritten_line_that_fits_itself_is_located_by_the_tree(log: Path) -> None:
    path, _, raw = next(every_line(log))
    replace_line(path, 1, forged(0, raw))
    fault = verify(log).fault
    assert fault is not None
    assert (fault.file, fault.line, fault.flaw) == (path.name, 1, Flaw.REPLACED)


def test_a_removed_segment_is_located(log: Path) -> None:
    middle = segments(log)[1]
    middle.path.unlink()
    fault = verify(log).fault
    assert fault is not None
    assert (fault.line, fault.index, fault.flaw) == (1, middle.first, Flaw.MISPLACED)
    with pytest.raises(LogBroken):
        Journal.open(log)


def test_a_removed_tail_is_found_by_the_signed_checkpoint(log: Path) -> None:
    head = verify(log).head
    *_, (path, number, _) = every_line(log)
    assert verify(log, expect=head).ok
    replace_line(path, number)
    for found in (verify(log), verify(log, expect=head)):
        assert found.fault is not None
        assert (found.fault.file, found.fault.line, found.fault.flaw) == (path.name, number, Flaw.MISSING)


def test_a_head_noted_long_ago_is_still_in_the_log(log: Path) -> None:
    *_, raw = next(every_line(log))
    assert verify(log, expect=raw[19:83].decode()).ok
    assert not verify(log, expect="f" * 64).ok


def test_an_empty_directory_verifies_and_holds_nothing(tmp_path: Path) -> None:
    found = verify(tmp_path)
    assert (found.ok, found.entries, found.root) == (True, 0, EMPTY.hex())
    assert not verify(tmp_path, expect="f" * 64).ok


@pytest.fixture(scope="module")
def killed(written: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same log as a kill leaves it that comes before the last entry was signed for."""
    log = Path(shutil.copytree(written, tmp_path_factory.mktemp("killed") / "log"))
    sign_again(log, 11)
    return log


def sign_again(log: Path, size: int) -> None:
    """Sign for the first `size` entries, with the log's own key."""
    edge = Edge()
    assert list(edge.add(bytes.fromhex(line.leaf) for line in lines(log, 0, size))) == []
    signer = read_key(log / "signing.key")
    (log / "checkpoint").write_bytes(sign(Checkpoint(signer.key.name, size, edge.root()), signer))
    shutil.rmtree(log / "tile")


def test_an_unfinished_last_line_is_cut_at_every_byte(killed: Path, tmp_path: Path) -> None:
    *_, (last, number, raw) = every_line(killed)
    whole = last.read_bytes()
    for size in range(1, len(raw)):
        log = tmp_path / str(size)
        shutil.copytree(killed, log)
        path = log / last.name
        good = len(whole) - len(raw)
        path.write_bytes(whole[: good + size])
        assert (verify(log).ok, verify(log).torn, verify(log).entries) == (True, size, 11)
        journal = Journal.open(log)
        journal.close()
        *_, recovery = journal.read()
        assert isinstance(recovery.entry, Act)
        assert (recovery.index, recovery.entry.verb, recovery.entry.object) == (11, "recover", last.name)
        assert recovery.entry.facts["cut_bytes"] == str(size)
        kept = log / recovery.entry.facts["kept_in"]
        assert kept.read_bytes() == raw[:size]
        assert (verify(log).ok, verify(log).entries) == (True, 12)
        shutil.rmtree(log)
    assert number >= 1


def test_zeros_that_a_power_cut_left_after_the_last_line_are_cut(log: Path) -> None:
    path = segments(log)[-1].path
    with path.open("ab") as file:
        file.write(b"\0" * 4096)
    Journal.open(log).close()
    assert (verify(log).ok, verify(log).entries) == (True, 13)


def test_damage_to_an_acknowledged_line_stops_the_start_and_changes_nothing(log: Path) -> None:
    for path, number, raw in list(every_line(log))[-3:]:
        whole = path.read_bytes()
        for damaged in (raw.replace(b"write", b"wrote"), raw[:-1] + b"\x0b", raw[:40] + b"\n" + raw[41:]):
            replace_line(path, number, damaged)
            before = path.read_bytes()
            with pytest.raises(LogBroken) as caught:
                Journal.open(log)
            assert caught.value.facts["file"] == path.name
            assert path.read_bytes() == before
        path.write_bytes(whole)
    Journal.open(log).close()


def test_a_torn_line_in_the_middle_of_the_log_is_damage(log: Path) -> None:
    path = segments(log)[0].path
    path.write_bytes(path.read_bytes()[:-5])
    assert not verify(log).ok
    with pytest.raises(LogBroken):
        Journal.open(log)


def test_an_altered_line_break_before_a_torn_line_is_damage(log: Path) -> None:
    path = segments(log)[-1].path
    path.write_bytes(path.read_bytes()[:-1] + b" " + b'{"index":12,"prev')
    assert not verify(log).ok
    with pytest.raises(LogBroken):
        Journal.open(log)
