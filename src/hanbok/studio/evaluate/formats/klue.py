"""KLUE as published: topic (ynat), likeness (sts), inference (nli) and relation (re), told apart by their fields."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_TOPICS = ("IT과학", "경제", "사회", "생활문화", "세계", "스포츠", "정치")
_NLI = ("entailment", "neutral", "contradiction")


class Klue:
    """Labels are the words of the repository's files; the numbers of the hub's files become those words."""

    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        task, context, question, label = _read(row)
        yield Item(
            id=str(row.get("guid") or place),
            group=f"klue_{task}",
            context=context,
            question=question,
            golds=(label,),
        )


def _read(row: Mapping[str, Any]) -> tuple[str, str, str, str]:
    if "premise" in row:
        label = row.get("gold_label", row.get("label"))
        return "nli", row["premise"], row["hypothesis"], _word(label, _NLI)
    if "sentence1" in row:
        labels = row["labels"]
        return "sts", row["sentence1"], row["sentence2"], f"{float(labels['label']):g}"
    if "subject_entity" in row:
        pair = f"{row['subject_entity']['word']}, {row['object_entity']['word']}"
        return "re", row["sentence"], pair, str(row["label"])
    return "ynat", "", row["title"], _word(row["label"], _TOPICS)


def _word(label: object, words: tuple[str, ...]) -> str:
    return words[label] if isinstance(label, int) else str(label)
