"""Tokens per CPU-second of LoRA (rank 16, all linear modules) on Gemma 3 270M, beside transformers' Trainer.

python benchmarks/tuning.py [--base FOLDER]     (none: the embedded weights, opened first)

Both train the same model with the same adapter on the same rows, steps of 16 dialogues, padding not counted. Each
figure is the best of a few steps, by CPU time of this process, with one thread: some three minutes of a core in all.
"""

import argparse
import json
import resource
import tempfile
import time
import warnings
from pathlib import Path

import msgspec
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

from hanbok.studio.artifacts import make
from hanbok.studio.tune.batches import lay
from hanbok.studio.tune.dialogue import Writer, choose_template
from hanbok.studio.tune.examples import Example, Reader
from hanbok.studio.tune.learner import Learner
from hanbok.studio.tune.loop import Loop
from hanbok.studio.tune.opening import Base, load_model, load_tokenizer
from hanbok.studio.tune.plan import EMBEDDED, BasePlan, TunePlan
from hanbok.studio.tune.together import Together

ROWS = Path(__file__).parents[1] / "recipes" / "hanbok-270m" / "own.jsonl"
COUNT, BATCH, REPEATS = 96, 16, 2


class Silent:
    def begin(self, *_: object) -> None: ...
    def advance(self, *_: object) -> None: ...


def read(folder: Path, plan: TunePlan) -> tuple[list[Example], int]:
    tokenizer = load_tokenizer(folder)
    reader = Reader(tokenizer, Writer(tokenizer, choose_template(tokenizer, "")), plan)
    told = [json.loads(line) for line in ROWS.read_text(encoding="utf-8").splitlines()[:COUNT]]
    rows = [
        {
            "id": one["id"],
            "messages": json.dumps(
                [
                    {"role": "user", "content": one["question"]},
                    {"role": "assistant", "content": one["answer"]},
                ]
            ),
        }
        for one in told
    ]
    return [one for one in reader.read(rows) if isinstance(one, Example)], tokenizer.pad_token_id or 0


def ours(folder: Path, plan: TunePlan) -> tuple[float, float]:
    examples, pad = read(folder, plan)
    loop = Loop(
        Learner(load_model(folder, precision=precision_of(plan)), plan), examples, plan, pad, Together()
    )
    best, loss = 0.0, 0.0
    loop.step(0)
    for step in range(1, REPEATS + 1):
        began = time.process_time()
        loss = loop.step(step)
        best = max(best, loop.tokens_in(step) / (time.process_time() - began))
    return best, loss


class Watched(Trainer):
    """Measures its steps: tokens without padding by CPU time, from the rows to the new weights."""

    best = 0.0

    def training_step(self, model: object, inputs: dict[str, torch.Tensor], *rest: object) -> torch.Tensor:
        self.tokens = int(inputs["attention_mask"].sum())
        return super().training_step(model, inputs, *rest)


class Watch(TrainerCallback):
    def __init__(self, watched: Watched) -> None:
        self.watched, self.began = watched, 0.0

    def on_step_begin(self, *_: object, **__: object) -> None:
        self.began = time.process_time()

    def on_step_end(self, *_: object, **__: object) -> None:
        rate = self.watched.tokens / (time.process_time() - self.began)
        self.watched.best = max(self.watched.best, rate)


def laid(rows: list[Example], pad: int) -> dict[str, torch.Tensor]:
    batch = lay(rows, pad)
    labels = torch.full(batch.ids.shape, -100).reshape(-1)
    labels[batch.rows + 1] = batch.targets
    mask = (batch.ids != pad).long()
    return {"input_ids": batch.ids, "attention_mask": mask, "labels": labels.reshape(batch.ids.shape)}


def trainer(folder: Path, plan: TunePlan) -> tuple[float, float]:
    examples, pad = read(folder, plan)
    learner = Learner(load_model(folder, precision=precision_of(plan)), plan)
    with tempfile.TemporaryDirectory() as output:
        asked = TrainingArguments(
            output, per_device_train_batch_size=plan.batch, max_steps=REPEATS, learning_rate=plan.learning_rate,
            use_cpu=True, report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True,
            remove_unused_columns=False,
        )  # fmt: skip
        made = Watched(
            learner.saved, asked, data_collator=lambda rows: laid(rows, pad), train_dataset=examples
        )
        made.add_callback(Watch(made))
        done = made.train()
    return made.best, done.training_loss


def precision_of(plan: TunePlan) -> torch.dtype:
    return torch.bfloat16 if plan.precision == "bfloat16" else torch.float32


def measure(folder: Path) -> None:
    plan = TunePlan(batch=BATCH, length=320, tokens_at_once=2048, precision="float32")
    brief = msgspec.structs.replace(plan, precision="bfloat16")
    ways = {
        "transformers' Trainer, float32": (trainer, plan),
        "transformers' Trainer, bfloat16 base": (trainer, brief),
        "hanbok, float32": (ours, plan),
        "hanbok, bfloat16 base": (ours, brief),
        "hanbok, bfloat16 base, 8192 negatives": (ours, msgspec.structs.replace(brief, negatives=8192)),
    }
    examples, _ = read(folder, plan)
    tokens, learned = sum(len(one.ids) for one in examples), sum(len(one.learn) for one in examples)
    print(f"{len(examples)} dialogues, {tokens} tokens, {learned} of them learned\n")
    print("| way | tokens per CPU-second | loss |\n|---|--:|--:|")
    for name, (way, asked) in ways.items():
        rate, loss = way(folder, asked)
        print(f"| {name} | {rate:.0f} | {loss:.3f} |", flush=True)
    print(f"\n{time.process_time():.0f} CPU seconds in all;", end=" ")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB over all of them")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--base", type=Path)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", FutureWarning)  # PEFT asks transformers for a name that it gives up
    if given.base:
        measure(given.base)
        return
    with tempfile.TemporaryDirectory() as folder:
        base = Base(BasePlan(path=Path(EMBEDDED)))
        made = make(
            Path(folder), base.makes, base.name, base.spec, {}, lambda half: base.run({}, half, Silent())
        )
        measure(made.path)


if __name__ == "__main__":
    main()
