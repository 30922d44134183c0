"""`hanbok mark`: what leaves the service says that AI made it."""

import json as standard_json
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from hanbok.cli.config import File
from hanbok.cli.scan import Unreadable
from hanbok.cli.words import LANGUAGE, say
from hanbok.gateway.marking.media import MEDIA, MediaKeysMissing, mark_media, read_marks
from hanbok.gateway.marking.text import TEXTS, Unmarkable, footer, mark_text
from hanbok.settings.marking import MarkingSettings
from hanbok.settings.reading import load

mark = App(name="mark", result_action="return_value")


@mark.default
def put(
    file: Path,
    /,
    *,
    out: Annotated[
        Path | None,
        Parameter(
            name=["--out", "-o"],
            help=say("쓸 파일. 없으면 그 파일을 고칩니다.", "File to write; none: in place."),
        ),
    ] = None,
    call: Annotated[
        str, Parameter(help=say("만든 호출의 번호(x-hanbok-call).", "The call that made it (x-hanbok-call)."))
    ] = "",
    model: Annotated[str, Parameter(help=say("만든 모델.", "The model that made it."))] = "",
    config: File = None,
) -> None:
    """Put a footer under a text, or a signed C2PA manifest into a picture, sound or video."""
    settings = load(config).settings.marking
    content, suffix = _read(file), file.suffix.lower()
    if suffix in TEXTS:
        line = footer(LANGUAGE, settings.footer, call)
        marked = mark_text(_text(file, content), suffix, line).encode()
    elif suffix in MEDIA:
        marked = _media(content, suffix, settings, title=file.name, model=model, call=call)
    else:
        raise Unmarkable(file=file.name, why=suffix or "-")
    target = out or file
    draft = target.with_name(f".{target.name}.hanbok")
    draft.write_bytes(marked)
    draft.replace(target)
    print(say(f"표시했습니다: {target}", f"marked: {target}"))


@mark.command(
    help=say("그림·소리·영상의 C2PA 표시를 읽고 검증합니다.", "Read and validate the C2PA mark of a file.")
)
def read(file: Path, /) -> int:
    """Print the manifest store; exit 1 when its signature does not hold."""
    found = read_marks(_read(file), file.suffix.lower())
    print(standard_json.dumps(found, ensure_ascii=False, indent=2))
    return 0 if found.get("validation_state") in {"Valid", "Trusted"} else 1


def _media(
    content: bytes, suffix: str, settings: MarkingSettings, *, title: str, model: str, call: str
) -> bytes:
    keys = settings.media
    if keys is None:
        raise MediaKeysMissing
    return mark_media(
        content,
        suffix,
        certificate=_text(keys.certificate, _read(keys.certificate)),
        key=_text(keys.key, _read(keys.key)),
        algorithm=keys.algorithm,
        title=title,
        model=model,
        call=call,
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Unreadable(file=file, why=error.strerror) from None


def _text(file: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(file=file, why=f"byte {error.start} is not UTF-8") from None
