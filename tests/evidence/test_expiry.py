"""Entries whose years are over lose their bytes and nothing else; bytes that vanish otherwise are a fault."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence.logs import act, refusal, write
from hanbok.evidence import expiry
from hanbok.evidence.archive import Archive
from hanbok.evidence.entry import (
    AdminAct,
    AnyEntry,
    Expiry,
    Gone,
    Intent,
    KeyAct,
    Outcome,
    PolicyChange,
    Reveal,
)
from hanbok.evidence.expiry import expire, preview
from hanbok.evidence.export import export, verify_export
from hanbok.evidence.journal import Journal, Options
from hanbok.evidence.keychain import read_keys
from hanbok.evidence.line import Flaw, gone
from hanbok.evidence.retention import Retention
from hanbok.evidence.segments import lines, segments
from hanbok.evidence.verify import verify

AT = "2024-02-29T15:00:00.000000+00:00"


def expired(directory: Path, now: datetime) -> int:
    async def go() -> int:
        journal = await asyncio.to_thread(Journal.open, directory, Options(segment_bytes=3000))
        try:
            return await expire(journal, now)
        finally:
            await asyncio.to_thread(journal.close)

    return asyncio.run(go())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Records of access for one year, for two and for three, and acts, in turn, over several segments."""
    entries: list[AnyEntry] = []
    for number in range(40):
        entries += [
            refusal(f"plain-{number}", AT, PHONE=1),
            refusal(f"rrn-{number}", AT, RRN=1),
            refusal(f"credit-{number}", AT, CREDIT_INFO=1),
            act(number),
        ]
    write(tmp_path / "log", entries, segment_bytes=3000)
    assert len(segments(tmp_path / "log")) > 5
    return tmp_path / "log"


@pytest.mark.parametrize(
    ("now", "names"),
    [
        (datetime(2025, 2, 28, tzinfo=UTC), []),
        (datetime(2025, 3, 2, tzinfo=UTC), ["plain"]),
        (datetime(2026, 2, 28, 23, tzinfo=UTC), ["plain"]),
        (datetime(2026, 3, 2, tzinfo=UTC), ["plain", "rrn"]),
        (datetime(2027, 3, 2, tzinfo=UTC), ["plain", "rrn", "credit"]),
    ],
)
def test_each_class_expires_after_its_years_and_the_log_still_verifies(
    log: Path, tmp_path: Path, now: datetime, names: list[str]
) -> None:
    before = Archive(log).latest.checkpoint
    whole = [line.leaf for line in lines(log)]
    assert preview(log, now) == 40 * len(names)
    assert expired(log, now) == 40 * len(names)
    found = verify(log, key=read_keys(log)[0], since=before)
    assert (found.ok, found.expired) == (True, 40 * len(names))
    assert [line.leaf for line in lines(log)][:160] == whole
    stored = b"".join(path.read_bytes() for path in log.iterdir() if path.is_file())
    for name in ("plain", "rrn", "credit"):
        assert (f"call-{name}-".encode() in stored) == (name not in names)
    assert b'"object":"39"' in stored
    archive = Archive(log)
    for index in (0, 1, 2, 3, 159):
        line = next(lines(log, index))
        proof = archive.proof(index)
        if line.entry:
            assert proof.check(*read_keys(log), entry=line.entry)
    export(log, tmp_path / "tree")
    assert verify_export(tmp_path / "tree").expired == 40 * len(names)
    assert expired(log, now) == 0


def test_bytes_that_are_gone_without_an_act_are_located(log: Path) -> None:
    path = segments(log)[1].path
    known = path.read_bytes().splitlines(keepends=True)
    victim = next(lines(log, segments(log)[1].first + 2))
    path.write_bytes(b"".join([*known[:2], gone(victim), *known[3:]]))
    fault = verify(log).fault
    assert fault is not None
    assert (fault.file, fault.line, fault.flaw) == (path.name, 3, Flaw.ERASED)


def test_an_act_of_expiry_covers_the_entries_that_it_names_and_no_others(log: Path) -> None:
    expired(log, datetime(2025, 3, 2, tzinfo=UTC))
    first = segments(log)[0].path
    known = first.read_bytes().splitlines(keepends=True)
    first.write_bytes(b"".join([*known[:3], gone(next(lines(log, 3))), *known[4:]]))
    fault = verify(log).fault
    assert fault is not None
    assert (fault.line, fault.index, fault.flaw) == (4, 3, Flaw.ERASED)


def test_a_kill_between_the_act_and_its_effect_is_made_good(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    now = datetime(2025, 3, 2, tzinfo=UTC)
    with monkeypatch.context() as patch:
        patch.setattr(expiry, "_rewrite", die)
        with pytest.raises(KeyboardInterrupt):
            expired(log, now)
    assert (verify(log).ok, verify(log).expired) == (True, 0)
    assert expired(log, now) == 40
    assert (verify(log).ok, verify(log).expired) == (True, 40)


def test_what_is_read_in_place_of_an_expired_entry_says_so(log: Path) -> None:
    expired(log, datetime(2025, 3, 2, tzinfo=UTC))
    journal = Journal.open(log)
    entries = [record.entry for record in journal.read()]
    assert isinstance(entries[0], Gone)
    assert sum(isinstance(entry, Gone) for entry in entries) == 40
    assert any(isinstance(entry, Expiry) for entry in entries)
    journal.close()


async def test_entries_expire_while_others_are_written(log: Path) -> None:
    journal = Journal.open(log, Options(segment_bytes=3000))

    async def load() -> None:
        for number in range(100):
            await journal.append(act(f"new {number}"))

    count, _ = await asyncio.gather(expire(journal, datetime(2025, 3, 2, tzinfo=UTC)), load())
    journal.close()
    assert count == 40
    assert (verify(log).ok, verify(log).expired) == (True, 40)


DEED = {"at": AT, "actor": "a", "verb": "v", "object": "o"}
OUTCOME = Outcome(at=AT, status="completed", organisation="o", key="k")


@pytest.mark.parametrize(
    ("entry", "years"),
    [
        (refusal("x"), 1),
        (refusal("x", PHONE=3), 1),
        (refusal("x", PASSPORT=1), 2),
        (refusal("x", SENSITIVE=1), 2),
        (refusal("x", CREDIT_INFO=1, RRN=1), 3),
        (OUTCOME, 1),
        (Outcome(at=AT, status="completed", organisation="o", key="k", reply_findings={"RRN": 1}), 2),
        (
            Intent(
                at=AT, organisation="o", key="k", route="", model="", grade="", digest="", plan=(), policy=""
            ),
            1,
        ),
        (act("x"), 3),
        (AdminAct(**DEED, role="auditor"), 3),
        (Reveal(**DEED, reason="r", pseudonyms=()), 3),
        (PolicyChange(**DEED, before="a", after="b"), 5),
        (KeyAct(**DEED, purpose="log"), 0),
        (Expiry(**DEED, ranges=((0, 1),)), 0),
    ],
)
def test_the_table_gives_each_kind_its_years(entry: AnyEntry, years: int) -> None:
    assert Retention().years(entry) == years
    longer = Retention(5).years(entry)
    assert longer == (5 if (years > 0 and hasattr(entry, "status")) or hasattr(entry, "route") else years)


@pytest.mark.parametrize("years", [0, 4, 10])
def test_other_spans_than_the_laws_are_refused(years: int) -> None:
    with pytest.raises(ValueError, match="years"):
        Retention(years)
