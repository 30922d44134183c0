"""Writes the sample data of the recipes beside this file, from a seed: `python recipes/samples.py`.

Every sentence here was written for this purpose; places and amounts are drawn. Rows of one problem share the first
part of their id, so that a recipe can hold whole problems out (`held_out.by`) and not only other wordings of them.
"""

import json
import random
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
SEED = 20261122


def rows(recipe: str, told: dict[str, Any], each: int) -> Iterator[dict[str, str]]:
    """Yield `each` rows of every problem that the words of a recipe name, in an order of their own."""
    drawn = random.Random(f"{SEED}/{recipe}")
    made: list[dict[str, str]] = []
    for label, problems in told["labels"].items():
        for number, problem in enumerate(problems):
            heads = drawn.sample(told["openings"], each)
            tails = drawn.sample(told["endings"], each)
            for turn in range(each):
                words = {name: drawn.choice(values) for name, values in told["slots"].items()}
                text = " ".join(part for part in (heads[turn], problem, tails[turn]) if part)
                made.append(
                    {"id": f"{label}-{number:02}-{turn}", "text": text.format_map(words), "label": label}
                )
    drawn.shuffle(made)
    yield from made


def main() -> int:
    """Write every recipe's sample, or with `--check` say whether the files are what would be written."""
    wrong = 0
    for words in sorted(FOLDER.glob("*/words.toml")):
        told = tomllib.loads(words.read_text(encoding="utf-8"))
        lines = [json.dumps(row, ensure_ascii=False) for row in rows(words.parent.name, told, told["each"])]
        target, content = words.parent / "sample.jsonl", "\n".join(lines) + "\n"
        if "--check" in sys.argv:
            wrong += not target.exists() or target.read_text(encoding="utf-8") != content
        else:
            target.write_text(content, encoding="utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
