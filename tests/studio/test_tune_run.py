"""Tuning small random models: what comes out, that it is the same however often it was killed, and what stops it."""

# ruff: noqa: E402 - torch is asked for before what needs it

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: it comes with the extra `studio`")
pytest.importorskip("peft", reason="peft is not installed: it comes with the extra `studio`")

import msgspec
from safetensors.torch import load_file

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Kind, check, find, make
from hanbok.studio.tune.checkpoint import Checkpoints
from hanbok.studio.tune.errors import (
    CheckpointBroken,
    IdentifiersInData,
    LicenceForbids,
    LicenceUnknown,
    LossBroken,
    MemoryShort,
    NothingToLearn,
    PlanUnfit,
    RowUnreadable,
)
from hanbok.studio.tune.losses import Head
from hanbok.studio.tune.merging import Merge
from hanbok.studio.tune.opening import Base, load_model, load_tokenizer
from hanbok.studio.tune.plan import BasePlan, MergePlan, TunePlan, VocabularyPlan
from hanbok.studio.tune.rows_file import RowsFile
from hanbok.studio.tune.tuning import Tune
from hanbok.studio.tune.vocabulary import Expand
from hanbok.testing.korean import Identities
from studio.small_models import LABELS, TEXT, small_model

# transformers 5.23 warns about its own old name when PEFT asks whether gradients are checkpointed.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")


class Heard:
    """Progress that is written down."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, int | None, str]] = []
        self.done: list[int] = []

    def begin(self, what: Text, total: int | None, unit: str) -> None:
        self.parts.append((what.en, total, unit))
        self.done.append(0)

    def advance(self, done: int) -> None:
        self.done[-1] += done


@pytest.fixture(autouse=True)
def _one_thread():
    torch.set_num_threads(1)


def made(
    store: Path, stage, inputs: dict[str, Artifact] | None = None, heard: Heard | None = None
) -> Artifact:
    given = inputs or {}
    work = lambda folder: stage.run(given, folder, heard or Heard())  # noqa: E731
    return make(store, stage.makes, stage.name, stage.spec, given, work)


def rows(path: Path, lines: list[dict]) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in lines), encoding="utf-8")
    return path


def dialogue(asked: str, said: str) -> dict:
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]}


DIALOGUES = [dialogue(TEXT[at % len(TEXT)], LABELS[at % len(TEXT) % len(LABELS)]) for at in range(30)]
PLAN = {
    "epochs": 4,
    "batch": 8,
    "rank": 4,
    "learning_rate": 0.02,
    "precision": "float32",
    "checkpoint_every": 2,
}

LONG = PLAN | {"epochs": 20, "rank": 8, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("base")
    return made(folder, Base(BasePlan(path=small_model(folder / "gemma", "gemma3"), licence="Apache-2.0")))


@pytest.fixture(scope="module")
def sharp(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    """A model whose frozen head tells tokens apart well enough for an adapter to be sure of an answer."""
    folder = tmp_path_factory.mktemp("sharp")
    return made(folder, Base(BasePlan(path=small_model(folder / "llama", "llama"), licence="MIT")))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Artifact:
    folder = tmp_path_factory.mktemp("rows")
    return made(folder, RowsFile(rows(folder / "rows.jsonl", DIALOGUES), "MIT"))


def weights(artifact: Artifact) -> dict:
    name = "adapter_model.safetensors" if artifact.manifest.kind is Kind.ADAPTER else "model.safetensors"
    return load_file(artifact.path / name)


def same(one: dict, other: dict) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_an_adapter_learns_the_answers(tmp_path: Path, sharp: Artifact, corpus: Artifact) -> None:
    heard = Heard()
    tuned = made(
        tmp_path, Tune(TunePlan(**LONG)), {"base": sharp, "corpus": corpus, "held_out": corpus}, heard
    )
    facts = tuned.manifest.facts
    assert tuned.manifest.kind is Kind.ADAPTER
    check(tuned)
    assert facts["held_out_loss_after"] < facts["held_out_loss_before"] / 3
    assert (facts["rows"], facts["steps"], facts["data_licences"]) == (30, 80, {"MIT": 30})
    assert {
        "adapter_config.json",
        "adapter_model.safetensors",
        "tokenizer.json",
    } <= tuned.manifest.files.keys()
    assert heard.parts[-1] == ("Training", facts["tokens"], "token")
    assert heard.done[-1] == facts["tokens"]
    said = json.loads((tuned.path / "adapter_config.json").read_text())
    assert (said["r"], said["base_model_name_or_path"]) == (8, "")


def test_the_adapter_answers_as_it_was_taught(tmp_path: Path, sharp: Artifact, corpus: Artifact) -> None:
    inputs = {"base": sharp, "corpus": corpus}
    tuned = made(tmp_path, Tune(TunePlan(**LONG)), inputs)
    whole = made(tmp_path, Merge(MergePlan()), {"base": sharp, "tuned": tuned})
    model, tokenizer = load_model(whole.path), load_tokenizer(whole.path)
    right = 0
    for line in DIALOGUES[:15]:
        asked = tokenizer.apply_chat_template(
            line["messages"][:1], tokenize=False, add_generation_prompt=True
        )
        ids = torch.tensor([tokenizer(asked, add_special_tokens=False)["input_ids"]])
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False)
        right += (
            tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True).strip()
            == line["messages"][1]["content"]
        )
    assert right == 15


@pytest.mark.parametrize("train", ["lora", "full"])
def test_two_runs_give_the_same_bytes(tmp_path: Path, base: Artifact, corpus: Artifact, train: str) -> None:
    inputs = {"base": base, "corpus": corpus}
    one, other = (
        made(
            tmp_path / name,
            Tune(TunePlan(**PLAN | {"train": train, "epochs": 1, "learning_rate": 1e-3})),
            inputs,
        )
        for name in "ab"
    )
    assert one.digest == other.digest
    assert one.manifest.kind is (Kind.ADAPTER if train == "lora" else Kind.MODEL)
    seeded = made(tmp_path, Tune(TunePlan(**PLAN | {"epochs": 1, "seed": 5})), inputs)
    assert seeded.digest != one.digest


class _Kill(Heard):
    """Kills this process once so many tokens of the training are done."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def advance(self, done: int) -> None:
        super().advance(done)
        if self.parts[-1][0] == "Training" and self.done[-1] > self.after:
            os.kill(os.getpid(), signal.SIGKILL)


def killed(store: str, base: str, corpus: str, plan: str, after: str) -> None:
    """The body of a process that dies in the middle of a training."""
    torch.set_num_threads(1)
    inputs = {"base": find(Path(base)), "corpus": find(Path(corpus))}
    made(Path(store), Tune(msgspec.json.decode(plan, type=TunePlan)), inputs, _Kill(int(after)))


@pytest.mark.slow
@pytest.mark.parametrize("extra", [{}, {"negatives": 64}], ids=["exact", "estimated"])
def test_a_killed_run_goes_on_to_the_weights_of_an_unbroken_one(
    tmp_path: Path, base: Artifact, corpus: Artifact, extra: dict
) -> None:
    plan = TunePlan(**PLAN | extra)
    inputs = {"base": base, "corpus": corpus}
    unbroken = made(tmp_path / "unbroken", Tune(plan), inputs)
    code = "import sys; from studio.test_tune_run import killed; killed(*sys.argv[1:])"
    told = [str(tmp_path / "broken"), str(base.path), str(corpus.path), msgspec.json.encode(plan).decode()]
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    dead = subprocess.run(
        [sys.executable, "-c", code, *told, str(unbroken.manifest.facts["tokens"] // 2)],
        env=environ,
        check=False,
    )
    assert dead.returncode == -signal.SIGKILL
    (half,) = (tmp_path / "broken").glob("*.part")
    assert list(half.glob(".checkpoints/step-*.pt"))
    heard = Heard()
    resumed = made(tmp_path / "broken", Tune(plan), inputs, heard)
    assert same(weights(resumed), weights(unbroken))
    assert resumed.digest == unbroken.digest


TORCHRUN = (
    "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "0", "--rdzv-backend", "c10d",
    "--rdzv-endpoint", "127.0.0.1:0", "-m", "hanbok.studio.tune.peer", "JOB",
)  # fmt: skip
RAY = ("hanbok.studio.tune.ray_peers", "JOB", "2")


@pytest.mark.slow
@pytest.mark.parametrize("command", [TORCHRUN, RAY], ids=["torchrun", "Ray Train"])
def test_two_processes_learn_what_one_does(
    tmp_path: Path, base: Artifact, corpus: Artifact, command: tuple[str, ...]
) -> None:
    if command is RAY:
        pytest.importorskip("tensorboardX", reason="Ray Train comes with `pip install 'ray[train]'`")
    plan = TunePlan(**PLAN | {"steps": 6, "learning_rate": 1e-3})
    alone = made(tmp_path / "alone", Tune(plan), {"base": base, "corpus": corpus})
    job = tmp_path / "job.json"
    told = {"plan": msgspec.to_builtins(plan), "base": str(base.path), "corpus": str(corpus.path)}
    job.write_text(json.dumps(told | {"store": str(tmp_path / "many")}))
    with (tmp_path / "told").open("w+") as out:  # a pipe would stay open with Ray's own processes
        run = subprocess.run(
            [sys.executable, "-m", *(str(job) if one == "JOB" else one for one in command)],
            env=os.environ | {"OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"},
            check=False,
            stdout=out,
            stderr=subprocess.STDOUT,
            timeout=300,
        )
    assert run.returncode == 0, (tmp_path / "told").read_text()[-2000:]
    (folder,) = (tmp_path / "many").iterdir()
    many = find(folder)
    check(many)
    one, other = weights(alone), weights(many)
    assert one.keys() == other.keys()
    for name in one:
        assert torch.allclose(one[name], other[name], atol=2e-4), name


def test_documents_are_learned_whole(tmp_path: Path, base: Artifact) -> None:
    documents = made(tmp_path, RowsFile(rows(tmp_path / "texts.jsonl", [{"text": one} for one in TEXT * 4])))
    plan = TunePlan(**PLAN | {"method": "text", "train": "full", "learning_rate": 3e-3, "length": 12})
    tuned = made(tmp_path, Tune(plan), {"base": base, "corpus": documents, "held_out": documents})
    facts = tuned.manifest.facts
    assert tuned.manifest.kind is Kind.MODEL
    assert facts["held_out_loss_after"] < facts["held_out_loss_before"] - 1
    assert facts["examples"] > facts["rows"]  # long texts are cut, and nothing of them is lost
    assert load_model(tuned.path).num_parameters() == facts["learned_weights"]


@pytest.mark.parametrize("train", ["lora", "full"])
def test_the_chosen_answer_becomes_likelier_than_the_rejected_one(
    tmp_path: Path, base: Artifact, train: str
) -> None:
    pairs = [
        {
            "input": {"messages": [{"role": "user", "content": one}]},
            "preferred_output": [{"role": "assistant", "content": "네, 바로 처리하겠습니다."}],
            "non_preferred_output": [{"role": "assistant", "content": "싫어요."}],
        }
        for one in TEXT * 3
    ]
    corpus = made(tmp_path, RowsFile(rows(tmp_path / "pairs.jsonl", pairs)))
    plan = TunePlan(
        **PLAN | {"method": "preference", "learning_rate": 5e-3 if train == "lora" else 1e-3, "train": train}
    )
    tuned = made(tmp_path, Tune(plan), {"base": base, "corpus": corpus})
    assert tuned.manifest.facts["loss_first"] == pytest.approx(0.69, abs=0.05)  # ln 2: it begins as the base
    assert tuned.manifest.facts["loss_last"] < 0.3


def test_an_expanded_vocabulary_needs_fewer_tokens_and_learns_only_its_rows_first(
    tmp_path: Path, base: Artifact, corpus: Artifact
) -> None:
    grown = made(tmp_path, Expand(VocabularyPlan(tokens=24, least_count=3)), {"base": base, "corpus": corpus})
    facts = grown.manifest.facts
    assert facts["tokens_per_word_after"] < facts["tokens_per_word_before"]
    assert facts["tokens_added"] == 24
    old, new = load_tokenizer(base.path), load_tokenizer(grown.path)
    for text in [*TEXT, "새 글에서는 English와 12345도 그대로입니다.\n둘째 줄"]:
        assert new.decode(new(text)["input_ids"]) == old.decode(old(text)["input_ids"])
    was, now = (load_model(one.path).get_input_embeddings().weight for one in (base, grown))
    assert torch.equal(now[: len(was)], was)
    first, count = load_model(grown.path).config.hanbok_new_tokens
    assert (first, count) == (len(was), 24)
    assert torch.isfinite(now).all()
    plan = TunePlan(**PLAN | {"train": "embeddings", "parts": ("new_input",), "learning_rate": 1e-2})
    tuned = made(tmp_path, Tune(plan), {"base": grown, "corpus": corpus})
    moved = load_model(tuned.path).get_input_embeddings().weight
    assert torch.equal(moved[:first], was)
    assert not torch.equal(moved[first:], now[first:])
    with pytest.raises(PlanUnfit):
        made(tmp_path, Tune(plan), {"base": base, "corpus": corpus})


@pytest.mark.parametrize("how", ["linear", "slerp"])
def test_a_merge_lies_between_its_two_models(
    tmp_path: Path, base: Artifact, corpus: Artifact, how: str
) -> None:
    instruct = small_model(tmp_path / "instruct", "gemma3", seed=2)
    plan = TunePlan(**PLAN | {"steps": 2, "train": "full", "learning_rate": 1e-3})
    tuned = made(tmp_path, Tune(plan), {"base": base, "corpus": corpus})
    ends = [
        made(tmp_path, Merge(MergePlan(how=how, other=instruct, share=share)), {"base": base, "tuned": tuned})
        for share in (0.0, 0.5, 1.0)
    ]
    mine, middle, theirs = (weights(one) for one in ends)
    assert all(torch.allclose(mine[name], one, atol=1e-5) for name, one in weights(tuned).items())
    assert all(
        torch.allclose(theirs[name], one, atol=1e-5)
        for name, one in load_file(instruct / "model.safetensors").items()
    )
    name = "model.layers.0.mlp.up_proj.weight"
    if how == "linear":
        assert torch.allclose(middle[name], (mine[name] + theirs[name]) / 2, atol=1e-6)
    else:  # on the arc: as long as its ends, which a straight mix of two unlike directions is not
        assert float(middle[name].norm() / mine[name].norm()) == pytest.approx(1, abs=0.05)
    other = small_model(tmp_path / "other", "llama")
    with pytest.raises(PlanUnfit):
        made(tmp_path, Merge(MergePlan(how=how, other=other)), {"base": base, "tuned": tuned})


def identified(column: str) -> list[dict]:
    number = Identities(20261122).rrn()
    said = f"제 주민등록번호는 {number}입니다."
    if column == "escaped":  # as JSON may write it inside JSON
        return [dialogue("신분증", "네"), dialogue(said.replace("-", "\u2010"), "네")]
    if column == "text":
        return [{"text": said}]
    if column == "rejected":
        asked = {"messages": [{"role": "user", "content": "번호?"}]}
        answers = {"preferred_output": [{"role": "assistant", "content": "못 알려 드립니다."}]}
        return [{"input": asked, **answers, "non_preferred_output": [{"role": "assistant", "content": said}]}]
    return [dialogue("번호?", said)]


@pytest.mark.parametrize(
    ("column", "method"),
    [("messages", "answers"), ("escaped", "answers"), ("text", "text"), ("rejected", "preference")],
)
def test_identifiers_in_any_column_refuse_the_start(
    tmp_path: Path, base: Artifact, column: str, method: str
) -> None:
    corpus = made(tmp_path, RowsFile(rows(tmp_path / "rows.jsonl", identified(column))))
    with pytest.raises(IdentifiersInData) as refused:
        made(tmp_path, Tune(TunePlan(**PLAN | {"method": method})), {"base": base, "corpus": corpus})
    assert refused.value.facts["rows"] == 1
    assert "RRN" in str(refused.value.facts["kinds"])
    assert not [
        one for one in tmp_path.iterdir() if one.name.startswith("tune-") and not one.name.endswith(".part")
    ]


def test_a_corpus_that_says_it_holds_identifiers_is_refused_unread(
    tmp_path: Path, base: Artifact, corpus: Artifact
) -> None:
    manifest = msgspec.structs.replace(
        corpus.manifest, facts=corpus.manifest.facts | {"unique_identifiers": 3}
    )
    with pytest.raises(IdentifiersInData):
        made(
            tmp_path,
            Tune(TunePlan(**PLAN)),
            {"base": base, "corpus": Artifact(path=corpus.path, manifest=manifest)},
        )


@pytest.mark.parametrize(
    ("licence", "commercial", "refused"),
    [
        ("CC-BY-ND-4.0", False, True),
        ("cc-by-nc-4.0", True, True),
        ("cc-by-nc-4.0", False, False),
        ("KOGL-4", False, True),
        ("KOGL-1", True, False),
        ("KOGL-3+AI", True, False),
        ("CC-BY-SA-4.0", True, False),
        ("LicenseRef-EXAONE-NC", True, True),
    ],
)
def test_licences_of_base_and_data_are_obeyed(
    tmp_path: Path, base: Artifact, licence: str, commercial: bool, refused: bool
) -> None:
    plan = Tune(TunePlan(**PLAN | {"steps": 1, "commercial": commercial}))
    corpus = made(tmp_path, RowsFile(rows(tmp_path / "rows.jsonl", DIALOGUES[:3]), licence))
    licensed = msgspec.structs.replace(base.manifest, facts={"licence": licence})
    free = made(tmp_path / "free", RowsFile(tmp_path / "rows.jsonl", "MIT"))
    for inputs in (
        {"base": base, "corpus": corpus},
        {"base": Artifact(path=base.path, manifest=licensed), "corpus": free},
    ):
        if refused:
            with pytest.raises(LicenceForbids):
                made(tmp_path, plan, inputs)
        else:
            assert made(tmp_path, plan, inputs).manifest.facts["steps"] == 1


def test_a_base_of_no_known_licence_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(LicenceUnknown):
        made(tmp_path, Base(BasePlan(path=small_model(tmp_path / "m", "llama"))))


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path, base: Artifact, corpus: Artifact) -> None:
    plan = TunePlan(**PLAN | {"train": "full", "learning_rate": 1e30, "clip": 1e30})
    with pytest.raises(LossBroken):
        made(tmp_path, Tune(plan), {"base": base, "corpus": corpus})
    assert not [one for one in tmp_path.iterdir() if not one.name.endswith(".part")]


def test_memory_that_torch_does_not_get_is_told(
    tmp_path: Path, base: Artifact, corpus: Artifact, monkeypatch
) -> None:
    monkeypatch.setattr(Head, "losses", lambda *_: torch.empty(1 << 50))
    with pytest.raises(MemoryShort):
        made(tmp_path, Tune(TunePlan(**PLAN)), {"base": base, "corpus": corpus})
    assert not [one for one in tmp_path.iterdir() if not one.name.endswith(".part")]


@pytest.mark.parametrize(
    ("lines", "error"),
    [
        ([{"messages": [{"role": "user", "content": "답이 없습니다"}]}], NothingToLearn),
        ([{"messages": "문자열"}], RowUnreadable),
        ([{"prompt": "옛 모양"}], RowUnreadable),
        ([DIALOGUES[0], {"text": "섞인 모양"}], RowUnreadable),
        ([], NothingToLearn),
    ],
)
def test_rows_that_teach_nothing_are_told(
    tmp_path: Path, base: Artifact, lines: list[dict], error: type
) -> None:
    def learn() -> None:
        corpus = made(tmp_path, RowsFile(rows(tmp_path / "rows.jsonl", lines)))
        made(tmp_path, Tune(TunePlan(**PLAN)), {"base": base, "corpus": corpus})

    with pytest.raises(error):
        learn()


def test_an_estimate_is_no_wild_guess(base: Artifact, corpus: Artifact) -> None:
    guess = Tune(TunePlan(**PLAN)).estimate({"base": base, "corpus": corpus})
    assert 1 < guess.cpu_seconds < 200
    assert 100 < guess.memory_mib < 4000


def test_a_checkpoint_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "step-00000002.pt").write_bytes(b"half of it")
    with pytest.raises(CheckpointBroken, match="step-00000002"):
        Checkpoints(tmp_path).newest()


def test_training_takes_no_clock(
    tmp_path: Path, base: Artifact, corpus: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a manifest says must not depend on how long anything took."""
    monkeypatch.setattr(time, "monotonic", lambda: 0.0)
    inputs = {"base": base, "corpus": corpus}
    plan = Tune(TunePlan(**PLAN | {"steps": 1}))
    assert not [name for name in made(tmp_path, plan, inputs).manifest.facts if "second" in name]
