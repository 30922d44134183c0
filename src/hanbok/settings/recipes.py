"""Reading a recipe: YAML with file and line in every error, and paths that begin at the recipe's own folder."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, get_type_hints

from msgspec import ValidationError, convert
from msgspec.json import schema as json_schema

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.settings.located_yaml import LocatedYaml, Problem, Problems, placed
from hanbok.studio.recipe import Recipe, anchored
from hanbok.studio.tune.plan import EMBEDDED

RECIPE: Final = "recipe.yaml"
WITH_DATA: Final = "data.yaml"
_DATA: Final = "HANBOK_DATA"


class RecipeInvalid(HanbokError):
    code = "recipe_invalid"
    message = Text(ko="레시피가 잘못되었습니다\n{problems}", en="the recipe is not valid\n{problems}")
    hint = Text(
        ko="`hanbok model schema`가 레시피에 쓸 수 있는 이름과 형식을 보여 줍니다.",
        en="`hanbok model schema` shows the names and types that may stand in a recipe.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRecipe:
    """A recipe with the file and the text that it was read from."""

    recipe: Recipe
    source: Path
    text: str

    @property
    def folder(self) -> Path:
        """Where the recipe's relative paths begin."""
        return self.source.parent


def read_recipe(
    place: Path, data: Path | None = None, environ: Mapping[str, str] | None = None
) -> ReadRecipe:
    """Read a recipe from its file, or from a folder: `data.yaml` where data are named and it is there, else
    `recipe.yaml`. `${HANBOK_DATA}` in it stands for `data`, else for what the environment says. Raises RecipeInvalid.
    """
    environ = dict(os.environ if environ is None else environ)
    if data is not None:
        environ[_DATA] = str(data.absolute())
    source = (_in_folder(place, named=bool(environ.get(_DATA))) if place.is_dir() else place).absolute()
    file = LocatedYaml(source, environ)
    try:
        recipe = _recipe(file.tree(), source.parent)
        text = source.read_text(encoding="utf-8")
    except Problems as problems:
        raise RecipeInvalid(problems="\n".join(file.told(problems))) from None
    return ReadRecipe(recipe=recipe, source=source, text=text)


def _in_folder(folder: Path, *, named: bool) -> Path:
    """Return the recipe on the data that were named, or the one that brings its own."""
    with_data = folder / WITH_DATA
    return with_data if named and with_data.is_file() else folder / RECIPE


def recipe_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a recipe, for editors."""
    body = json_schema(Recipe, schema_hook=lambda _: {"type": "string"})
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | body


def _recipe(tree: Any, folder: Path) -> Recipe:  # noqa: ANN401 - whatever the file holds

    def decode(kind: type, value: object) -> object:
        if kind is Path and isinstance(value, str):
            return Path(value) if value == EMBEDDED else folder / value
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")

    try:
        return anchored(convert(tree, Recipe, dec_hook=decode), folder)
    except ValidationError as whole:
        # Tell what is wrong in each section, not only in the first.
        problems = list[Problem]()
        for name, kind in get_type_hints(Recipe, include_extras=True).items():
            if isinstance(tree, dict) and name in tree:
                try:
                    convert(tree[name], kind, dec_hook=decode)
                except ValidationError as error:
                    where, text = placed(error)
                    problems.append(((name, *where), text))
        raise Problems(problems or [placed(whole)]) from None
