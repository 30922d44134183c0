"""A batch when what it needs fails under it: what was paid for is kept, and not asked again."""

import asyncio
from collections import Counter
from types import SimpleNamespace

import msgspec
import pytest

from hanbok.core.clock import stamp
from hanbok.gateway.batches import run
from hanbok.gateway.batches.files import Files, KeptFile
from hanbok.gateway.batches.lines import Answered, Line
from hanbok.gateway.batches.run import Run
from hanbok.gateway.batches.shapes import Progress
from hanbok.gateway.undertakings import Undertaking
from hanbok.store.errors import StoreUnavailable

URL = "/v1/chat/completions"
LINES = b"".join(
    msgspec.json.encode({"custom_id": f"c{one}", "method": "POST", "url": URL, "body": {}}) + b"\n"
    for one in range(6)
)


class _Vault:
    """Keeps in memory; `fails` puts are refused first."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], tuple[bytes, ...]] = {}
        self.fails = 0
        about = KeptFile(
            id="file-1", key="k", bytes=len(LINES), created_at=0, filename="a.jsonl", purpose="batch"
        )
        self.kept["file-1", "about"] = (msgspec.json.encode(about),)
        self.kept["file-1", "content"] = (LINES,)

    async def put(self, _organisation, name, parts, *_args, **_more) -> None:
        if self.fails:
            self.fails -= 1
            raise StoreUnavailable(why="away")
        self.kept |= {(name, part): body for part, body in parts.items()}

    async def find(self, _organisation, name, part):
        return self.kept.get((name, part))

    async def names(self, _organisation, first, last, part):
        return sorted(name for name, one in self.kept if one == part and first <= name <= last)


class _Records:
    def __init__(self) -> None:
        self.states: list[str] = []
        self.slips = 0

    def note(self, _name, *, state, **_more) -> None:
        if self.slips and self.states:
            self.slips -= 1
            raise StoreUnavailable(why="away")
        self.states.append(state)


def made(vault: _Vault, records: _Records, ask) -> Run:
    progress = Progress(input_file_id="file-1", endpoint=URL, created_at=0, expires_at=2**40)
    facts = msgspec.json.encode(progress).decode()
    one = Undertaking(
        id="b", kind="batch", organisation="o", key="k", state="validating", created=stamp(), facts=facts
    )
    vaults = SimpleNamespace(keeping=lambda _: vault)
    return Run(one, vaults, records, Files(vaults), ask, 3, asyncio.Semaphore(3))


async def test_an_answer_waits_for_its_store_and_is_asked_once(monkeypatch):
    monkeypatch.setattr(run, "_KEPT_AGAIN_AFTER", 0.0)
    asked, vault, records = Counter(), _Vault(), _Records()

    async def ask(line: Line, _key: str, _origin: str) -> Answered:
        asked[line.custom_id] += 1
        vault.fails += 2
        return Answered(status=200, call=line.custom_id, body=b"{}")

    await made(vault, records, ask).whole()
    assert set(asked.values()) == {1}
    assert len(asked) == 6
    assert records.states[-1] == "completed"


@pytest.mark.parametrize("slip", ["a bug", "the records"])
async def test_what_fails_for_one_line_breaks_no_other_off(monkeypatch, slip):
    asked, vault, records, going = Counter(), _Vault(), _Records(), asyncio.Event()
    if slip == "the records":
        monkeypatch.setattr(run, "_NOTE_EVERY", 0.0)
        records.slips = 1

    async def ask(line: Line, _key: str, _origin: str) -> Answered:
        asked[line.custom_id] += 1
        if line.custom_id == "c0" and asked["c0"] == 1:
            going.set()
            if slip == "a bug":
                raise ZeroDivisionError
        else:
            await going.wait()
            await asyncio.sleep(0.02)
        return Answered(status=200, call=line.custom_id, body=b"{}")

    with pytest.raises((ZeroDivisionError, StoreUnavailable)):
        await made(vault, records, ask).whole()
    assert asked.total() == 3, "no line is begun any more"
    await made(vault, records, ask).whole()
    assert asked == Counter(dict.fromkeys((f"c{one}" for one in range(6)), 1)) + Counter(c0=slip == "a bug")
    assert records.states[-1] == "completed"
