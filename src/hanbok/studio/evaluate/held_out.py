"""Held-out rows of a build as a task: what the model should have answered is their last message."""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import pyarrow.parquet as pq
from msgspec import Meta
from msgspec.structs import replace

from hanbok.core.values import Text
from hanbok.studio.artifacts import Artifact
from hanbok.studio.evaluate.errors import RowUnusable
from hanbok.studio.evaluate.pinned import pinned
from hanbok.studio.evaluate.suite import Suite, TaskSpec
from hanbok.studio.rows import rows_of, shards_of

_TITLE: Final = Text(ko="남겨 둔 행", en="Held-out rows")
_CLASSES: Final = 64
_OF_EACH: Final = 3


class HeldOutTask(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How held-out rows are asked: as the conversations that they are."""

    kind: Annotated[
        Literal["auto", "classification", "generation", "rubric", "pairwise"],
        Meta(description="`auto`: classification where the answers are few and return, else generation."),
    ] = "auto"
    labels: Annotated[tuple[str, ...], Meta(description="The classes; none: all answers that occur.")] = ()
    checkers: Annotated[dict[str, dict[str, Any]], Meta(description="Of generation; none: `exact`.")] = {}
    system: str = ""
    sample: Annotated[int, Meta(ge=0, description="So many rows; 0: all.")] = 0
    max_tokens: Annotated[int, Meta(ge=1)] = 256
    seed: int = 0

    def rows(self, corpus: Artifact) -> int:
        """Return how many would be asked."""
        there = sum(pq.read_metadata(shard).num_rows for shard in shards_of(corpus))
        return min(self.sample or there, there)


def held_out_task(plan: HeldOutTask, corpus: Artifact, folder: Path) -> Suite:
    """Return a suite of one task over a corpus, whose rows are written down in `folder`. Raises RowUnusable."""
    path = folder.absolute() / ".held_out.jsonl"
    answers: list[str] = []
    with path.open("w", encoding="utf-8") as file:
        for place, row in enumerate(rows_of(corpus), start=1):
            try:
                messages = json.loads(row["messages"])
                answers.append(str(messages[-1]["content"]).strip())
            except (KeyError, ValueError, TypeError, IndexError) as error:
                raise RowUnusable(path=corpus.path.name, row=place, why=type(error).__name__) from None
            kept = {"id": row["id"], "messages": messages, "source": row["source"]}
            file.write(json.dumps(kept, ensure_ascii=False, sort_keys=True) + "\n")
    labels = plan.labels or tuple(sorted(set(answers)))
    few = 1 < len(labels) <= _CLASSES and len(answers) >= _OF_EACH * len(labels)
    kind = plan.kind if plan.kind != "auto" else "classification" if few else "generation"
    task = TaskSpec(
        name="held_out",
        title=_TITLE,
        kind=kind,
        format="dialogue",
        files={"rows": replace(pinned(path, folder), path=str(path))},
        sample=plan.sample,
        prompt="{{ question }}",
        system=plan.system,
        labels=labels if kind == "classification" else (),
        checkers=(plan.checkers or {"exact": {}}) if kind == "generation" else {},
        options={"raw": True, "talk": True},
        max_tokens=plan.max_tokens,
        seed=plan.seed,
    )
    return Suite(suite="held_out", title=_TITLE, tasks=[task])
