"""`id prompt_id lang model category turns[{user,assistant,judge_score}]`: what a model answered, and how it was
judged.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item


class Recorded:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        turns = row["turns"]
        yield Item(
            id=str(row.get("prompt_id") or row.get("id", place)),
            language=row.get("lang", "ko"),
            group=row.get("category", ""),
            question=turns[0]["user"],
            turns=tuple(one["user"] for one in turns),
            recorded=tuple(one["assistant"] for one in turns),
            verdicts=tuple(f"{one.get('judge_comment') or ''}\n점수: {one['judge_score']}" for one in turns),
        )
