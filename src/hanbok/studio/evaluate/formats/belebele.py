"""Belebele as published: JSONL a language, `flores_passage question mc_answer1..4 correct_answer_num dialect`."""

from collections.abc import Iterable, Mapping
from typing import Any

from hanbok.studio.evaluate.item import Item

_LANGUAGES = {"kor_Hang": "ko", "eng_Latn": "en", "jpn_Jpan": "ja", "deu_Latn": "de", "arb_Arab": "ar"}


class Belebele:
    def __init__(self, options: Mapping[str, Any]) -> None: ...

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        choices = tuple(str(row[f"mc_answer{one}"]) for one in range(1, 5))
        answer = int(row["correct_answer_num"]) - 1
        if not 0 <= answer < len(choices):
            raise ValueError(f"correct_answer_num {row['correct_answer_num']}")
        dialect = str(row.get("dialect", ""))
        yield Item(
            id=f"{row['link']}#{row['question_number']}" if "link" in row else place,
            language=_LANGUAGES.get(dialect, dialect[:3]),
            group=dialect,
            question=row["question"],
            context=row["flores_passage"],
            choices=choices,
            answer=answer,
            golds=(choices[answer],),
        )
