"""`hanbok init`: settings for a kind of organisation, to start from."""

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.words import LANGUAGE, say
from hanbok.core.clock import today
from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Text
from hanbok.policy.profile import profile_of, profiles, write

init = App(name="init", result_action="return_value")
_SECRET = 0o600


class InitWouldOverwrite(HanbokError):
    code = "init_would_overwrite"
    message = Text(ko="이미 있는 파일입니다: {files}", en="these files exist already: {files}")
    hint = Text(ko="다른 폴더를 쓰거나 --force를 붙이십시오.", en="Use another folder, or add --force.")


class FolderUnwritable(HanbokError):
    code = "folder_unwritable"
    message = Text(ko="{folder}에 쓸 수 없습니다: {why}", en="cannot write to {folder}: {why}")
    hint = Text(ko="권한과 남은 공간을 확인하십시오.", en="Check your rights and the space that is left.")


@init.default
def start(
    folder: Annotated[Path, Parameter(help=say("쓸 폴더.", "The folder to write to."))] = Path(),
    /,
    *,
    profile: Annotated[
        str, Parameter(help=say(f"프로필: {', '.join(profiles())}.", f"Profile: {', '.join(profiles())}."))
    ] = "",
    language: Annotated[
        Language | None,
        Parameter(
            help=say("주석의 언어. 없으면 터미널의 언어.", "Language of the comments; none: the terminal's.")
        ),
    ] = None,
    force: Annotated[
        bool, Parameter(negative="", help=say("있는 파일을 덮어씁니다.", "Overwrite files that exist."))
    ] = False,
) -> None:
    """Write hanbok.yaml, policies with their cases, an environment file and a systemd unit; tell what to do next.

    Without a profile, list them.
    """
    tongue = language or LANGUAGE
    if not profile:
        for name in profiles():
            title = profile_of(name).title
            print(f"{name:16} {title.ko if tongue is Language.KO else title.en}")
        return
    written = write(profile, tongue, today())
    there = [name for name in written.files if (folder / name).exists()]
    if there and not force:
        raise InitWouldOverwrite(files=", ".join(there))
    try:
        for name, text in written.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=_SECRET if name.endswith(".env") else 0o644)
            path.write_text(text, encoding="utf-8")
            print(path)
    except OSError as error:
        raise FolderUnwritable(folder=folder, why=error.strerror) from None
    print(Text(ko="다음 일:", en="Next:").of(tongue))
    for number, step in enumerate(written.steps, start=1):
        print(f"{number:3}. {step}")
