"""Reading the plan of a corpus: the section `curate` of a recipe, or a file that holds nothing else."""

import os
from pathlib import Path

from msgspec import ValidationError, convert

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.settings.located_yaml import LocatedYaml, Problems, placed
from hanbok.settings.recipes import RECIPE
from hanbok.studio.curate.plan import CuratePlan
from hanbok.studio.recipe import anchored_sources

_DATA = "HANBOK_DATA"


class CorpusPlanInvalid(HanbokError):
    code = "corpus_plan_invalid"
    message = Text(
        ko="말뭉치 계획이 잘못되었습니다\n{problems}", en="the plan of the corpus is not valid\n{problems}"
    )
    hint = Text(
        ko="쓸 수 있는 이름은 레시피의 `curate` 항목과 같습니다. `hanbok model schema`가 보여 줍니다.",
        en="It may hold what the section `curate` of a recipe may hold: see `hanbok model schema`.",
    )


def read_corpus_plan(place: Path, data: Path | None = None) -> CuratePlan:
    """Read a plan from a file, or from `recipe.yaml` in a folder; `${HANBOK_DATA}` in it stands for `data`. Its paths
    begin at the file's folder. Raises CorpusPlanInvalid.
    """
    source = (place / RECIPE if place.is_dir() else place).absolute()
    environ = dict(os.environ) | ({_DATA: str(data.absolute())} if data is not None else {})
    file = LocatedYaml(source, environ)

    def decode(kind: type, value: object) -> object:
        if kind is Path and isinstance(value, str):
            return source.parent / value
        raise TypeError(f"Expected `str`, got `{type(value).__name__}`")

    try:
        tree = file.tree()
        inside = isinstance(tree, dict) and "curate" in tree
        try:
            plan = convert(tree["curate"] if inside else tree, CuratePlan, dec_hook=decode)
        except ValidationError as error:
            where, text = placed(error)
            raise Problems([((*(("curate",) if inside else ()), *where), text)]) from None
    except Problems as problems:
        raise CorpusPlanInvalid(problems="\n".join(file.told(problems))) from None
    return anchored_sources(plan, source.parent)
