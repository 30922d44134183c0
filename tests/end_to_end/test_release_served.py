"""A release is served by name once it is on the shelf: no settings edited, no restart, and the log says which one."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import openai
import pytest

from hanbok.testing.running import RunningHanbok

pytest.importorskip("xllamacpp", reason="needs the extra `local`: the embedded model")
pytest.importorskip("gguf", reason="needs the workshop's packages (group `test`)")

from hanbok.gateway.llama.releases import SERVING, Sampling, Serving
from hanbok.studio.artifacts import Artifact, Kind, make, sha256
from hanbok.studio.release.adapter_gguf import write_adapter
from hanbok.studio.release.folder_gguf import write_folder
from hanbok.studio.release.gguf_file import GgufFile
from studio.small_models import LABELS, TEMPLATE, small_adapter, small_model

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]
SETTINGS = """\
state: state
server: {{port: 0}}
endpoints:
  home:
    kind: embedded
    zone: home
    operator: self
    data_use: {{trains: false}}
    options: {{path: {base}, context: "512", threads: "1"}}
models:
  small: {{targets: [{{endpoint: home, model: small}}], price: {{input: 0, output: 0, as_of: 2026-11-01}}}}
  fixed: {{targets: [{{endpoint: home, model: router@1.0.0}}]}}
"""
QUESTION = [{"role": "user", "content": "가로등이 꺼져서 밤길이 어둡습니다."}]


class Quiet:
    def begin(self, *_: object) -> None: ...

    def advance(self, done: int) -> None: ...


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts")
    base = folder / "base.gguf"
    write_folder(small_model(folder / "hf", "llama"), base, width="f32", template=TEMPLATE, progress=Quiet())
    for seed in (1, 2):
        adapter = small_adapter(folder / f"hf{seed}", seed=seed)
        write_adapter(adapter, GgufFile.open(base), folder / f"{seed}.gguf", Quiet())
    return folder


@pytest.fixture(scope="module")
def server(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHanbok]:
    settings = SETTINGS.format(base=parts / "base.gguf")
    with RunningHanbok(tmp_path_factory.mktemp("released"), settings) as running:
        yield running


def released(parts: Path, store: Path, version: str, seed: int) -> Artifact:
    def work(folder: Path) -> dict[str, object]:
        file = folder / "adapter.gguf"
        file.write_bytes((parts / f"{seed}.gguf").read_bytes())
        serving = Serving(
            name="router",
            version=version,
            form="adapter",
            file=file.name,
            sha256=sha256(file),
            base=sha256(parts / "base.gguf"),
            sampling=Sampling(choices=LABELS),
        )
        (folder / SERVING).write_bytes(msgspec.json.encode(serving))
        return {"name": "router", "version": version, "form": "adapter"}

    return make(store, Kind.RELEASE, "release", {"version": version}, {}, work)


def ask(server: RunningHanbok, model: str, seconds: float = 30) -> str:
    """What is promoted is on offer within a second."""
    end = time.monotonic() + seconds
    with openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0, timeout=60) as client:
        while True:
            try:
                answer = client.chat.completions.create(model=model, messages=QUESTION, max_tokens=12)
                return answer.choices[0].message.content or ""
            except (openai.NotFoundError, openai.InternalServerError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)


def answered(server: RunningHanbok, model: str, count: int = 1) -> list[str]:
    """Return which releases answered, as the log says."""
    for _ in range(count):
        ask(server, model)
    time.sleep(0.5)
    told = server.run("log", "show", "--json", "--limit", str(count * 3))
    entries = [line["entry"] for line in json.loads(told.stdout)]
    outcomes = [one for one in entries if one["entry"] == "outcome"]
    return [one["steps"].get("release", "") for one in outcomes][-count:]


def test_a_release_is_served_promoted_and_rolled_back_while_the_server_runs(
    server: RunningHanbok, parts: Path, tmp_path: Path
) -> None:
    done = server.run("model", "release", str(released(parts, tmp_path, "1.0.0", 1).path), "--json")
    assert json.loads(done.stdout)["live"] == "1.0.0", done.stderr
    assert ask(server, "router") in LABELS
    assert answered(server, "router") == ["router@1.0.0"]
    assert answered(server, "small") == [""]

    done = server.run("model", "release", str(released(parts, tmp_path, "1.1.0", 2).path), "--json")
    assert json.loads(done.stdout)["live"] == "1.0.0", done.stderr
    assert ask(server, "router@1.1.0") in LABELS
    refused = server.run("model", "promote", "router@1.1.0")
    assert refused.returncode == 3
    assert "probes_missing" in refused.stderr
    done = server.run("model", "promote", "router@1.1.0", "--percent", "50", "--force", "시험", "--json")
    assert json.loads(done.stdout)["canary"] == "1.1.0", done.stderr
    time.sleep(1.5)
    assert set(answered(server, "router", 24)) == {"router@1.0.0", "router@1.1.0"}
    done = server.run("model", "promote", "router@1.1.0", "--force", "시험", "--json")
    assert json.loads(done.stdout)["live"] == "1.1.0", done.stderr
    time.sleep(1.5)
    assert set(answered(server, "router", 3)) == {"router@1.1.0"}
    assert answered(server, "fixed") == ["router@1.0.0"]
    done = server.run("model", "rollback", "router", "--json")
    assert json.loads(done.stdout)["live"] == "1.0.0", done.stderr
    time.sleep(1.5)
    assert set(answered(server, "router", 3)) == {"router@1.0.0"}
    assert server.run("model", "retire", "router").returncode == 0
    time.sleep(1.5)
    with pytest.raises(openai.NotFoundError):
        ask(server, "router", seconds=1)
