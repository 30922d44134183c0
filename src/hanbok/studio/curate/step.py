"""The contract of a curation step: a pure function of one shard's rows.

Rows have the columns of `hanbok.studio.rows` (a document's `text`, or a dialogue's `messages`, or a preference's
three) and `dropped`: null while a row is kept, else its one reason, `step:reason`. A step never removes or reorders
rows. The engine sets dropped ones aside after each step, so that `dropped` is null wherever a step begins, counts
them by reason and keeps a sample for the report. Columns named `n_*` are counts (values masked, spans cut): they
travel on and are summed. Columns named `q_*` are qualities, for later steps and for the order of a curriculum.
"""

from collections.abc import Mapping
from typing import Final, Protocol

import msgspec
import polars as pl

from hanbok.studio.artifacts import Facts

DROPPED: Final = "dropped"
EVIDENCE: Final = "evidence"
"""A column that a step may add: what in a text made it drop it, for the report. It goes with the dropped rows."""
ITEM: Final = "item"
"""A column that a step may add: what a dropped row gave away, such as `kobest#12`; all are listed in the report."""
TEXTS: Final = ("text", "messages", "chosen", "rejected")
"""Columns that hold what people wrote; the last three as JSON."""


class Step(Protocol):
    """Judges or changes the rows of one shard. What it does depends on its `spec` and these rows alone.

    A worker makes its own from the plan, so that nothing heavy travels between processes.
    """

    name: str

    @property
    def spec(self) -> Facts:
        """All that decides the result, as JSON values: settings, and a `version` raised when the method changes."""
        ...

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame: ...


def drop(rows: pl.DataFrame, step: str, reasons: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Mark the rows that an expression is true of; the first of the reasons in their order counts."""
    if not reasons:
        return rows
    marks = [
        pl.when(condition.fill_null(value=False)).then(pl.lit(f"{step}:{reason}"))
        for reason, condition in reasons.items()
    ]
    return rows.with_columns(pl.coalesce(pl.col(DROPPED), *marks).alias(DROPPED))


def told(rows: pl.DataFrame) -> pl.Series:
    """Return what each row says, as one text: a document's own, or all that is said in a dialogue and its answers."""
    if "text" in rows.columns:
        return rows["text"].fill_null("")
    parts = [rows[name].to_list() for name in TEXTS if name in rows.columns]
    said = ["\n".join(one for part in row if part for one in _said(part)) for row in zip(*parts, strict=True)]
    return pl.Series("text", said, dtype=pl.String)


def _said(messages: str) -> list[str]:
    """Contents of messages in OpenAI's list, or of one message, or the text itself where it is no JSON."""
    try:
        decoded = msgspec.json.decode(messages)
    except msgspec.DecodeError:
        return [messages]
    found: list[str] = []
    for message in decoded if isinstance(decoded, list) else [decoded]:
        content = message.get("content") if isinstance(message, dict) else message
        parts = content if isinstance(content, list) else [content]
        for part in parts:
            text = part.get("text") if isinstance(part, dict) else part
            if isinstance(text, str):
                found.append(text)
    return found
