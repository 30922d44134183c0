"""The embedded endpoint without its model: options, missing packages, files that cannot be used, a full disk."""

import asyncio
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from hanbok.core.errors import HanbokError
from hanbok.core.values import Destination, Language, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.endpoints import embedded
from hanbok.gateway.endpoints.embedded import Embedded
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.llama import supervisor as supervising
from hanbok.gateway.llama.cores import physical_cores
from hanbok.gateway.llama.errors import (
    LocalExtraMissing,
    ModelDied,
    ModelStarting,
    WeightsNotKept,
    WeightsUnusable,
)
from hanbok.gateway.llama.notice import notice

GOLDEN = Path(__file__).parents[1] / "golden" / "endpoint" / "embedded.jsonl"
HOME = Destination(endpoint="home", country="KR", zone=Zone.HOME, operator="self")
local = pytest.mark.model


def build(state, **options):
    return Embedded(EndpointConfig(destination=HOME, state=state, options=options), None)


@pytest.mark.parametrize("case", [json.loads(line) for line in GOLDEN.read_text("utf-8").splitlines()])
def test_options_are_read_or_refused(case, tmp_path):
    try:
        build(tmp_path, **case["options"])
        code = None
    except HanbokError as error:
        code = error.code
    assert code == case["error"]


async def test_a_chat_model_refuses_embeddings_and_the_other_way_round(tmp_path):
    with pytest.raises(UnsupportedRequest):
        await build(tmp_path).address(Operation.EMBEDDINGS, "m")
    with pytest.raises(UnsupportedRequest):
        await build(tmp_path, path="/m.gguf", serves="embeddings").address(Operation.CHAT, "m")


async def test_a_missing_package_is_named_with_the_way_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(embedded, "find_spec", lambda name: None if name == "xllamacpp" else object())
    endpoint = build(tmp_path)
    await endpoint.start()
    with pytest.raises(LocalExtraMissing) as caught:
        await endpoint.address(Operation.CHAT, "m")
    assert "xllamacpp" in str(caught.value)
    assert "hanbok[local]" in caught.value.advise(Language.EN)
    await endpoint.close()


async def test_an_endpoint_that_was_not_started_says_so(tmp_path):
    with pytest.raises(ModelStarting, match="not started"):
        await build(tmp_path, path="/m.gguf").address(Operation.CHAT, "m")


@local
@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "No such file"), (b"<html>", "not a GGUF file"), (b"GGUF\3\0", "cannot be loaded")],
)
async def test_a_file_that_is_no_model_is_refused_with_the_reason(tmp_path, content, why):
    path = tmp_path / "mine.gguf"
    if content is not None:
        path.write_bytes(content)
    endpoint = build(tmp_path, path=str(path))
    await endpoint.start()
    try:
        with pytest.raises(WeightsUnusable, match=why) as caught:
            await endpoint.address(Operation.CHAT, "m")
        assert str(path) in str(caught.value)
    finally:
        await endpoint.close()


@local
def test_a_full_disk_is_a_clear_error_and_leaves_no_half_file(tmp_path):
    """A file size limit stands in for the full disk: the same system call fails."""
    program = f"""
import resource
from pathlib import Path
from hanbok.gateway.llama.errors import WeightsNotKept
from hanbok.gateway.llama.weights import bundled
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
try:
    bundled(Path({str(tmp_path)!r}), lambda percent: None)
except WeightsNotKept as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "could not write 241 MiB of model weights" in done.stdout
    assert [file.name for file in tmp_path.iterdir()] == ["weights.lock"]


@local
def test_a_damaged_part_is_found_by_its_sum(tmp_path, monkeypatch):
    weights = import_module("hanbok.gateway.llama.weights")
    part = tmp_path / "part"
    part.write_bytes(b"GGUF and then not what was published")
    monkeypatch.setattr(weights.gemma, "chunk_paths", lambda: [part])
    with pytest.raises(WeightsUnusable, match="SHA-256"):
        weights.bundled(tmp_path / "state", lambda _: None)
    assert [file.name for file in (tmp_path / "state").iterdir()] == ["weights.lock"]


@local
def test_the_notice_of_the_weights_names_their_terms():
    assert "Gemma Terms of Use found at ai.google.dev/gemma/terms" in notice()


async def test_a_process_that_keeps_dying_is_started_again_ever_later(tmp_path, monkeypatch):
    starts, enough = [], asyncio.Event()
    monkeypatch.setattr(supervising, "_COMMAND", (sys.executable, "-c", "import sys; sys.exit(3)"))
    monkeypatch.setattr(supervising, "_FIRST_DELAY", 0.05)
    monkeypatch.setattr(supervising, "_LONGEST_DELAY", 0.2)
    real = supervising.Supervisor._run

    async def counted(self, url):
        starts.append(asyncio.get_running_loop().time())
        if len(starts) == 5:
            enough.set()
        return await real(self, url)

    monkeypatch.setattr(supervising.Supervisor, "_run", counted)
    endpoint = build(tmp_path, path="/m.gguf")
    await endpoint.start()
    try:
        with pytest.raises(ModelDied, match="exit status 3"):
            await endpoint.address(Operation.CHAT, "m")
        await asyncio.wait_for(enough.wait(), 20)
    finally:
        await endpoint.close()
    assert list(zip(supervising._delays(), [0.05, 0.1, 0.2, 0.2], strict=False)) == [
        (delay, delay) for delay in (0.05, 0.1, 0.2, 0.2)
    ]
    assert starts[3] - starts[0] > 0.05 + 0.1 + 0.2


def test_an_unwritable_state_folder_is_a_clear_error(tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")

    async def main():
        endpoint = build(tmp_path / "state", path="/m.gguf")
        await endpoint.start()
        try:
            with pytest.raises(WeightsNotKept):
                await endpoint.address(Operation.CHAT, "m")
        finally:
            await endpoint.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("siblings", "quota", "cores"),
    [
        ({0: "0", 1: "1"}, "max 100000", 2),
        ({0: "0-1", 1: "0-1"}, "max 100000", 1),
        ({0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}, "100000 100000", 1),
        ({0: "0", 1: "1"}, "50000 100000", 1),
        ({}, None, 3),
    ],
)
def test_cores_are_physical_ones_within_the_quota(tmp_path, monkeypatch, siblings, quota, cores):
    for cpu, text in siblings.items():
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(text + "\n")
    if quota is not None:
        (tmp_path / "cpu.max").write_text(quota + "\n")
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(siblings) or {0, 1, 2}, raising=False)
    assert physical_cores(tmp_path, tmp_path / "cpu.max") == cores
