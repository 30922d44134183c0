"""Options that verbs share, so that each means the same everywhere."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hanbok.cli.words import say

Json = Annotated[bool, Parameter(help=say("JSON으로.", "As JSON."))]
Organisation = Annotated[
    str, Parameter(name=["--organisation", "--org"], help=say("조직의 식별자.", "The organisation's id."))
]
LogFolder = Annotated[
    Path | None,
    Parameter(help=say("로그 폴더. 없으면 설정을 따릅니다.", "The log's folder; none: as in the settings.")),
]
WorkspaceFolder = Annotated[
    Path | None,
    Parameter(
        name="--workspace",
        help=say("작업 폴더. 없으면 상태 폴더의 studio.", "Workspace; none: studio in the state folder."),
    ),
]
