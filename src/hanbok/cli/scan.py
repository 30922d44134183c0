"""`hanbok scan`: find personal data and secrets in files, and treat them."""

import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from hanbok.building import guard_beside
from hanbok.cli.config import File
from hanbok.cli.document_words import LEFT, place_in_korean
from hanbok.cli.output import print_rows
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.documents.format import Part
from hanbok.documents.reading import is_document, read
from hanbok.guard.explain import explain
from hanbok.guard.guard import Guard
from hanbok.guard.lines import read_rows, row_of, spans_of
from hanbok.guard.operator import Operator, Setting
from hanbok.guard.recogniser import Finding
from hanbok.guard.treat import operator, treat
from hanbok.settings.environment import operator_key
from hanbok.settings.reading import load

FOUND = 1
_TEXT = "text"


class Unreadable(HanbokError):
    code = "unreadable"
    message = Text(ko="{file}을(를) 읽을 수 없습니다: {why}", en="cannot read {file}: {why}")
    hint = Text(
        ko="UTF-8 텍스트 파일인지, 읽을 권한이 있는지 확인하십시오.",
        en="Check that it is UTF-8 text and that you may read it.",
    )


class Unwritable(HanbokError):
    code = "unwritable"
    message = Text(ko="{file}을(를) 쓸 수 없습니다: {why}", en="cannot write {file}: {why}")
    hint = Text(
        ko="폴더가 있는지, 쓸 권한과 빈자리가 있는지 확인하십시오. 앞서 있던 파일은 그대로입니다.",
        en="Check that the folder exists, has room and may be written to. A file that was there is untouched.",
    )


class OneText(HanbokError):
    code = "one_text"
    message = Text(
        ko="`--apply`는 파일 하나에 씁니다({count}개 받음)", en="`--apply` takes one file ({count} given)"
    )
    hint = Text(
        ko="여러 글은 한 줄에 하나씩 적어 `--jsonl IN OUT --apply 기법`으로 처리합니다.",
        en="Write many texts one a line, and use `--jsonl IN OUT --apply OPERATOR`.",
    )


Lines = Annotated[
    tuple[Path, Path] | None,
    Parameter(
        help=say(
            'IN OUT: 한 줄에 {"id","text"}를 읽고 {"id","spans"}를, `--apply`면 {"id","text","left"}를 씁니다.',
            'IN OUT: read one {"id","text"} a line, write {"id","spans"}; with `--apply`, {"id","text","left"}.',
        )
    ),
]
Apply = Annotated[
    str,
    Parameter(
        help=say(
            "처리한 글을 씁니다: keep, redact, mask, generalise, pseudonym, keyed_hash, format_preserving.",
            "Write the treated text: keep, redact, mask, generalise, pseudonym, keyed_hash, format_preserving.",
        )
    ),
]
KeyName = Annotated[
    str,
    Parameter(
        help=say(
            "기법에 쓸 키가 든 환경 변수의 이름.", "Name of the environment variable with the operator's key."
        )
    ),
]
Outside = Annotated[
    bool,
    Parameter(
        help=say(
            "밖에서 온 글이므로 모델을 향한 숨은 지시도 찾습니다.",
            "The text came from outside: look for instructions to a model, too.",
        )
    ),
]


def scan(
    files: Annotated[
        tuple[str, ...],
        Parameter(
            help=say(
                "파일들. '-'는 표준 입력. PDF, DOCX, PPTX, XLSX, HWP, HWPX는 글을 꺼내 봅니다.",
                "Files; '-' is standard input. Of PDF, DOCX, PPTX, XLSX, HWP and HWPX the text is taken.",
            )
        ),
    ] = (),
    /,
    *,
    json: Annotated[bool, Parameter(help=say("JSON으로.", "As JSON."))] = False,
    jsonl: Lines = None,
    apply: Apply = "",
    key_env: KeyName = "",
    outside: Outside = False,
    config: File = None,
) -> int:
    """Print findings with the article that each one touches.

    Exit code 1 when there are any, with `--apply` when the treated text still holds something; 0 with `--jsonl`.
    """
    guard = guard_beside(load(config).settings)
    using = _operator(guard, apply, key_env) if apply else None
    if jsonl is not None:
        _scan_lines(guard, using, *jsonl)
        return 0
    if using is not None:
        return _treat_one(guard, using, files or ("-",))
    rows = [row for file in files or ("-",) for row in _rows(guard, file, outside=outside, words=not json)]
    print_rows(rows, _columns(rows), json=json, empty=say("찾은 것이 없습니다", "nothing found"))
    return FOUND if rows else 0


def _columns(rows: Sequence[dict[str, object]]) -> dict[str, str]:
    return {
        "file": say("파일", "file"),
        **({"place": say("자리", "place")} if any("place" in one for one in rows) else {}),
        "line": say("줄", "line"),
        "column": say("열", "column"),
        "type": say("종류", "type"),
        "label": say("이름", "label"),
        "grade": say("등급", "grade"),
        "score": say("확신", "score"),
        "why": say("이유", "why"),
        "article": say("근거", "article"),
    }


def _operator(guard: Guard, name: str, key_env: str) -> Operator:
    key = operator_key(key_env) if key_env else b""
    return operator(name, Setting(kinds=guard.kinds, key=key))


def _rows(guard: Guard, file: str, *, outside: bool, words: bool) -> Iterator[dict[str, object]]:
    """Yield findings with places, never with the text itself: output lands in tickets and CI logs."""
    for part in _parts(file):
        lines, place = _Lines(part.text), _place(guard, part, words=words)
        for one in explain(part.text, guard, outside=outside):
            line, column = lines.place(one.start)
            yield {
                "file": file,
                **place,
                "line": line,
                "column": column,
                "start": one.start,
                "end": one.end,
                "type": one.kind,
                "label": one.label.of(LANGUAGE),
                "class": one.category,
                "grade": one.grade.value,
                "score": round(one.score, 2),
                "why": one.why,
                "article": one.article,
            }


def _place(guard: Guard, part: Part, *, words: bool) -> dict[str, object]:
    """Return which part of a document this is; a text has none. The name of a sheet may be that of a person."""
    if part.kind == _TEXT:
        return {}
    where = part.place.partition(" ")[0] if guard.find(part.place) else part.place
    kind = "" if part.kind == "body" else part.kind
    if words:
        where, kind = (say(place_in_korean(one), one) for one in (where, kind))
    return {"place": ", ".join(filter(None, (where, kind)))}


class _Lines:
    """Tells line and column of places that are asked for in the order of the text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._line, self._start = 1, 0

    def place(self, at: int) -> tuple[int, int]:
        self._line += self._text.count("\n", self._start, at)
        self._start = max(self._start, self._text.rfind("\n", 0, at) + 1)
        return self._line, at - self._start + 1


def _treat_one(guard: Guard, using: Operator, files: tuple[str, ...]) -> int:
    """Write the treated text, and to standard error what a person must still look at."""
    if len(files) != 1:
        raise OneText(count=len(files))
    treated = treat("\n\n".join(one.text for one in _parts(files[0])), guard, using)
    sys.stdout.buffer.write(treated.text.encode())
    sys.stdout.buffer.flush()
    _tell_left(treated.text, treated.left)
    return FOUND if treated.left else 0


def _tell_left(text: str, left: Sequence[Finding]) -> None:
    lines = _Lines(text)
    for one in left:
        line, column = lines.place(one.start)
        place = say(f"남음: {line}줄 {column}열", f"left: line {line}, column {column}")
        print(f"{place} {one.kind} {', '.join(one.why)}", file=sys.stderr)


def _parts(file: str) -> Sequence[Part]:
    """Return the parts of a document, and what cannot be read of it to standard error; a text is one part."""
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        if not is_document(data):
            return [Part(text=data.decode("utf-8"), place="", kind=_TEXT)]
    except UnicodeDecodeError as error:
        raise Unreadable(file=file, why=f"byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise Unreadable(file=file, why=error.strerror) from None
    document = read(data, "" if file == "-" else file)
    if document.unread:
        left = ", ".join(say(LEFT.get(one, one), one) for one in document.unread)
        told = say(f"{file}: 글을 꺼내지 못한 것: {left}", f"{file}: no text taken of: {left}")
        print(told, file=sys.stderr)
    return document.parts


def _scan_lines(guard: Guard, using: Operator | None, source: Path, target: Path) -> None:
    """Write all rows or none: a file that was there stays until the new one is whole."""
    try:
        lines = source.open("rb")
    except OSError as error:
        raise Unreadable(file=source, why=error.strerror) from None
    with lines:
        results = (
            row_of(
                row.id,
                {"spans": spans_of(guard.find(row.text))} if using is None else _row(guard, using, row.text),
            )
            for row in read_rows(lines, str(source))
        )
        _write_whole(target, results)


def _row(guard: Guard, using: Operator, text: str) -> dict[str, object]:
    treated = treat(text, guard, using)
    return {"text": treated.text, "left": spans_of(treated.left)}


def _write_whole(target: Path, pieces: Iterator[bytes]) -> None:
    if target.exists() and not target.is_file():  # a pipe or a device cannot be replaced
        whole = b"".join(pieces)
        _put(target, whole)
        return
    fresh = target.resolve().with_name(f".{target.name}.{os.getpid()}")
    try:
        with fresh.open("wb") as out:
            out.writelines(pieces)
        fresh.replace(target.resolve())
    except OSError as error:
        raise Unwritable(file=target, why=error.strerror) from None
    finally:
        fresh.unlink(missing_ok=True)


def _put(target: Path, whole: bytes) -> None:
    try:
        with target.open("wb") as out:
            out.write(whole)
    except OSError as error:
        raise Unwritable(file=target, why=error.strerror) from None
