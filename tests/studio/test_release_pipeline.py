"""From a base and an adapter to a release on the shelf: exports, the gate, cards, licences."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

torch = pytest.importorskip("torch", reason="the workshop's engines come with the extra `studio`")
pytest.importorskip("transformers", reason="the workshop's engines come with the extra `studio`")
pytest.importorskip("peft", reason="the workshop's engines come with the extra `studio`")
pytest.importorskip("xllamacpp", reason="what serves a GGUF comes with the extra `local`")

from hanbok.gateway.llama.releases import SERVING, Serving  # noqa: E402 - after the engines are known to be there
from hanbok.studio.artifacts import Artifact, Kind, check, make  # noqa: E402
from hanbok.studio.release.errors import (  # noqa: E402
    LicenceForbids,
    ParityFailed,
    ParityRowsMissing,
    VersionTaken,
)
from hanbok.studio.release.export_plan import Export, ExportBase, ExportPlan, gguf_of  # noqa: E402
from hanbok.studio.release.gguf_file import GgufFile  # noqa: E402
from hanbok.studio.release.parity import Parity  # noqa: E402
from hanbok.studio.release.parity_plan import ParityPlan  # noqa: E402
from hanbok.studio.release.plan import CardPlan, Release, ReleasePlan  # noqa: E402
from hanbok.studio.release.registry import Registry  # noqa: E402
from hanbok.studio.rows import DIALOGUE  # noqa: E402
from hanbok.studio.scores import scores_of  # noqa: E402
from studio.small_models import LABELS, TEXT, small_adapter, small_model  # noqa: E402

pytestmark = [
    # PEFT reads a setting of transformers by its old name.
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:peft"),
]


class Quiet:
    def begin(self, what, total, unit):
        pass

    def advance(self, done):
        pass


QUIET = Quiet()


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def made(store, stage, inputs):
    return make(
        store, stage.makes, stage.name, stage.spec, inputs, lambda folder: stage.run(inputs, folder, QUIET)
    )


def artifact(store, kind, stage, work, **facts) -> Artifact:
    def fill(folder):
        work(folder)
        return facts

    return make(store, kind, stage, {"made": str(sorted(facts))}, {}, fill)


def rows(folder: Path, count=12):
    told = [
        {
            "id": f"r{number:02}",
            "messages": json.dumps(
                [
                    {"role": "user", "content": f"{TEXT[number % len(TEXT)]} {number}"},
                    {"role": "assistant", "content": LABELS[number % len(LABELS)]},
                ]
            ),
            **dict.fromkeys(("source", "origin", "fetched", "opt_out"), "test"),
            "licence": "CC0-1.0",
        }
        for number in range(count)
    ]
    pq.write_table(pa.Table.from_pylist(told, schema=DIALOGUE), folder / "part-0.parquet")


class Bench:
    """The inputs of a release, of one family of models."""

    def __init__(self, store: Path, family: str):
        self.store = store
        self.base = artifact(
            store,
            Kind.MODEL,
            "base",
            lambda folder: small_model(folder, family),
            licence="Apache-2.0",
            origin=family,
        )

        def adapter(folder):
            small_adapter(folder, seed=7)
            for name in ("tokenizer.json", "tokenizer_config.json"):
                shutil.copy(self.base.path / name, folder)

        self.tuned = artifact(
            store, Kind.ADAPTER, "tune", adapter, licence="Apache-2.0", data_licences={"CC0-1.0": 12}, rows=12
        )
        self.held_out = artifact(store, Kind.CORPUS, "held_out", rows, rows=12)

    def inputs(self, plan: ExportPlan) -> dict[str, Artifact]:
        found = {"base": self.base, "tuned": self.tuned, "held_out": self.held_out}
        found["export_base"] = made(self.store, ExportBase(plan), found)
        found["export"] = made(self.store, Export(plan), found)
        return found


@pytest.fixture(scope="module", params=["gemma3", "llama", "qwen2"])
def bench(request, tmp_path_factory):
    return Bench(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("one"), "llama")


@pytest.mark.parametrize("form", ["adapter", "merged"])
def test_what_is_exported_answers_as_what_was_trained(bench, form):
    plan = ExportPlan(form=form, width="f32", choices=LABELS)
    inputs = bench.inputs(plan)
    gate = made(bench.store, Parity(ParityPlan(), choices=LABELS), inputs)
    assert gate.manifest.facts["agreement"] == {"gguf": 1.0, "merged": 1.0}
    assert scores_of(gate).tasks[0].score.n == 12


def test_free_answers_are_the_same_up_to_ties(bench):
    inputs = bench.inputs(ExportPlan(form="adapter"))
    gate = made(bench.store, Parity(ParityPlan(rows=5, margin=0.3)), inputs)
    assert gate.manifest.facts["agreement"] == {"gguf": 1.0, "merged": 1.0}


def test_an_export_of_another_adapter_fails_the_gate_and_names_rows_by_id_only(llama, tmp_path):
    plan = ExportPlan(form="adapter", choices=LABELS)
    inputs = llama.inputs(plan)

    def other(folder):
        small_adapter(folder, seed=99)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            shutil.copy(llama.base.path / name, folder)

    inputs["tuned"] = artifact(tmp_path, Kind.ADAPTER, "tune", other, licence="Apache-2.0", other=True)
    with pytest.raises(ParityFailed) as caught:
        made(tmp_path, Parity(ParityPlan(), choices=LABELS), inputs)
    told = str(caught.value)
    assert "gguf" in told
    assert "r0" in told
    assert not any(text[:6] in told for text in TEXT)
    assert not list(tmp_path.glob("parity-*[!t]"))[1:]
    waived = made(tmp_path, Parity(ParityPlan(waive="시험용"), choices=LABELS), inputs)
    assert waived.manifest.facts["waived"] == "시험용"
    assert waived.manifest.facts["differ"]["gguf"]


def test_a_gate_without_rows_does_not_pass(llama, tmp_path):
    empty = tmp_path / "rows.jsonl"
    empty.write_text("\n")
    inputs = llama.inputs(ExportPlan(form="adapter", gguf=gguf_of(llama.inputs(ExportPlan())["export_base"])))
    assert inputs["export_base"].manifest.facts["architecture"] == "llama"
    with pytest.raises(ParityRowsMissing):
        made(tmp_path, Parity(ParityPlan(held_out=empty)), inputs)
    with pytest.raises(ParityRowsMissing):
        Parity(ParityPlan()).run({k: v for k, v in inputs.items() if k != "held_out"}, tmp_path, QUIET)


def test_a_merged_file_keeps_every_key_of_its_base_byte_for_byte(llama):
    inputs = llama.inputs(ExportPlan(form="merged"))
    base, merged = (GgufFile.open(gguf_of(inputs[role])) for role in ("export_base", "export"))
    kept = [name for name in base.spans if name != "tokenizer.chat_template"]
    assert {name: merged.key_bytes(name) for name in kept} == {name: base.key_bytes(name) for name in kept}
    assert (
        merged.keys["tokenizer.chat_template"] == (inputs["tuned"].path / "chat_template.jinja").read_text()
    )
    same = [name for name in base.tensors if "norm" in name or name in ("token_embd.weight", "output.weight")]
    assert all(base.raw(name) == merged.raw(name) for name in same)
    assert base.raw("blk.0.attn_q.weight") != merged.raw("blk.0.attn_q.weight")


@pytest.fixture(scope="module")
def released(llama):
    return release(llama, ReleasePlan(exports=("modelfile", "vllm", "oci")), "1.0.0")


def release(bench, plan, version, form="adapter", **choices):
    export = ExportPlan(form=form, width="f32", choices=LABELS, **choices)
    inputs = bench.inputs(export)
    inputs["parity"] = made(bench.store, Parity(ParityPlan(), choices=LABELS), inputs)
    inputs["corpus"] = bench.held_out
    return made(bench.store, Release(plan, name="complaint-router", version=version, export=export), inputs)


def test_a_release_says_how_it_is_served_and_carries_cards_and_notices(released, llama):
    serving = msgspec.json.decode((released.path / SERVING).read_bytes(), type=Serving)
    assert serving.key == "complaint-router@1.0.0"
    assert serving.sha256 == hashlib.sha256((released.path / serving.file).read_bytes()).hexdigest()
    assert serving.template == (llama.tuned.path / "chat_template.jinja").read_text()
    assert serving.sampling.choices == LABELS
    korean, english = ((released.path / f"CARD.{one}.md").read_text("utf-8") for one in ("ko", "en"))
    for card in (korean, english):
        assert "complaint-router@1.0.0" in card
        assert "CC0-1.0 | 12" in card
        assert "gguf | 100.0%" in card
        assert serving.sha256 in card
        assert llama.tuned.digest in card
    assert "인공지능기본법 제31조" in korean
    assert "AI Basic Act art. 31" in english
    assert "Apache License 2.0" in (released.path / "NOTICE.md").read_text("utf-8")
    check(released)


def test_the_oci_layout_is_read_back_by_digest_alone(released):
    layout = released.path / "oci"
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}

    def blob(descriptor):
        algorithm, _, digest = descriptor["digest"].partition(":")
        content = (layout / "blobs" / algorithm / digest).read_bytes()
        assert hashlib.new(algorithm, content).hexdigest() == digest
        assert len(content) == descriptor["size"]
        return content

    (top,) = json.loads((layout / "index.json").read_text())["manifests"]
    manifest = json.loads(blob(top))
    assert manifest["config"]["mediaType"] == "application/vnd.cncf.model.config.v1+json"
    config = json.loads(blob(manifest["config"]))
    assert config["modelfs"]["diffIds"] == [one["digest"] for one in manifest["layers"]]
    files = {one["annotations"]["org.cncf.model.filepath"]: blob(one) for one in manifest["layers"]}
    assert files["adapter.gguf"] == (released.path / "adapter.gguf").read_bytes()
    assert {"serving.json", "CARD.ko.md", "NOTICE.md"} <= files.keys()
    held = {one["digest"].partition(":")[2] for one in (top, manifest["config"], *manifest["layers"])}
    assert {path.name for path in (layout / "blobs" / "sha256").iterdir()} == held


def test_commands_for_others_name_what_is_there(released):
    modelfile = (released.path / "Modelfile").read_text("utf-8")
    assert "ADAPTER ./adapter.gguf" in modelfile
    command = (released.path / "serve-vllm.sh").read_text("utf-8")
    assert "--enable-lora --max-lora-rank 8 --lora-modules complaint-router=./hf" in command
    subprocess.run(["sh", "-n", str(released.path / "serve-vllm.sh")], check=True)
    assert (released.path / "hf" / "adapter_model.safetensors").is_file()


def test_merged_safetensors_answer_as_the_adapter_does(llama):
    found = release(llama, ReleasePlan(exports=("safetensors", "modelfile")), "1.1.0", form="merged")
    from peft import PeftModel  # noqa: PLC0415 - only this test
    from transformers import AutoModelForCausalLM  # noqa: PLC0415 - only this test

    whole = AutoModelForCausalLM.from_pretrained(found.path / "hf", dtype=torch.float32)
    below = AutoModelForCausalLM.from_pretrained(llama.base.path, dtype=torch.float32)
    parts = PeftModel.from_pretrained(below, str(llama.tuned.path))
    ids = torch.arange(3, 40)[None]
    with torch.no_grad():
        assert torch.allclose(whole(ids).logits, parts(ids).logits, atol=1e-3)
    assert "FROM ./model.gguf" in (found.path / "Modelfile").read_text("utf-8")


@pytest.mark.parametrize(
    ("base", "data", "purpose", "permissions", "forbidden"),
    [
        ("Apache-2.0", {"CC-BY-NC-4.0": 3}, "commercial", {}, True),
        ("Apache-2.0", {"CC-BY-NC-4.0": 3}, "noncommercial", {}, False),
        ("Apache-2.0", {"CC-BY-NC-4.0": 3}, "commercial", {"CC-BY-NC-4.0": "권리자 허락 2026-11-01"}, False),
        ("Apache-2.0", {"KOGL-4": 1}, "noncommercial", {}, True),
        ("Apache-2.0", {"": 1}, "commercial", {}, True),
        ("Apache-2.0", {"": 1}, "internal", {}, False),
        ("EXAONE", {"MIT": 1}, "commercial", {}, True),
        ("CC-BY-SA-4.0", {"MIT": 1}, "commercial", {}, True),
        ("LicenseRef-Gemma", {"CC-BY-SA-4.0": 9}, "commercial", {}, False),
    ],
)
def test_licences_of_base_and_data_decide(llama, tmp_path, base, data, purpose, permissions, forbidden):
    from hanbok.studio.release.licences import duties  # noqa: PLC0415 - beside its cases

    release_licence = "LicenseRef-hanbok-test"
    if forbidden:
        with pytest.raises(LicenceForbids):
            duties(base, data, purpose, release_licence, permissions)
    else:
        assert duties(base, data, purpose, release_licence, permissions)


def test_a_forbidden_licence_leaves_no_release(llama, tmp_path):
    plan = ReleasePlan(purpose="commercial")
    bench = Bench(tmp_path / "store", "llama")
    bench.tuned = artifact(
        tmp_path / "store",
        Kind.ADAPTER,
        "tune2",
        lambda folder: shutil.copytree(llama.tuned.path, folder, dirs_exist_ok=True),
        data_licences={"KOGL-3": 4},
    )
    with pytest.raises(LicenceForbids):
        release(bench, plan, "1.0.0")
    assert not [one for one in (tmp_path / "store").glob("release-*") if not one.name.endswith(".part")]


def test_the_shelf_takes_a_release_once_and_never_another_under_its_name(released, llama, tmp_path):
    registry = Registry(tmp_path / "models")
    assert registry.take_in(released) == "complaint-router@1.0.0"
    assert registry.take_in(released) == "complaint-router@1.0.0"
    other = release(llama, ReleasePlan(card=CardPlan(contact="다른 곳")), "1.0.0")
    with pytest.raises(VersionTaken):
        registry.take_in(other)
    assert registry.versions("complaint-router") == ["1.0.0"]


@pytest.mark.slow
def test_kill_9_at_any_moment_leaves_a_whole_release_or_none(released, tmp_path):
    """The process dies at its nth change of the disk, for every n until it gets to its end."""
    program = """
import os, sys
from pathlib import Path
from hanbok.studio.artifacts import find
from hanbok.studio.release import registry as module
left = int(sys.argv[1])
def dying(real):
    def call(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return real(*arguments, **named)
    return call
for name in ("link", "fsync", "rename", "replace"):
    setattr(os, name, dying(getattr(os, name)))
shelf = module.Registry(Path(sys.argv[2]))
shelf.take_in(find(Path(sys.argv[3])))
shelf.promote("complaint-router", "1.0.0")
"""
    folder = tmp_path / "models"
    for steps in range(0, 400, 3):
        done = subprocess.run(
            [sys.executable, "-c", program, str(steps), str(folder), str(released.path)], check=False
        )
        registry = Registry(folder)
        if "complaint-router" in registry.names():
            for version in registry.versions("complaint-router"):
                check(registry.artifact("complaint-router", version))
        live = registry.line("complaint-router").live
        assert not live or registry.release("complaint-router", live).path.is_file()
        if done.returncode == 0:
            break
        assert done.returncode == -9
    assert Registry(folder).line("complaint-router").live == "1.0.0"
