"""`hanbok backup`: copies of records and evidence that prove themselves."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from hanbok.backup import Manifest, check, make, restore
from hanbok.cli.config import File
from hanbok.cli.options import Json
from hanbok.cli.output import print_json
from hanbok.cli.records import actor
from hanbok.cli.words import say
from hanbok.settings.reading import load

backup = App(name="backup", result_action="return_value")
Folder = Annotated[Path, Parameter(help=say("백업 폴더.", "The backup's folder."))]


@backup.command(
    name="make",
    help=say("백업을 만듭니다. 서버는 그대로 돌아도 됩니다.", "Make a backup; the server may run."),
)
def make_one(
    folder: Folder,
    /,
    *,
    sealed: Annotated[
        bool,
        Parameter(
            help=say(
                "보관된 내용을 여는 키도 담습니다. 그 뒤로 파기한 내용이 백업에는 남습니다.",
                "Take along the keys to kept contents: what is destroyed later lives on in this backup.",
            )
        ),
    ] = False,
    json: Json = False,
    config: File = None,
) -> None:
    """Copy, verify the copy, and say what it holds."""
    _tell(make(load(config).settings, folder, sealed=sealed), say("백업했습니다", "backed up"), json=json)


@backup.command(help=say("백업이 온전한지 검사합니다.", "Check that a backup is sound."))
def verify(folder: Folder, /, *, json: Json = False) -> None:
    """Check every file against the manifest, and the log against its checkpoint."""
    _tell(check(folder), say("온전한 백업입니다", "the backup is sound"), json=json)


@backup.command(
    name="restore",
    help=say("빈 상태 폴더에 백업을 되살립니다.", "Restore a backup where there are no records."),
)
def restore_one(folder: Folder, /, *, json: Json = False, config: File = None) -> None:
    """Put records and log in their places; the act is an entry of the log at the next start."""
    _tell(
        restore(load(config).settings, folder, actor=actor()),
        say("백업을 되살렸습니다", "restored"),
        json=json,
    )


def _tell(manifest: Manifest, what: str, *, json: bool) -> None:
    if json:
        print_json(manifest)
        return
    rows, log = sum(manifest.rows.values()), manifest.log
    print(
        say(
            f"{what}: 행 {rows}개, 로그 기록 {log.entries}개 ({manifest.made}, hanbok {manifest.hanbok})\n"
            f"로그의 뿌리 해시 {log.root}",
            f"{what}: {rows} rows, {log.entries} entries of the log ({manifest.made}, hanbok {manifest.hanbok})\n"
            f"root of the log {log.root}",
        )
    )
