"""`hanbok model verify`: whether a release, or all of a build, is what was signed."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_json, print_table
from hanbok.cli.words import say
from hanbok.settings.reading import load
from hanbok.studio.signing import Proof, trusted
from hanbok.studio.signing import verify as verify_all


def verify(
    folder: Annotated[
        Path,
        Parameter(
            help=say(
                "릴리스의 폴더, 또는 작업 폴더의 builds/이름.",
                "A release's folder, or builds/NAME of a workspace.",
            )
        ),
    ],
    /,
    *,
    key: Annotated[
        str,
        Parameter(
            help=say(
                "믿는 공개 키(vkey)나 그 파일. 없으면 이 기계의 것.",
                "The public key (vkey) to trust, or its file; none: that of this machine.",
            )
        ),
    ] = "",
    json: Json = False,
    config: File = None,
) -> None:
    """Check the signature and every file, with nothing but this folder and the key. Exit code 3 when it is not so."""
    proof = verify_all(folder, trusted(key, load(config).settings.state / "studio"))
    if json:
        print_json(msgspec.to_builtins(proof))
        return
    rows = [{"name": name, "value": value} for name, value in _told(proof).items()]
    print_table(rows, {"name": say("항목", "item"), "value": say("값", "value")}, "")


def _told(proof: Proof) -> dict[str, object]:
    record = proof.record
    licences = {say(f"이용허락: {at}", f"licences: {at}"): told for at, told in record.licences.items()}
    scores = {
        f"{at}: {task}": f"{score:.4f}"
        for at, of_step in record.scores.items()
        for task, score in of_step.items()
    }
    return {
        say("릴리스", "release"): f"{record.name} {record.version}",
        say("서명한 키", "signed by"): proof.key,
        say("만든 때", "made at"): record.made_at,
        say("만든 코드", "made by"): record.code.short,
        say("레시피 SHA-256", "recipe SHA-256"): record.recipe_sha256,
        **licences,
        **scores,
        say("확인한 단계", "steps checked"): proof.steps,
        say("확인한 파일", "files checked"): proof.files,
        say("여기 없는 단계", "steps not here"): proof.absent,
    }
