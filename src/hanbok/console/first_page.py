"""The first page: one prompt, and all that the door does with it. Holds nothing of any caller."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from hanbok.console.assets import assets
from hanbok.core.values import Language


@cache
def first_page(language: Language) -> bytes:
    """Return the page in this language."""
    environment = Environment(
        loader=PackageLoader("hanbok.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = _words(language)
    page = environment.get_template("first_page.html").render(
        language=language.value,
        languages={one.value: one.value == language.value for one in Language},
        static=f"/static/{assets().digest}",
        words=words["page"],
        script_words=words["script"],
    )
    return page.encode()


def _words(language: Language) -> Mapping[str, Mapping[str, str]]:
    table = tomllib.loads((files("hanbok.console") / "words.toml").read_text(encoding="utf-8"))
    return {
        part: {name: str(texts[language.value]) for name, texts in rows.items()}
        for part, rows in table.items()
    }
