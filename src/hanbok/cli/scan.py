"""`hanbok scan`: find personal data and secrets in files."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from hanbok.building import guard_of
from hanbok.cli.config import File
from hanbok.cli.output import print_rows
from hanbok.cli.words import LANGUAGE, say
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.guard.guard import Guard
from hanbok.settings.reading import load

FOUND = 1


class Unreadable(HanbokError):
    code = "unreadable"
    message = Text(ko="{file}을(를) 읽을 수 없습니다: {why}", en="cannot read {file}: {why}")
    hint = Text(
        ko="UTF-8 텍스트 파일인지, 읽을 권한이 있는지 확인하십시오.",
        en="Check that it is UTF-8 text and that you may read it.",
    )


class _Document(msgspec.Struct):
    id: msgspec.Raw
    text: str


def scan(
    files: Annotated[
        tuple[str, ...], Parameter(help=say("파일들. '-'는 표준 입력.", "Files; '-' is standard input."))
    ] = (),
    /,
    *,
    json: Annotated[bool, Parameter(help=say("JSON으로.", "As JSON."))] = False,
    jsonl: Annotated[
        tuple[Path, Path] | None,
        Parameter(
            help=say(
                'IN OUT: 한 줄에 {"id","text"} 하나를 읽고 {"id","spans"}를 씁니다.',
                'IN OUT: read one {"id","text"} a line, write {"id","spans"}.',
            )
        ),
    ] = None,
    config: File = None,
) -> int:
    """Print findings with the article that each one touches. Exit code 1 when there are any (0 with `--jsonl`)."""
    guard = guard_of(load(config).settings)
    if jsonl is not None:
        _scan_lines(guard, *jsonl)
        return 0
    rows = [row for file in files or ("-",) for row in _rows(guard, file)]
    columns = {
        "file": say("파일", "file"),
        "line": say("줄", "line"),
        "column": say("열", "column"),
        "type": say("종류", "type"),
        "label": say("이름", "label"),
        "grade": say("등급", "grade"),
        "score": say("확신", "score"),
        "article": say("근거", "article"),
    }
    print_rows(rows, columns, json=json, empty=say("찾은 것이 없습니다", "nothing found"))
    return FOUND if rows else 0


def _rows(guard: Guard, file: str) -> Iterator[dict[str, object]]:
    """Yield findings with places, never with the text itself: output lands in tickets and CI logs."""
    text, known = _read(file), guard.kinds
    line, line_start = 1, 0
    for finding in guard.find(text):
        line += text.count("\n", line_start, finding.start)
        line_start = max(line_start, text.rfind("\n", 0, finding.start) + 1)
        kind = known[finding.kind]
        yield {
            "file": file,
            "line": line,
            "column": finding.start - line_start + 1,
            "start": finding.start,
            "end": finding.end,
            "type": finding.kind,
            "label": kind.label.of(LANGUAGE),
            "grade": kind.grade.value,
            "score": round(finding.score, 2),
            "why": finding.why,
            "article": kind.article,
        }


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(file=file, why=f"byte {error.start} is not UTF-8") from None
    except OSError as error:
        raise Unreadable(file=file, why=error.strerror) from None


def _scan_lines(guard: Guard, source: Path, target: Path) -> None:
    try:
        with source.open("rb") as lines, target.open("wb") as out:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                document = _document(source, number, line)
                spans = [
                    {"start": f.start, "end": f.end, "type": f.kind, "score": round(f.score, 4)}
                    for f in guard.find(document.text)
                ]
                out.write(msgspec.json.encode({"id": document.id, "spans": spans}) + b"\n")
    except OSError as error:
        raise Unreadable(file=error.filename, why=error.strerror) from None


def _document(source: Path, number: int, line: bytes) -> _Document:
    try:
        return msgspec.json.decode(line, type=_Document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(file=source, why=f"line {number}: {error}") from None
