"""Marks for texts that leave the service, as AI Basic Act decree art. 23 asks where answers are exported or shared."""

import html
import json
import re
from typing import Any, Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Language, Text

FOOTER: Final = Text(
    ko="이 글은 생성형 인공지능이 만들었습니다.",
    en="This text was made by generative artificial intelligence.",
)
TEXTS: Final = frozenset({".txt", ".md", ".html", ".htm", ".json"})
_CALL: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_BODY_END: Final = re.compile(r"</body\s*>", re.IGNORECASE)
_HEAD_END: Final = re.compile(r"</head\s*>", re.IGNORECASE)
_META: Final = '<meta name="ai-generated" content="true">'


class Unmarkable(HanbokError):
    code = "unmarkable"
    message = Text(ko="{file!r}에 표시할 수 없습니다: {why}", en="{file!r} cannot be marked: {why}")
    hint = Text(
        ko="글(.txt .md .html .json)과 C2PA를 담을 수 있는 매체(.png .jpg .wav .mp4 등)에 표시할 수 있습니다.",
        en="Texts (.txt .md .html .json) and media that can carry C2PA (.png .jpg .wav .mp4 ...) can be marked.",
    )


def footer(language: Language, own: str = "", call: str = "") -> str:
    """Return the line that is put under a text: hanbok's own or the organisation's, and the call that made it."""
    line = own or FOOTER.of(language)
    return f"{line} (hanbok {call})" if call and _CALL.fullmatch(call) else line


def mark_text(text: str, suffix: str, line: str) -> str:
    """Return the text with its mark; marked twice is marked once. Raises Unmarkable."""
    match suffix:
        case ".json":
            return _json(text, line)
        case ".html" | ".htm":
            return _html(text, line)
        case ".txt" | ".md":
            return text if line in text else f"{text.rstrip()}\n\n---\n{line}\n"
        case _:
            raise Unmarkable(file=suffix, why="form")


def _html(text: str, line: str) -> str:
    safe = html.escape(line)
    if safe not in text:
        mark = f'<footer class="ai-generated"><p>{safe}</p></footer>\n'
        text = _before(_BODY_END, mark, text)
    if _META not in text and _HEAD_END.search(text):
        text = _before(_HEAD_END, f"{_META}\n", text)
    return text


def _before(end: re.Pattern[str], mark: str, text: str) -> str:
    places = list(end.finditer(text))
    at = places[-1].start() if places else len(text)
    return text[:at] + mark + text[at:]


def _json(text: str, line: str) -> str:
    try:
        value: Any = json.loads(text)
    except ValueError as error:
        raise Unmarkable(file=".json", why=f"JSON, {type(error).__name__}") from None
    if not isinstance(value, dict):
        raise Unmarkable(file=".json", why="not an object")
    return json.dumps(value | {"ai_generated": True, "ai_notice": line}, ensure_ascii=False, indent=2) + "\n"
