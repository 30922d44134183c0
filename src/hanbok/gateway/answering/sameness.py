"""Whether two questions can have one answer: what must be the same in both, whatever an embedding says.

Embeddings tell what a text is about. They hardly tell 10 % from 20 %, Seoul from Busan, or may from may not: those are
compared here, word by word and as they stand. Only how a text ends is first written in one way, where that asks the
same (`sameness.toml`): cutting endings and particles anywhere else would make other words of them.
"""

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any


def words_of(text: str) -> list[str]:
    """Return what another question must have too to be given the same answer."""
    said = unicodedata.normalize("NFC", text).strip()
    for ending, instead in _endings():
        said = ending.sub(instead, said)
    return said.split(" ")


@cache
def _endings() -> list[tuple[re.Pattern[str], str]]:
    said: dict[str, Any] = tomllib.loads(
        (files("hanbok.gateway.answering") / "sameness.toml").read_text(encoding="utf-8")
    )
    named = {name: "|".join(words.split()) for name, words in said["words"].items()}
    return [(re.compile(f"{ending}$".format_map(named)), instead) for ending, instead in said["endings"]]
