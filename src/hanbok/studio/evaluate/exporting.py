"""Writing our tasks for lm-evaluation-harness: the very prompts that we ask, so that two harnesses can be compared."""

from pathlib import Path
from typing import Any, Final

from hanbok.studio.evaluate.harness import encoded, written_for_harness
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.plugs import TASKS, plug
from hanbok.studio.evaluate.prompting import LETTERS, Prompter
from hanbok.studio.evaluate.suite import Suite, TaskSpec, items_of
from hanbok.studio.evaluate.task import Task

_CHOOSING: Final = ("multiple_choice", "bias", "classification")


def export_tasks(suite: Suite, root: Path, folder: Path) -> tuple[list[str], list[str]]:
    """Write `NAME.yaml` and `NAME.jsonl` of every task that the harness can do, for completion endpoints; return
    the names of those and of the others. Raises as `items_of`.
    """
    done: list[str] = []
    left: list[str] = []
    folder.mkdir(parents=True, exist_ok=True)
    for spec in suite.tasks:
        chooses = spec.kind in _CHOOSING
        if not chooses and not (spec.kind == "generation" and spec.checkers.keys() <= {"exact", "filtered"}):
            left.append(spec.name)
            continue
        rows = _rows(spec, root, chooses=chooses)
        joint = str(spec.options.get("joint", " "))
        text = written_for_harness(
            spec.name, rows, chooses=chooses, joint=joint, stop=list(spec.stop) or ["\n\n"]
        )
        (folder / f"{spec.name}.jsonl").write_bytes(encoded(rows))
        (folder / f"{spec.name}.yaml").write_text(text, encoding="utf-8")
        done.append(spec.name)
    return done, left


def _rows(spec: TaskSpec, root: Path, *, chooses: bool) -> list[dict[str, Any]]:
    items, shots = items_of(spec, root)
    task: Task = plug(TASKS, spec.kind)(spec, root)
    prompter = Prompter(spec, "plain", task.words, "", shots)
    if not chooses:
        return [
            {"id": item.id, "prompt": prompter.writing(item)[0], "answer": next(iter(item.golds), "")}
            for item in items
        ]
    return [_choice(spec, prompter, item) for item in items]


def _choice(spec: TaskSpec, prompter: Prompter, item: Item) -> dict[str, Any]:
    if spec.kind == "classification":
        labels = texts = spec.names or spec.labels
        answer = spec.labels.index(item.golds[0])
    else:
        labels, texts = (spec.labels or LETTERS)[: len(item.choices)], item.choices
        answer = item.answer or 0
    question = prompter.question(item, labels, texts, whole=spec.by == "text")
    return {"id": item.id, "prompt": question.prompt, "choices": list(question.texts), "answer": answer}
