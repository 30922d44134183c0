"""A file of one's own rows as a suite: what is asked is told by the columns of its first row."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hanbok.core.values import Text
from hanbok.studio.evaluate.errors import NoRows, RowUnusable
from hanbok.studio.evaluate.pinned import pinned, rows_in
from hanbok.studio.evaluate.suite import Suite, TaskSpec

SUFFIXES: Final = (".jsonl", ".csv", ".tsv", ".parquet")
_CLASSES: Final = ("labels", "label")
_KNOWN: Final = Text(
    ko="question, choices(또는 A, B, C, D), answer(객관식)나 text, label(분류)이 있어야 합니다",
    en="it needs question, choices (or A, B, C, D) and answer (multiple choice), or text and label (classification)",
)
_EMPTY: Final = Text(ko="분류가 비었습니다", en="its class is empty")


def suite_of_rows(path: Path, root: Path) -> Suite:
    """Return a suite of one task: multiple choice of `question`, `choices` (or `A` to `D`), `answer`, or classification
    of `text` and `label` (or `labels`) by all classes that occur. The file is pinned as it is now.

    Raises NoRows, DataUnreadable, RowUnusable.
    """
    path = path.absolute()
    row = next(rows_in(path), None)
    if row is None:
        raise NoRows(task=path.stem)
    field = next((name for name in _CLASSES if name in row), "")
    lettered = {"question", "A", "B", "C", "D", "answer"} <= row.keys()
    chooses = lettered or {"question", "choices", "answer"} <= row.keys()
    if not chooses and not (field and "text" in row):
        raise RowUnusable(path=path, row=1, why=_KNOWN)
    title = Text(ko=path.stem, en=path.stem)
    task = TaskSpec(
        name=path.stem,
        title=title,
        kind="multiple_choice" if chooses else "classification",
        format="kmmlu" if lettered else "mcq" if chooses else "cls",
        files={"rows": pinned(path, root.absolute())},
        language=str(row.get("lang") or "ko"),
        labels=() if chooses else _classes(path, field),
        options={} if chooses else {"field": field},
    )
    return Suite(suite=path.stem, title=title, tasks=[task])


def _classes(path: Path, field: str) -> tuple[str, ...]:
    return tuple(
        sorted({name for at, row in enumerate(rows_in(path), 1) for name in _of(path, at, row, field)})
    )


def _of(path: Path, place: int, row: Mapping[str, Any], field: str) -> list[str]:
    found = row.get(field)
    names = [str(one).strip() for one in (found if isinstance(found, list) else [found]) if one is not None]
    if not names or not all(names):
        raise RowUnusable(path=path, row=place, why=_EMPTY)
    return names
