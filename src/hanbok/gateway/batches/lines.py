"""The lines of a batch: what is asked in each, and what became of it, as OpenAI's batch API writes them."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import msgspec

from hanbok.gateway.batches.shapes import LineProblem
from hanbok.gateway.spelling.json_text import Json, Raw, encode

_PROBLEMS: Final = 50
"""Problems of one file that are told at most."""


class Line(msgspec.Struct, frozen=True):
    custom_id: str
    method: str
    url: str
    body: Raw
    number: int = 0


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """What a line was answered."""

    status: int
    call: str
    body: bytes
    identifiers: tuple[tuple[str, str], ...] = ()
    """Of the people in the request."""
    retry_after: float = 0.0
    """Seconds after which to ask again, where only the pace was too high."""


Ask: TypeAlias = Callable[[Line, str, str], Awaitable[Answered]]
"""Asks a line for a key, as from an address. A refusal is an answer too."""
_DECODE = msgspec.json.Decoder(Line).decode


def read_lines(content: bytes, endpoint: str) -> tuple[list[Line], list[LineProblem]]:
    """Return the lines of an input file, or what is wrong with them. No message quotes what stands there."""
    lines: list[Line] = []
    problems: list[LineProblem] = []
    seen: set[str] = set()
    for number, text in enumerate(content.split(b"\n"), start=1):
        if not text.strip():
            continue
        line = _read(text)
        problem = "invalid_json_line" if line is None else _wrong(line, endpoint, seen)
        if line is None or problem:
            problems.append(LineProblem(code=problem, line=number, message=_MESSAGES[problem]))
            if len(problems) >= _PROBLEMS:
                break
            continue
        seen.add(line.custom_id)
        lines.append(msgspec.structs.replace(line, number=number))
    if not lines and not problems:
        problems.append(LineProblem(code="empty_file", line=None, message=_MESSAGES["empty_file"]))
    return lines, problems


_MESSAGES: Final = {
    "invalid_json_line": "the line is no JSON object with custom_id, method, url and body",
    "invalid_method": "the method is not POST",
    "mismatched_endpoint": "the url is not the batch's endpoint",
    "duplicate_custom_id": "the custom_id stood in an earlier line",
    "empty_file": "the file has no lines",
}


def _read(text: bytes) -> Line | None:
    try:
        line = _DECODE(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return line if bytes(line.body).startswith(b"{") else None


def _wrong(line: Line, endpoint: str, seen: set[str]) -> str:
    if line.method != "POST":
        return "invalid_method"
    if line.url != endpoint:
        return "mismatched_endpoint"
    return "duplicate_custom_id" if line.custom_id in seen else ""


def answered_line(line: Line, batch: str, answered: Answered) -> bytes:
    """Return the line of the output or error file."""
    response = {"status_code": answered.status, "request_id": answered.call, "body": Raw(answered.body)}
    return _line(line, batch, {"response": response, "error": None})


def unasked_line(line: Line, batch: str, code: str, message: str) -> bytes:
    """Return the line of the error file for one that was not asked."""
    return _line(line, batch, {"response": None, "error": {"code": code, "message": message}})


def _line(line: Line, batch: str, what: Json) -> bytes:
    return encode({"id": f"batch_req_{batch}_{line.number}", "custom_id": line.custom_id, **what}) + b"\n"
