"""The journal as a `Log`: durable, ordered, alone on its directory, alive after a full disk."""

import asyncio
import errno
import resource
import subprocess
import sys
import threading
from pathlib import Path
from textwrap import dedent

import msgspec
import pytest

from hanbok.evidence.archive import Archive
from hanbok.evidence.entry import Act, Hop, Intent, Outcome
from hanbok.evidence.errors import EntryTooLarge, LogBroken, LogLocked, LogUnavailable
from hanbok.evidence.journal import MOST, Journal, Options
from hanbok.evidence.segments import lines, segments, size_of
from hanbok.evidence.tail import RealDisk
from hanbok.evidence.verify import verify

AT = "2026-11-22T00:00:00.000000+00:00"


def act(name: object) -> Act:
    return Act(at=AT, actor="시험", verb="write", object=str(name))


def intent(call: str) -> Intent:
    hop = Hop(endpoint="home", model="m", country="KR", zone="home", operator="우리 기관", form="as_is")
    return Intent(
        at=AT,
        call=call,
        organisation="o",
        key="k",
        route="/v1/x",
        model="m",
        grade="O",
        digest="",
        plan=(hop,),
        policy="",
    )


def outcome(call: str) -> Outcome:
    return Outcome(at=AT, call=call, status="completed", organisation="o", key="k")


def objects(journal: Journal, start: int = 0) -> list[str]:
    return [record.entry.object for record in journal.read(start) if isinstance(record.entry, Act)]


async def test_an_appended_entry_is_in_the_files_when_append_returns(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    record = await journal.append(act("하나"))
    found = verify(tmp_path)
    assert (found.ok, found.entries, found.head) == (True, 1, record.digest), found
    assert (record.index, journal.size) == (0, 1)
    assert list(journal.read()) == [record]
    journal.close()


async def test_a_second_opening_goes_on_with_the_chain(tmp_path: Path) -> None:
    for turn in range(3):
        journal = Journal.open(tmp_path)
        assert (await journal.append(act(turn))).index == turn
        journal.close()
    assert objects(journal) == ["0", "1", "2"]
    assert verify(tmp_path).entries == 3


async def test_posts_are_durable_before_a_later_append_and_in_order(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    for number in range(50):
        journal.post(act(number))
    assert (await journal.append(act(50))).index == 50
    assert objects(journal) == [str(number) for number in range(51)]
    journal.close()


async def test_a_post_alone_becomes_durable_without_company(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    journal.post(act("alone"))
    await asyncio.sleep(0.5)
    assert objects(journal) == ["alone"]
    journal.close()


async def test_concurrent_appends_share_batches_and_keep_each_callers_order(tmp_path: Path) -> None:
    syncs = 0

    class Counting(RealDisk):
        def sync(self, file: int) -> None:
            nonlocal syncs
            syncs += 1
            super().sync(file)

    journal = Journal.open(tmp_path, disk=Counting())

    async def caller(name: int) -> list[int]:
        return [(await journal.append(act(f"{name}.{turn}"))).index for turn in range(20)]

    indexes = await asyncio.gather(*(caller(name) for name in range(16)))
    assert sorted(index for each in indexes for index in each) == list(range(320))
    assert all(each == sorted(each) for each in indexes)
    assert syncs < 320 / 4
    journal.close()
    assert verify(tmp_path).entries == 320


def test_threads_and_their_loops_can_share_a_journal(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)

    async def work(name: int) -> None:
        for turn in range(25):
            journal.post(act(f"post {name}.{turn}"))
            await journal.append(act(f"{name}.{turn}"))

    threads = [threading.Thread(target=lambda name=name: asyncio.run(work(name))) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()
    assert verify(tmp_path).entries == 200
    assert [name for name in objects(journal) if name.startswith("2.")] == [f"2.{turn}" for turn in range(25)]


async def test_a_cancelled_append_is_written_and_disturbs_nobody(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    left = asyncio.create_task(journal.append(act("left")))
    await asyncio.sleep(0)
    left.cancel()
    await journal.append(act("stayed"))
    assert objects(journal) == ["left", "stayed"]
    journal.close()


async def test_segments_are_rotated_and_the_chain_goes_on(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, segment_bytes=1500)
    for number in range(40):
        await journal.append(act(number))
    journal.close()
    names = segments(tmp_path)
    assert len(names) > 4
    assert all(segment.path.stat().st_size <= 1900 for segment in names)
    assert (verify(tmp_path).ok, verify(tmp_path).entries) == (True, 40)
    assert [objects(journal, start) for start in (0, 17, 39, 40)] == [
        [str(number) for number in range(start, 40)] for start in (0, 17, 39, 40)
    ]
    again = Journal.open(tmp_path, segment_bytes=1500)
    assert (await again.append(act("more"))).index == 40
    again.close()
    assert verify(tmp_path).entries == 41


async def test_reading_from_an_index_finds_it_in_a_large_segment(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    padding = "가" * 2000
    for number in range(1500):
        journal.post(Act(at=AT, actor=padding, verb="write", object=str(number)))
    await journal.append(act("end"))
    assert (tmp_path / "000000000000.jsonl").stat().st_size > 8 << 20
    for start in (0, 1, 2, 749, 1234, 1499, 1500):
        assert next(journal.read(start)).index == start
    assert list(journal.read(1501)) == []
    journal.close()


def test_only_one_process_writes(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    with pytest.raises(LogLocked) as caught:
        Journal.open(tmp_path, patience=0)
    assert caught.value.code == "log_locked"
    script = "import sys, pathlib; from hanbok.evidence.journal import Journal; Journal.open(pathlib.Path(sys.argv[1]))"
    other = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=False
    )
    assert "LogLocked" in other.stderr
    journal.close()
    Journal.open(tmp_path).close()


async def test_a_call_is_found_with_its_proof_across_segments(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path, segment_bytes=3000)
    await journal.append(intent("call-a"))
    for number in range(30):
        await journal.append(intent(f"other-{number}"))
    await journal.append(outcome("call-a"))
    found = journal.find("call-a")
    assert [line.index for line in found] == [0, 31]
    assert found[1].leaf == verify(tmp_path).head
    assert b'"call":"call-a"' in found[1].raw
    assert journal.find("call") == journal.find("") == journal.find('x"},') == []
    journal.close()


async def test_a_search_crosses_the_borders_of_what_is_read_at_once(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    for number in range(3000):
        journal.post(intent(f"call-{number}"))
        journal.post(Act(at=AT, actor="a" * 700, verb="pad", object="x"))
    await journal.append(act("end"))
    assert (tmp_path / "000000000000.jsonl").stat().st_size > 3 << 20
    for number in (0, 1, 1007, 1999, 2999):
        assert [line.index for line in journal.find(f"call-{number}")] == [2 * number]
    journal.close()


async def test_entries_larger_than_what_is_read_at_once_are_found(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    for number in range(60):
        await journal.append(intent(f"before-{number}"))
        await journal.append(Act(at=AT, actor="가" * 21_000, verb="large", object=str(number)))
    await journal.append(intent("last"))
    for call, index in (("before-0", 0), ("before-31", 62), ("before-59", 118), ("last", 120)):
        assert [line.index for line in journal.find(call)] == [index]
    journal.close()
    assert [next(journal.read(start)).index for start in (0, 7, 100, 120)] == [0, 7, 100, 120]
    assert size_of(tmp_path) == 121


async def test_an_entry_that_no_bundle_can_hold_is_refused_and_disturbs_nobody(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    frame = len(msgspec.json.encode(Act(at=AT, keep=3, actor="", verb="large", object="")))
    with pytest.raises(EntryTooLarge):
        await journal.append(Act(at=AT, actor="a" * (MOST - frame + 1), verb="large", object=""))
    assert (await journal.append(Act(at=AT, actor="a" * (MOST - frame), verb="large", object=""))).index == 0
    journal.close()
    assert Archive(tmp_path).bundle(0, 1)[:2] == MOST.to_bytes(2, "big")


async def test_a_reader_sees_whole_lines_only_and_names_one_that_is_none(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    for number in range(3):
        await journal.append(act(number))
    journal.close()
    path = segments(tmp_path)[0].path
    whole = path.read_bytes()
    path.write_bytes(whole[:-10])
    assert [line.index for line in lines(tmp_path)] == [0, 1]
    assert size_of(tmp_path) == 2
    path.write_bytes(whole + b"not a line\n")
    with pytest.raises(LogBroken) as caught:
        list(lines(tmp_path))
    assert (caught.value.facts["file"], caught.value.facts["line"]) == (path.name, 4)


async def test_entries_that_are_not_durable_yet_are_not_read(tmp_path: Path) -> None:
    stop = threading.Event()

    class Slow(RealDisk):
        def sync(self, file: int) -> None:
            stop.wait(5)
            super().sync(file)

    journal = Journal.open(tmp_path, disk=Slow())
    waiting = asyncio.create_task(journal.append(intent("call")))
    await asyncio.sleep(0.2)
    assert [line.index for line in lines(tmp_path)] == [0]
    assert (list(journal.read()), journal.find("call"), journal.size) == ([], [], 0)
    stop.set()
    await waiting
    assert ([record.index for record in journal.read()], len(journal.find("call"))) == ([0], 1)
    journal.close()


class Faulty(RealDisk):
    """Fails on command; `short` bytes of a write get through first, as on a disk that fills up."""

    def __init__(self) -> None:
        self.failing = ""
        self.short = 0

    def write(self, file: int, data: memoryview) -> int:
        if self.failing == "write" and self.short:
            count = super().write(file, data[: self.short])
            self.short = 0
            return count
        if self.failing == "write":
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(file, data)

    def sync(self, file: int) -> None:
        if self.failing in {"sync", "sync once"}:
            self.failing = "" if self.failing == "sync once" else self.failing
            raise OSError(errno.EIO, "Input/output error")
        super().sync(file)

    def truncate(self, file: int, size: int) -> None:
        if self.failing == "everything":
            raise OSError(errno.EIO, "Input/output error")
        super().truncate(file, size)


@pytest.mark.parametrize("failing", ["write", "sync", "sync once"])
@pytest.mark.parametrize("short", [0, 1, 100, 250])
async def test_a_failing_disk_refuses_every_waiter_and_is_used_again_when_it_works(
    tmp_path: Path, failing: str, short: int
) -> None:
    disk = Faulty()
    journal = Journal.open(tmp_path, disk=disk)
    await journal.append(act("before"))
    disk.failing, disk.short = failing, short
    results = await asyncio.gather(*(journal.append(act("lost")) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(result, LogUnavailable) for result in results) >= 1
    accepted = [result for result in results if not isinstance(result, BaseException)]
    disk.failing = ""
    record = await journal.append(act("after"))
    assert record.index == 1 + len(accepted)
    assert objects(journal) == ["before", *["lost"] * len(accepted), "after"]
    journal.close()
    assert (verify(tmp_path).ok, verify(tmp_path).entries) == (True, record.index + 1)


async def test_after_a_failed_sync_the_old_file_is_not_written_any_more(tmp_path: Path) -> None:
    disk = Faulty()
    journal = Journal.open(tmp_path, disk=disk)
    await journal.append(act("before"))
    disk.failing = "sync once"
    with pytest.raises(LogUnavailable):
        await journal.append(act("lost"))
    await journal.append(act("after"))
    assert [segment.first for segment in segments(tmp_path)] == [0, 1]
    journal.close()


async def test_acknowledged_bytes_that_a_dying_disk_lost_are_noticed(tmp_path: Path) -> None:
    disk = Faulty()
    journal = Journal.open(tmp_path, disk=disk)
    for number in range(3):
        await journal.append(act(number))
    disk.failing = "sync once"
    with pytest.raises(LogUnavailable):
        await journal.append(act("lost"))
    path = segments(tmp_path)[0].path
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    for _ in range(2):
        with pytest.raises(LogUnavailable) as caught:
            await journal.append(act("after"))
        assert "damaged" in str(caught.value)
    journal.close()


async def test_posted_entries_outlive_a_full_disk_in_order(tmp_path: Path) -> None:
    disk = Faulty()
    journal = Journal.open(tmp_path, Options(backlog=10), disk=disk)
    disk.failing = "write"
    for number in range(10):
        journal.post(act(number))
    with pytest.raises(LogUnavailable):
        await journal.append(act("lost"))
    with pytest.raises(LogUnavailable):
        journal.post(act("one too many"))
    disk.failing = ""
    await journal.append(act("after"))
    assert objects(journal) == [*(str(number) for number in range(10)), "after"]
    journal.close()


async def test_closing_says_so_when_posted_entries_could_not_be_written(tmp_path: Path) -> None:
    disk = Faulty()
    journal = Journal.open(tmp_path, disk=disk)
    disk.failing = "write"
    journal.post(act("never"))
    with pytest.raises(LogUnavailable):
        journal.close()
    with pytest.raises(LogUnavailable):
        await journal.append(act("too late"))
    Journal.open(tmp_path).close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_nobody_waits_for_ever_when_the_writer_itself_fails(tmp_path: Path) -> None:
    class Broken(RealDisk):
        def sync(self, file: int) -> None:
            super().sync(file // 0)

    journal = Journal.open(tmp_path, disk=Broken())
    async with asyncio.timeout(5):
        results = await asyncio.gather(*(journal.append(act("x")) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(result, LogUnavailable) for result in results)
    with pytest.raises(LogUnavailable):
        journal.post(act("later"))
    journal.close()


async def test_appends_during_closing_are_written_or_refused(tmp_path: Path) -> None:
    for turn in range(20):
        journal = Journal.open(tmp_path)
        size = journal.size
        tasks = [asyncio.create_task(journal.append(act(f"{turn}.{number}"))) for number in range(20)]
        closing = asyncio.create_task(asyncio.to_thread(journal.close))
        async with asyncio.timeout(5):
            results = await asyncio.gather(*tasks, return_exceptions=True)
            await closing
        written = [result for result in results if not isinstance(result, BaseException)]
        assert journal.size == size + len(written)
    assert verify(tmp_path).ok


def test_a_file_size_limit_of_the_system_is_a_clear_error(tmp_path: Path) -> None:
    script = dedent("""
        import asyncio, pathlib, resource, sys
        from hanbok.evidence.entry import Act
        from hanbok.evidence.errors import LogUnavailable
        from hanbok.evidence.journal import Journal

        async def main():
            journal = Journal.open(pathlib.Path(sys.argv[1]))
            resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
            done = failed = 0
            for turn in range(40):
                if turn == 30:
                    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
                try:
                    await journal.append(Act(at="", actor="a", verb="v", object=str(turn)))
                    done += 1
                except LogUnavailable:
                    failed += 1
            journal.close()
            print(done, failed)

        asyncio.run(main())
    """)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ran = subprocess.run([sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True)
    done, failed = map(int, ran.stdout.split())
    assert resource.getrlimit(resource.RLIMIT_FSIZE) == before
    assert failed > 5
    assert (verify(tmp_path).ok, verify(tmp_path).entries) == (True, done)


def test_an_opening_waits_for_a_command_that_holds_the_lock_for_a_moment(tmp_path: Path) -> None:
    first = Journal.open(tmp_path)
    threading.Timer(0.1, first.close).start()
    Journal.open(tmp_path, patience=10).close()


def test_a_directory_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LogUnavailable):
        Journal.open(tmp_path / "file" / "log")


async def test_an_entry_of_an_unknown_kind_is_named_and_not_skipped(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path)
    await journal.append(act("known"))
    journal.close()
    path = segments(tmp_path)[0].path
    path.write_bytes(path.read_bytes().replace(b'"entry":"act"', b'"entry":"new"'))
    with pytest.raises(LogBroken) as caught:
        list(journal.read())
    assert (caught.value.facts["file"], caught.value.facts["line"]) == (path.name, 1)
