"""What judges are asked, by language."""

import hashlib
import tomllib
from functools import cache
from importlib.resources import files


def rubric(language: str, kind: str) -> str:
    """Return the question to a judge, `rubric` or `pairwise`; English for a language that has none."""
    found = _judging()
    return found.get(language, found["en"])[kind]


def digest(template: str) -> str:
    """Return what names a rubric in a protocol."""
    return hashlib.sha256(template.encode()).hexdigest()[:16]


@cache
def _judging() -> dict[str, dict[str, str]]:
    return tomllib.loads((files("hanbok.studio.evaluate") / "judging.toml").read_text(encoding="utf-8"))
