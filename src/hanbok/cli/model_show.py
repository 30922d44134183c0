"""`hanbok model show`: what an artifact is, and whether its files are those of its manifest."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_table
from hanbok.cli.words import say
from hanbok.studio.artifacts import check, find


def show(
    folder: Annotated[Path, Parameter(help=say("산출물의 폴더.", "The artifact's folder."))],
    /,
    *,
    json: Json = False,
) -> None:
    """Compare every file with the manifest, and print the manifest."""
    artifact = find(folder)
    check(artifact)
    told = msgspec.to_builtins(artifact.manifest) | {"digest": artifact.digest}
    if json:
        print_json(told)
        return
    names = ("kind", "stage", "made_at", "digest", "inputs", "facts", "spec")
    rows = [{"name": name, "value": told[name]} for name in names]
    rows += [{"name": name, "value": f"{held['size']:,} B"} for name, held in told["files"].items()]
    print_table(rows, {"name": say("항목", "item"), "value": say("값", "value")}, "")
