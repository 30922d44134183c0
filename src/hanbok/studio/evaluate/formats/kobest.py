"""KoBEST as published: BoolQ, COPA, WiC, HellaSwag and SentiNeg, told apart by their columns."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_JOINTS = {"원인": "왜냐하면", "결과": "그래서"}


class Kobest:
    """Reads the names of the hub's files and, in other capitals, those of the repository's TSVs."""

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        cells = {name.strip().lower().replace(" ", "_"): cell for name, cell in row.items()}
        task, context, question, choices = _read(cells)
        label = cells["label"] if "label" in cells else cells["answer"]
        answer = int(label) if str(label).isdigit() else int(str(label).lower() == "true")
        first = task in {"copa", "hellaswag"} and "label" not in cells
        answer -= first  # the TSVs count from 1
        if not 0 <= answer < len(choices):
            raise ValueError(f"label {label}")
        yield Item(
            id=place,
            group=f"kobest_{task}",
            question=question,
            context=context,
            choices=choices,
            answer=answer,
            golds=(choices[answer],),
        )


def _read(cells: Mapping[str, str]) -> tuple[str, str, str, tuple[str, ...]]:
    if "premise" in cells or "alternative_1" in cells:
        premise = cells.get("premise") or cells["sentence"]
        joint = _JOINTS[cells["question"].strip()]
        return "copa", "", f"{premise.strip()} {joint}", (cells["alternative_1"], cells["alternative_2"])
    if "ending_1" in cells or "choice1" in cells:
        names = [f"ending_{one}" if "ending_1" in cells else f"choice{one}" for one in range(1, 5)]
        return "hellaswag", "", cells["context"], tuple(cells[name] for name in names)
    if "context_1" in cells or "context1" in cells:
        first, second = (cells.get(f"context_{one}") or cells[f"context{one}"] for one in (1, 2))
        word = cells.get("word") or cells["target"]
        asked = f"두 문장에서 '{word}'의 뜻이 같습니까?"
        return "wic", f"문장 1: {first}\n문장 2: {second}", asked, ("아니오", "예")
    if "paragraph" in cells or "text" in cells:
        return "boolq", cells.get("paragraph") or cells["text"], cells["question"], ("아니오", "예")
    return "sentineg", "", cells["sentence"], ("부정", "긍정")
