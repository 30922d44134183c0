"""The stage that tunes: rows and a base in, an adapter or a model out."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
import torch

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact, Facts, Kind, sha256
from hanbok.studio.rows import rows_of
from hanbok.studio.stage import Estimate, Progress
from hanbok.studio.tune.checkpoint import Checkpoints
from hanbok.studio.tune.dialogue import Writer, choose_template
from hanbok.studio.tune.engines import Model
from hanbok.studio.tune.examples import Example, Reader, Row
from hanbok.studio.tune.gate import Watch, permit, permit_rows
from hanbok.studio.tune.learner import Learner
from hanbok.studio.tune.loop import Loop
from hanbok.studio.tune.opening import config_of, load_model, load_tokenizer, size_of
from hanbok.studio.tune.plan import TunePlan
from hanbok.studio.tune.together import Together

_MIB: Final = 1 << 20
_TOKENS_PER_BYTE: Final = 0.22
"""Of Korean in UTF-8, by Gemma's tokenizer; Parquet packs text to about a third."""
_PACKED: Final = 3.0
_FLOPS: Final = {torch.float32: 6e10, torch.bfloat16: 1.1e11}
"""Of one core with AVX-512, measured on LoRA of a model with 270 million weights."""
_COLUMNS: Final = {"answers": "messages", "text": "text", "preference": ""}
_MEASURED: Final = 64
"""Rows of `held_out` on which the loss is taken before and after."""


class Tune:
    """Makes an ADAPTER (`train: lora`) or a MODEL of `base`, `corpus` and, if there is one, `held_out`."""

    name: str = "tune"

    def __init__(self, plan: TunePlan) -> None:
        self.plan = plan
        self.makes = Kind.ADAPTER if plan.train == "lora" else Kind.MODEL
        self._precision = _precision(plan)

    @property
    def spec(self) -> Mapping[str, object]:
        """Also the precision that `auto` stands for here, and the words of a template of one's own."""
        file = self.plan.template_file
        plan = msgspec.structs.replace(self.plan, template_file=None)
        told: dict[str, object] = msgspec.json.decode(msgspec.json.encode(plan))
        return told | {
            "version": 1,
            "precision": str(self._precision).removeprefix("torch."),
            "template_file": sha256(file) if file else None,
        }

    def estimate(self, inputs: Mapping[str, Artifact]) -> Estimate:
        """Estimate from the sizes of files alone."""
        base, plan = inputs["base"], self.plan
        config = config_of(base.path)
        weights = size_of(base.path) / (2 if "16" in str(config.get("dtype", "")) else 4)
        head = config.get("vocab_size", 0) * config.get("hidden_size", 0)
        packed = sum(path.stat().st_size for path in inputs["corpus"].path.glob("*.parquet"))
        tokens = packed * _PACKED * _TOKENS_PER_BYTE * plan.epochs
        body = max(0.0, weights - head)
        passes = 6 if plan.train == "full" else 4
        # Half of what is read is learned; the head costs two passes of its own for each of those.
        flops = tokens * (passes * body + (0 if plan.negatives else 2 * head))
        width = 2 if self._precision is torch.bfloat16 else 4
        learns = weights if plan.train == "full" else 0.02 * weights
        activations = plan.tokens_at_once * config.get("hidden_size", 0) * config.get("num_hidden_layers", 0)
        return Estimate(
            cpu_seconds=flops / _FLOPS[self._precision] + 20,
            memory_mib=(weights * width + learns * 16 + activations * 34 * width) / _MIB + 900,
            disk_mib=learns * (16 * 2 + 4) / _MIB + 40,
        )

    def run(self, inputs: Mapping[str, Artifact], folder: Path, progress: Progress) -> Facts:
        """Under `torchrun` every process comes here; the first alone writes.

        Raises IdentifiersInData, LicenceForbids, NothingToLearn, RowUnreadable, TemplateUnfit, PlanUnfit, BaseUnusable,
        LossBroken, MemoryShort, CheckpointBroken.
        """
        base, corpus, plan = inputs["base"], inputs["corpus"], self.plan
        licence = str(base.manifest.facts.get("licence", ""))
        permit(Text(ko="베이스", en="the base"), licence, commercial=plan.commercial)
        watch = Watch(corpus)
        tokenizer = load_tokenizer(base.path)
        writer = Writer(tokenizer, choose_template(tokenizer, plan.template, plan.template_file))
        reader = Reader(tokenizer, writer, plan)
        progress.begin(Text(ko="데이터 읽기", en="Reading the data"), None, "row")
        examples = reader.read(_watched(rows_of(corpus), watch, progress))
        watch.verdict()
        permit_rows(watch.licences, commercial=plan.commercial)
        torch.manual_seed(plan.seed)
        peers = Together()
        learner = Learner(_placed(load_model(base.path, precision=self._precision)), plan)
        pad = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        loop = Loop(learner, examples, plan, pad, peers)
        facts = self._train(loop, reader, inputs.get("held_out"), folder, progress)
        if peers.first:
            learner.save(folder)
            tokenizer.save_pretrained(str(folder))
            (folder / "losses.json").write_bytes(msgspec.json.encode(loop.losses))
        peers.leave()
        return facts | {
            "licence": licence,
            "data_licences": dict(sorted(watch.licences.items())),
            "rows": sum(watch.licences.values()),
            "examples": len(examples),
            "steps": loop.order.steps,
            "tokens": loop.order.tokens(),
            "learned_weights": sum(one.numel() for _, one in learner.named()),
            "trade": plan.trade,
        }

    def _train(
        self, loop: Loop, reader: Reader, held_out: Artifact | None, folder: Path, progress: Progress
    ) -> Facts:
        unseen = _unseen(reader, held_out, _COLUMNS[self.plan.method]) if held_out else []
        marks = folder / ".held_out.json"  # the loss before is not taken again when a run goes on
        if unseen and not marks.exists():
            marks.write_bytes(msgspec.json.encode(loop.measure(unseen)))
        loop.run(Checkpoints(folder / ".checkpoints"), progress)
        tenth = max(1, len(loop.losses) // 10)
        facts: Facts = {
            "loss_first": round(sum(loop.losses[:tenth]) / tenth, 4),
            "loss_last": round(sum(loop.losses[-tenth:]) / tenth, 4),
        }
        if unseen:
            facts["held_out_loss_before"] = round(msgspec.json.decode(marks.read_bytes(), type=float), 4)
            facts["held_out_loss_after"] = round(loop.measure(unseen), 4)
        return facts


def _watched(rows: Iterable[Row], watch: Watch, progress: Progress) -> Iterator[Row]:
    for row in rows:
        watch.look(row)
        progress.advance(1)
        yield row


def _unseen(reader: Reader, held_out: Artifact, column: str) -> list[Example]:
    """Return some rows that are not trained on; none where they are of another kind than those that are."""
    rows = [row for row, _ in zip(rows_of(held_out), range(_MEASURED), strict=False)]
    return (
        [one for one in reader.read(rows) if isinstance(one, Example)] if rows and column in rows[0] else []
    )


def _precision(plan: TunePlan) -> torch.dtype:
    if plan.precision != "auto":
        return torch.float32 if plan.precision == "float32" else torch.bfloat16
    if torch.cuda.is_available():
        return torch.bfloat16
    multiplies = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # noqa: SLF001 - torch offers no other way
    return torch.bfloat16 if multiplies and plan.train == "lora" else torch.float32


def _placed(model: Model) -> Model:
    return model.to("cuda") if torch.cuda.is_available() else model
