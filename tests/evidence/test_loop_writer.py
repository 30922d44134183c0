"""A log that the event loop writes: the same promises, without the thread."""

import asyncio
import errno
import random
import threading
from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest

from hanbok.evidence.entry import Act
from hanbok.evidence.errors import LogUnavailable
from hanbok.evidence.journal import Journal
from hanbok.evidence.kernel_sync import KernelSync, Synced
from hanbok.evidence.segments import segments
from hanbok.evidence.tail import RealDisk, Tail
from hanbok.evidence.verify import verify


def act(name: object) -> Act:
    return Act(at="2026-11-22T00:00:00.000000+00:00", actor="시험", verb="write", object=str(name))


def objects(journal: Journal) -> list[str]:
    return [record.entry.object for record in journal.read() if isinstance(record.entry, Act)]


class Watched(RealDisk):
    """Knows which threads wrote, and how often a thread had to sync."""

    def __init__(self) -> None:
        self.writers: list[int] = []
        self.syncs = 0
        self.full = False
        self.short = 0
        """Bytes that a full disk still takes."""

    def write(self, file: int, data: memoryview) -> int:
        if self.full and self.short:
            taken, self.short = self.short, 0
            return super().write(file, data[:taken])
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.writers.append(threading.get_ident())
        return super().write(file, data)

    def sync(self, file: int) -> None:
        self.syncs += 1
        super().sync(file)


class Scripted:
    """Syncs when the test says so, with the result that it says."""

    made: ClassVar["Scripted"]
    """The last one."""

    def __init__(self, loop: AbstractEventLoop, *, refuses: bool = False) -> None:
        self.loop = loop
        self.refuses = refuses
        self.open: list[Synced] = []
        self.held = False
        self.next: OSError | None = None
        Scripted.made = self

    def sync(self, file: int, synced: Synced) -> None:
        if self.refuses:
            raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
        RealDisk().sync(file)
        self.open.append(synced)
        if not self.held:
            self.loop.call_soon(self.tell)

    def tell(self) -> None:
        error, self.next = self.next, None
        self.open.pop()(error)

    def close(self) -> OSError | None:
        self.open.clear()
        return self.next


def kernel(loop: AbstractEventLoop) -> KernelSync:
    try:
        return KernelSync(loop)
    except OSError as error:
        pytest.skip(f"the kernel of this machine makes no file durable by itself: {error}")


@asynccontextmanager
async def attached(
    folder: Path,
    syncer: Callable[[AbstractEventLoop], Scripted | KernelSync] = kernel,
    *,
    disk: RealDisk | None = None,
    segment_bytes: int = 0,
) -> AsyncIterator[Journal]:
    """A journal whose loop writes: the first entry is the thread's, which opens the file."""
    journal = Journal.open(folder, disk=disk, segment_bytes=segment_bytes)
    journal.attach(syncer)
    await journal.append(act("first"))
    await asyncio.sleep(0)
    try:
        yield journal
    finally:
        await journal.detach()
        await asyncio.to_thread(journal.close)


async def test_the_loop_writes_and_the_kernel_syncs(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, disk=disk) as journal:
        await asyncio.sleep(0.05)
        syncs = disk.syncs
        disk.writers.clear()
        for number in range(20):
            journal.post(act(f"post {number}"))
            record = await journal.append(act(number))
            assert verify(tmp_path).entries == record.index + 1 == journal.size
        assert set(disk.writers) == {threading.get_ident()}
        assert disk.syncs == syncs
    pairs = [name for number in range(20) for name in (f"post {number}", str(number))]
    assert objects(journal) == ["first", *pairs]
    assert (verify(tmp_path).ok, verify(tmp_path).entries) == (True, 41)


async def test_many_at_once_share_batches_in_everyones_order(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, disk=disk) as journal:

        async def caller(name: int) -> list[int]:
            return [(await journal.append(act(f"{name}.{turn}"))).index for turn in range(20)]

        indexes = await asyncio.gather(*(caller(name) for name in range(16)))
        assert sorted(index for each in indexes for index in each) == list(range(1, 321))
        assert all(each == sorted(each) for each in indexes)
        assert len(disk.writers) < 320 / 4


async def test_a_post_alone_becomes_durable_without_company(tmp_path: Path) -> None:
    async with attached(tmp_path) as journal:
        await journal.append(act("second"))
        journal.post(act("alone"))
        async with asyncio.timeout(10):
            while journal.size < 3:  # noqa: ASYNC110 - nobody tells of it: that is the point
                await asyncio.sleep(0.01)
        assert objects(journal)[-1] == "alone"


async def test_other_threads_hand_over_to_the_loop(tmp_path: Path) -> None:
    async with attached(tmp_path) as journal:
        await journal.append(act("second"))

        def elsewhere() -> int:
            journal.post(act("posted"))
            return asyncio.run(journal_append(journal, "awaited"))

        assert await asyncio.to_thread(elsewhere) == 3
        assert objects(journal) == ["first", "second", "posted", "awaited"]


async def journal_append(journal: Journal, name: str) -> int:
    return (await journal.append(act(name))).index


async def test_files_that_are_full_are_the_threads_and_the_loop_goes_on(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, disk=disk, segment_bytes=1500) as journal:
        for number in range(40):
            await journal.append(act(number))
    assert threading.get_ident() in disk.writers
    assert len(segments(tmp_path)) > 4
    assert objects(journal) == ["first", *map(str, range(40))]
    assert (verify(tmp_path).ok, verify(tmp_path).entries) == (True, 41)


async def test_a_full_disk_refuses_waiters_keeps_posts_and_is_used_again(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, disk=disk) as journal:
        await journal.append(act("before"))
        disk.full = True
        journal.post(act("kept"))
        results = await asyncio.gather(
            *(journal.append(act("lost")) for _ in range(5)), return_exceptions=True
        )
        assert all(isinstance(one, LogUnavailable) for one in results)
        disk.full = False
        await journal.append(act("after"))
        assert objects(journal) == ["first", "before", "kept", "after"]
        await until_the_loop_writes(journal, disk)
    assert verify(tmp_path).ok


async def test_a_line_that_a_full_disk_cut_is_removed_before_the_next_file_begins(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, disk=disk) as journal:
        await until_the_loop_writes(journal, disk)
        disk.full, disk.short = True, 50
        with pytest.raises(LogUnavailable):
            await journal.append(act("lost"))
        disk.full = False
        journal.begin_segment()
        await journal.append(act("after"))
        assert len(segments(tmp_path)) == 2
    assert (verify(tmp_path).ok, objects(journal)[-1]) == (True, "after")


async def until_the_loop_writes(journal: Journal, disk: Watched) -> None:
    async with asyncio.timeout(10):
        while disk.writers[-1] != threading.get_ident():
            await journal.append(act("again"))


async def test_a_failed_sync_ends_the_file_and_refuses_whoever_waited(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, Scripted, disk=disk) as journal:
        await until_the_loop_writes(journal, disk)
        before = journal.size
        Scripted.made.next = OSError(errno.EIO, "Input/output error")
        journal.post(act("kept"))
        with pytest.raises(LogUnavailable):
            await journal.append(act("lost"))
        await journal.append(act("after"))
        assert objects(journal)[before:] == ["kept", "after"]
        assert [segment.first for segment in segments(tmp_path)] == [0, before]
        await until_the_loop_writes(journal, disk)
    assert verify(tmp_path).ok


async def test_where_the_kernel_takes_no_sync_the_thread_writes_for_good(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, partial(Scripted, refuses=True), disk=disk) as journal:
        for number in range(10):
            await journal.append(act(number))
        assert disk.writers.count(threading.get_ident()) == 1
        assert objects(journal) == ["first", *map(str, range(10))]


def refused(_: AbstractEventLoop) -> Scripted:
    raise OSError(errno.ENOSYS, "Function not implemented")


async def test_where_the_kernel_offers_none_the_thread_writes(tmp_path: Path) -> None:
    async with attached(tmp_path, refused) as journal:
        assert (await journal.append(act("second"))).index == 1


async def test_what_is_on_its_way_is_durable_when_the_loop_leaves(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, Scripted, disk=disk) as journal:
        await until_the_loop_writes(journal, disk)
        Scripted.made.held = True
        first = journal.hand_in(act("on its way"))
        await asyncio.sleep(0.05)
        second = journal.hand_in(act("behind it"))
        leaving = asyncio.create_task(journal.detach())
        await asyncio.sleep(0.05)
        assert [one.done() for one in (first, second, leaving)] == [False] * 3
        Scripted.made.tell()
        await leaving
        assert (await second).index == (await first).index + 1


@pytest.mark.parametrize("by", [kernel, Scripted])
async def test_a_journal_that_nobody_detached_closes_with_all_that_it_was_given(
    tmp_path: Path, by: Callable[[AbstractEventLoop], Scripted | KernelSync]
) -> None:
    journal = Journal.open(tmp_path)
    journal.attach(by)
    await journal.append(act("first"))
    await asyncio.sleep(0.01)
    journal.hand_in(act("on its way"))
    await asyncio.sleep(0)
    journal.post(act("behind it"))
    journal.close()
    again = Journal.open(tmp_path)
    assert objects(again) == ["first", "on its way", "behind it"]
    again.close()


async def test_a_sync_that_failed_behind_the_back_of_one_who_closes_acknowledges_nothing(
    tmp_path: Path,
) -> None:
    disk = Watched()
    journal = Journal.open(tmp_path, disk=disk)
    journal.attach(Scripted)
    await journal.append(act("first"))
    await until_the_loop_writes(journal, disk)
    before = objects(journal)
    Scripted.made.held = True
    lost = journal.hand_in(act("lost"))
    await asyncio.sleep(0.05)
    # The kernel has told of it already, and will not tell whoever syncs the same file again.
    Scripted.made.next = OSError(errno.EIO, "Input/output error")
    journal.close()
    with pytest.raises(LogUnavailable):
        await lost
    again = Journal.open(tmp_path)
    assert objects(again) == before
    again.close()


async def test_a_turn_that_is_given_while_the_log_is_closed_keeps_nobody_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open(tmp_path)
    giving, go = threading.Event(), threading.Event()

    def plain(_: Tail) -> bool:
        giving.set()
        return go.wait(10)

    monkeypatch.setattr(Tail, "plain", property(plain))
    journal.attach(Scripted)
    assert await asyncio.to_thread(giving.wait, 10)
    closing = threading.Thread(target=journal.close, daemon=True)
    closing.start()
    while not journal._closing:  # noqa: ASYNC110 - it waits for the thread that waits here
        await asyncio.sleep(0)
    go.set()
    closing.join(10)
    assert not closing.is_alive()


async def test_what_a_full_disk_refused_is_not_in_the_log_after_a_stop(tmp_path: Path) -> None:
    disk = Watched()
    async with attached(tmp_path, disk=disk) as journal:
        await until_the_loop_writes(journal, disk)
        before = objects(journal)
        disk.full, disk.short = True, 400  # one line and a half
        refused = await asyncio.gather(
            *(journal.append(act("lost")) for _ in range(2)), return_exceptions=True
        )
        assert [type(one) for one in refused] == [LogUnavailable] * 2
    again = Journal.open(tmp_path)
    assert objects(again) == before
    again.close()


async def test_a_cancelled_append_is_written_and_disturbs_nobody(tmp_path: Path) -> None:
    async with attached(tmp_path) as journal:
        left = asyncio.create_task(journal.append(act("left")))
        await asyncio.sleep(0)
        left.cancel()
        await journal.append(act("stayed"))
        assert objects(journal) == ["first", "left", "stayed"]


class Moody(Watched):
    """Fails now and then while it is in a mood, at any byte."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__()
        self.draw = draw
        self.mood = 0.0

    def write(self, file: int, data: memoryview) -> int:
        self.full = self.draw.random() < self.mood
        self.short = self.draw.randrange(len(data))
        return super().write(file, data)

    def sync(self, file: int) -> None:
        if self.draw.random() < self.mood / 2:
            raise OSError(errno.EIO, "Input/output error")
        super().sync(file)


@pytest.mark.parametrize("seed", range(3))
async def test_a_failing_disk_loses_nothing_that_was_acknowledged_or_posted(
    tmp_path: Path, seed: int
) -> None:
    draw = random.Random(seed)
    disk, acknowledged = Moody(draw), dict[int, str]()
    posted: list[str] = []

    async def caller(journal: Journal, name: str) -> None:
        for turn in range(40):
            if draw.random() < 0.3:
                journal.post(act(f"post {name}.{turn}"))
                posted.append(f"post {name}.{turn}")
            if draw.random() < 0.05:
                journal.begin_segment()
            disk.mood = draw.choice([0, 0, 0, 0.3])
            with suppress(LogUnavailable):
                acknowledged[(await journal.append(act(f"{name}.{turn}"))).index] = f"{name}.{turn}"

    async with attached(tmp_path, disk=disk, segment_bytes=20_000) as journal:
        await asyncio.gather(*(caller(journal, str(name)) for name in range(6)))
        disk.mood = 0
    there = objects(journal)
    assert verify(tmp_path).ok
    assert {index: there[index] for index in acknowledged} == acknowledged
    assert sorted(one for one in there if one.startswith("post")) == sorted(posted)


async def test_the_kernel_tells_of_a_file_that_it_cannot_sync() -> None:
    loop = asyncio.get_running_loop()
    syncer = kernel(loop)
    with pytest.raises(OSError, match="Bad file descriptor"):
        syncer.sync(-1, lambda _: None)
    syncer.close()
