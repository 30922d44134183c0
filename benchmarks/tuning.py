"""Tokens per CPU-second of LoRA (rank 16, all linear modules) on Gemma 3 270M: the lean loop beside a plain one.

python benchmarks/tuning.py [--base FOLDER]     (none: the embedded weights, opened first)

The plain loop is what a trainer does: logits for every position, all of a batch as wide as its longest row. Each
figure is the best of several steps over the same rows, by CPU time of this process, with one thread.
"""

import argparse
import json
import resource
import tempfile
import time
import warnings
from pathlib import Path

import torch

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
COUNT, BATCH, REPEATS = 96, 16, 3


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


def lean(folder: Path, plan: TunePlan) -> tuple[float, float]:
    examples, pad = read(folder, plan)
    precision = torch.bfloat16 if plan.precision == "bfloat16" else torch.float32
    loop = Loop(Learner(load_model(folder, precision=precision), plan), examples, plan, pad, Together())
    best, loss = 0.0, 0.0
    loop.step(0)
    for step in range(1, REPEATS + 1):
        began = time.process_time()
        loss = loop.step(step)
        best = max(best, loop.tokens_in(step) / (time.process_time() - began))
    return best, loss


def plain(folder: Path, plan: TunePlan) -> tuple[float, float]:
    examples, pad = read(folder, plan)
    learner = Learner(load_model(folder), plan)
    optimiser = torch.optim.AdamW([one for _, one in learner.named()], lr=plan.learning_rate)
    best, loss = 0.0, torch.zeros(())
    for step in range(REPEATS):
        rows = examples[step * BATCH : (step + 1) * BATCH]
        began = time.process_time()
        batch = lay(rows, pad)
        labels = torch.full(batch.ids.shape, -100).reshape(-1)
        labels[batch.rows + 1] = batch.targets
        loss = learner.saved(input_ids=batch.ids, labels=labels.reshape(batch.ids.shape)).loss
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        best = max(best, batch.tokens / (time.process_time() - began))
    return best, float(loss.detach())


def measure(folder: Path) -> None:
    plan = TunePlan(batch=BATCH, length=320, tokens_at_once=2048, precision="float32")
    ways = {
        "plain loop, float32, every position": (plain, plan),
        "lean loop, float32": (lean, plan),
        "lean loop, bfloat16": (
            lean,
            TunePlan(batch=BATCH, length=320, tokens_at_once=2048, precision="bfloat16"),
        ),
        "lean loop, bfloat16, 8192 negatives": (
            lean,
            TunePlan(batch=BATCH, length=320, tokens_at_once=2048, precision="bfloat16", negatives=8192),
        ),
    }
    examples, _ = read(folder, plan)
    tokens, learned = sum(len(one.ids) for one in examples), sum(len(one.learn) for one in examples)
    print(f"{len(examples)} dialogues, {tokens} tokens, {learned} of them learned\n")
    print("| way | tokens per CPU-second | loss of the last step |\n|---|--:|--:|")
    for name, (way, asked) in ways.items():
        rate, loss = way(folder, asked)
        print(f"| {name} | {rate:.0f} | {loss:.3f} |", flush=True)
    print(
        f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB over all of them"
    )


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
