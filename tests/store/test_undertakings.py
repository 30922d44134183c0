"""What goes on without a client: one process works on it, also when another stood still; a slip harms nobody else."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import msgspec
import pytest

from hanbok.core.clock import now
from hanbok.core.values import Language
from hanbok.gateway.batches.desk import BatchDesk
from hanbok.gateway.batches.files import KeptFile
from hanbok.gateway.batches.lines import Answered
from hanbok.gateway.batches.run import OUTPUT
from hanbok.gateway.batches.shapes import Progress
from hanbok.gateway.call import Operation
from hanbok.gateway.calling import call_of
from hanbok.gateway.errors import ContentsNotKept
from hanbok.gateway.responses.desk import ResponseDesk, name_of
from hanbok.gateway.responses.making import Making
from hanbok.gateway.undertakings import STOPPING, NotOurs, Undertaking, Undertakings
from hanbok.store.errors import StoreFull

FACTS = Progress(input_file_id="file-1", endpoint="/v1/embeddings", created_at=1, expires_at=2**40)
BATCH = Undertaking(
    id="batch_1",
    kind="batch",
    organisation="o",
    key="k",
    state="validating",
    created="2026-01-01",
    facts=msgspec.json.encode(FACTS).decode(),
)
LINES = b"".join(
    b'{"custom_id":"%d","method":"POST","url":"/v1/embeddings","body":{}}\n' % one for one in range(4)
)


class Kept:
    """Files and their vault, of one input file; `error`: what keeping fails with."""

    def __init__(self, error=None, *, gone=False, done=()):
        self.error, self.gone, self.done = error, gone, done

    def keeping(self, _organisation):
        return self

    async def get(self, _organisation, key, name):
        about = KeptFile(
            id=name, key=key, bytes=len(LINES), created_at=1, filename="a.jsonl", purpose="batch"
        )
        return None if self.gone else about

    async def read(self, *_):
        yield LINES

    async def names(self, *asked):
        return self.done if asked[-1] == OUTPUT else []

    async def find(self, *_):
        return (b"a line",)

    async def put(self, *_, **__):
        if self.error:
            raise self.error

    async def put_lines(self, *asked):
        return f"file-{asked[3]}"


def at_work(store, kept, batches=1, at_once=2):
    """Return a desk, its records, and how many lines were asked at each moment."""
    records, asked = Undertakings(store), []
    under_way = set()

    async def ask(line, *_):
        under_way.add(id(line))
        asked.append(len(under_way))
        await asyncio.sleep(0)
        under_way.remove(id(line))
        return Answered(status=200, call="call-1", body=b"{}")

    for number in range(batches):
        records.begin(replace(BATCH, id=f"batch_{number}"), held=False)
    desk = BatchDesk(kept, records, kept)
    desk.start(ask, at_once)
    return desk, records, asked


async def until(true):
    for _ in range(3000):
        if true():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came to that")


def test_who_was_alive_after_all_keeps_it(store):
    late = now() + timedelta(seconds=30)
    mine, other = Undertakings(store), Undertakings(store, clock=lambda: late)
    mine.begin(BATCH, held=True)
    other.me = f"elsewhere/{other.me}"
    mine._clock = lambda: late
    judge = other._abandoned
    other._abandoned = lambda row: (judge(row), mine.beat())[0]
    assert other.take("batch") is None
    mine.note(BATCH.id, state="in_progress", facts="{}")


def test_who_lost_it_notes_nothing_more(store):
    late = now() + timedelta(seconds=30)
    mine, other = Undertakings(store), Undertakings(store, clock=lambda: late)
    other.me = f"elsewhere/{other.me}"
    mine.begin(BATCH, held=True)
    assert other.take("batch").id == BATCH.id
    with pytest.raises(NotOurs):
        mine.note(BATCH.id, state="completed", facts="{}", ended=True)
    other.stop(BATCH.id)
    other.note(BATCH.id, state="in_progress", facts="{}")
    assert other.get("o", "k", BATCH.id).state == STOPPING
    other.note(BATCH.id, state="cancelled", facts="{}", ended=True)
    ended = other.get("o", "k", BATCH.id)
    assert (ended.state, ended.ended is not None) == ("cancelled", True)
    assert mine.take("batch") is None


def test_numbers_of_processes_are_compared_within_one_numbering_only(store):
    mine, other = Undertakings(store), Undertakings(store)
    mine.begin(BATCH, held=True)
    assert other.get("o", "k", BATCH.id).abandoned
    place, pid, _ = other.me.rsplit("/", 2)
    other.me = f"{place}0/{pid}/ab"
    assert not other.get("o", "k", BATCH.id).abandoned


@pytest.mark.parametrize("error", [ContentsNotKept(), RuntimeError("a slip")])
async def test_what_cannot_be_kept_is_not_asked_again_at_once(store, error, caplog):
    kept = Kept(error)
    desk, records, asked = at_work(store, kept)
    await desk.look()
    await until(lambda: not desk._runs)
    before = len(asked)
    assert before
    assert "batch_0 is left for later" in caplog.text
    for _ in range(3):
        await desk.look()
    assert not desk._runs
    assert (len(asked), desk.busy, records.get("o", "k", "batch_0").abandoned) == (before, True, False)
    await desk.close()
    assert records.get("o", "k", "batch_0").abandoned


async def test_answers_that_wait_for_the_store_are_not_asked_for_again(store, monkeypatch):
    monkeypatch.setattr("hanbok.gateway.batches.run._KEPT_AGAIN_AFTER", 0.01)
    kept = Kept(StoreFull(why="full"))
    desk, _, asked = at_work(store, kept)
    await desk.look()
    await until(lambda: len(asked) == 2)
    kept.error = None
    await until(lambda: not desk.busy)
    assert len(asked) == 4


async def test_lines_at_once_are_those_of_all_batches(store):
    kept = Kept()
    desk, _, asked = at_work(store, kept, batches=3)
    await desk.look()
    assert len(desk._runs) == 2
    await until(lambda: not desk.busy)
    await desk.look()
    await until(lambda: not desk.busy)
    assert (len(asked), max(asked)) == (12, 2)


async def test_without_its_input_file_what_is_finished_is_handed_out(store):
    kept = Kept(gone=True, done=["batch_0-00000001"])
    desk, _, asked = at_work(store, kept)
    await desk.look()
    await asyncio.gather(*desk._tasks)
    shown = (await asyncio.to_thread(desk._records.get, "o", "k", "batch_0")).facts
    facts = msgspec.json.decode(shown, type=Progress)
    assert (facts.errors.data[0].code, facts.output_file_id, asked) == ("input_file_gone", "file-output", [])


def making_of():
    call = call_of(
        Operation.CHAT,
        b'{"model":"m","input":"a"}',
        path="/v1/responses",
        headers={},
        origin="::1",
    )
    return Making(call, "k", "o", (), {"id": name_of(call)}, Language.EN)


@pytest.mark.parametrize("early", [True, False])
async def test_what_is_stopped_before_it_began_makes_nothing(early):
    making = making_of()
    path = SimpleNamespace(run=None)  # to run it would be an error
    if early:
        making.stop("cancelled")
    task = making.start(path)
    making.stop("cancelled")
    await task
    assert msgspec.json.decode(making.response)["status"] == "cancelled"


async def test_a_slip_releases_who_follows_and_leaves_the_record(store, caplog):
    async def slip(_call):
        raise RuntimeError("a slip")

    records, making = Undertakings(store), making_of()
    desk = ResponseDesk(Kept(), records)
    await desk.begin(making, "m", SimpleNamespace(run=slip))
    async with asyncio.timeout(30):
        assert [one async for one in making.follow(0)] == []
    await desk.close()
    assert records.get("o", "k", name_of(making.call)).abandoned
    assert "a slip" in caplog.text
