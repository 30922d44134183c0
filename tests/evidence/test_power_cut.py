"""The power goes at any moment: what was not synced is lost, wholly, partly or garbled, and no acknowledged entry is.

A disk that keeps a diary of writes, syncs and cuts is run under load together with what was acknowledged. Then every
moment of the diary is played again: the file holds what had been synced by then, and of the rest a part that chance
picks. Tiles, which are made from entries, and the checkpoint come from that moment too, the tiles spoilt by chance.
"""

import asyncio
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from evidence.logs import act
from hanbok.evidence.entry import Act
from hanbok.evidence.errors import LogUnavailable
from hanbok.evidence.journal import Journal, Options
from hanbok.evidence.segments import lines, segments
from hanbok.evidence.tail import RealDisk
from hanbok.evidence.verify import verify


@dataclass
class Moment:
    """What a power cut at this moment may leave."""

    synced: dict[str, bytes]
    unsynced: dict[str, bytes]
    acknowledged: dict[int, str]
    others: dict[str, bytes]


@dataclass
class Diary(RealDisk):
    folder: Path
    synced: dict[str, bytes] = field(default_factory=dict[str, bytes])
    unsynced: dict[str, bytes] = field(default_factory=dict[str, bytes])
    acknowledged: dict[int, str] = field(default_factory=dict[int, str])
    moments: list[Moment] = field(default_factory=list[Moment])

    def name(self, file: int) -> str:
        return Path(f"/proc/self/fd/{file}").readlink().name

    def write(self, file: int, data: memoryview) -> int:
        count = super().write(file, data[: max(len(data) // 2, 1)])  # no write is sure to take all
        name = self.name(file)
        self.unsynced[name] = self.unsynced.get(name, b"") + bytes(data[:count])
        self.note()
        return count

    def sync(self, file: int) -> None:
        super().sync(file)
        name = self.name(file)
        self.synced[name] = self.synced.get(name, b"") + self.unsynced.pop(name, b"")
        self.note()

    def note(self) -> None:
        others: dict[str, bytes] = {}
        # The other thread replaces and removes tiles and their folders while we look: `os.walk` passes over those.
        for root, _, names in os.walk(self.folder):
            for path in (Path(root) / name for name in names):
                if path.suffix != ".jsonl" and not path.name.startswith("."):
                    with suppress(FileNotFoundError):
                        others[str(path.relative_to(self.folder))] = path.read_bytes()
        self.moments.append(Moment(dict(self.synced), dict(self.unsynced), dict(self.acknowledged), others))


async def load(folder: Path, diary: Diary) -> None:
    options = Options(segment_bytes=6_000, pace=0.001, checkpoint_every=0.02)
    journal = Journal.open(folder, options, disk=diary)

    async def client(name: int) -> None:
        for turn in range(40):
            journal.post(act(f"post {name}.{turn}"))
            record = await journal.append(act(f"{name}.{turn}"))
            diary.acknowledged[record.index] = record.digest

    await asyncio.gather(*(client(name) for name in range(8)))
    await asyncio.to_thread(journal.close)


def after_the_cut(moment: Moment, folder: Path, chance: Random) -> None:
    folder.mkdir()
    for name, data in moment.others.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        spoilt = chance.choice([data, b"", bytes(len(data)), data[: len(data) // 2]])
        path.write_bytes(spoilt if ".p/" in name else data)
    for name in moment.synced.keys() | moment.unsynced.keys():
        lost = moment.unsynced.get(name, b"")
        rest = chance.choice([b"", lost, lost[: chance.randrange(len(lost) + 1)], bytes(len(lost))])
        if name in moment.synced or rest:
            (folder / name).write_bytes(moment.synced.get(name, b"") + rest)


@pytest.fixture(scope="module")
def diary(tmp_path_factory: pytest.TempPathFactory) -> Diary:
    folder = tmp_path_factory.mktemp("power") / "log"
    kept = Diary(folder)
    asyncio.run(load(folder, kept))
    return kept


def test_no_acknowledged_entry_is_lost_at_any_moment(diary: Diary, tmp_path: Path) -> None:
    chance = Random(5)
    assert len(diary.moments) > 60
    assert len(diary.acknowledged) == 320
    some = chance.sample(diary.moments, 60)
    for number, moment in enumerate(some):
        folder = tmp_path / str(number)
        after_the_cut(moment, folder, chance)
        journal = Journal.open(folder)
        journal.close()
        stored = {line.index: line.leaf for line in lines(folder)}
        assert moment.acknowledged.items() <= stored.items()
        found = verify(folder)
        assert (found.ok, found.signed) == (True, len(stored)), found
        shutil.rmtree(folder)


def test_tiles_that_are_spoilt_are_made_again_and_the_log_says_so(diary: Diary, tmp_path: Path) -> None:
    log = Path(shutil.copytree(diary.folder, tmp_path / "log"))
    (log / "tile" / "0" / "001").write_bytes(bytes(8192))
    (log / "tile" / "0" / "000").unlink()
    shutil.rmtree(log / "tile" / "1")
    journal = Journal.open(log)
    journal.close()
    *_, last = journal.read()
    assert isinstance(last.entry, Act)
    assert (last.entry.verb, last.entry.facts) == ("repair", {"tiles": "2"})
    assert verify(log).ok
    assert (log / "tile" / "0" / "001").read_bytes() == (diary.folder / "tile" / "0" / "001").read_bytes()


async def test_a_disk_that_fills_up_under_load_loses_no_acknowledged_entry(tmp_path: Path) -> None:
    chance = Random(7)

    class Filling(RealDisk):
        room = 20_000

        def write(self, file: int, data: memoryview) -> int:
            if self.room <= 0:
                raise OSError(28, "No space left on device")
            count = super().write(file, data[: self.room])
            self.room -= count
            return count

    disk = Filling()
    journal = Journal.open(
        tmp_path, Options(segment_bytes=30_000, pace=0.001, checkpoint_every=0.02), disk=disk
    )
    acknowledged: dict[int, str] = {}
    refused = 0

    async def client(name: int) -> None:
        nonlocal refused
        for turn in range(30):
            try:
                record = await journal.append(act(f"{name}.{turn}"))
            except LogUnavailable:
                refused += 1
                await asyncio.sleep(0.002)
                disk.room = chance.randrange(0, 9_000)
            else:
                acknowledged[record.index] = record.digest

    await asyncio.gather(*(client(name) for name in range(8)))
    disk.room = 1 << 30
    await asyncio.to_thread(journal.close)
    assert refused > 3
    stored = {line.index: line.leaf for line in lines(tmp_path)}
    assert acknowledged.items() <= stored.items()
    assert verify(tmp_path).ok
    assert len(segments(tmp_path)) > 1


async def test_a_segment_rolled_back_under_load_is_found_at_the_next_start_and_located(
    tmp_path: Path,
) -> None:
    journal = Journal.open(tmp_path, Options(checkpoint_every=0.01))
    for number in range(50):
        await journal.append(act(number))
    path = segments(tmp_path)[0].path
    older = path.read_bytes()
    for number in range(50):
        await journal.append(act(number))
    await asyncio.to_thread(journal.close)
    path.write_bytes(older)
    fault = verify(tmp_path).fault
    assert fault is not None
    assert (fault.file, fault.line, fault.index) == (path.name, 51, 50)
