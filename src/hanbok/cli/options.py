"""Options that verbs share, so that each means the same everywhere."""

from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter
from cyclopts.validators import Number

from hanbok.cli.words import say

COUNT: Final = Number(gte=0, lte=1_000_000)
TOKENS: Final = Number(gte=0, lte=10**12)
WON: Final = Number(gte=0, lte=10**11)
"""What limits may be, as administration over HTTP has it."""
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
