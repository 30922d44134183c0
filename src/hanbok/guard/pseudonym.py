"""Placeholders that stand for found values in one request, and the way back.

`010-1234-5678로` leaves as `[전화번호-1]로`: the number's last digit ends in the same kind of sound as the value, so
that the particle around it (은/는, 이/가, 을/를, 으로/로) is right before and after the value is put back.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol, TypeAlias

from hanbok.guard.recogniser import Finding
from hanbok.hangul.josa import FinalClass, final_class

Edit: TypeAlias = tuple[int, int, str]
"""Put the string in place of the code points from start to end (exclusive)."""

_NAMELESS = "개인정보"
_LONGEST_LABEL = 16
_NOT_IN_LABEL = re.compile(r"[^A-Za-z가-힣]")

# What models do to a placeholder on the way: full-width signs, spaces inside the brackets, another dash or none,
# Markdown's backslashes before both brackets, letters escaped in JSON. Anything else is not taken for ours, and
# stays as the model wrote it.
_OPEN, _CLOSE = r"[\[［]", r"(?P<escaped>\\{1,2})?[\]］]"
_LETTER = "[A-Za-z가-힣]"
_LETTER_IN_JSON = rf"(?:{_LETTER}|\\u(?:[aA][c-fC-F]|[bcBC][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{{2}})"
_DASH = "[-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d]"
_DASH_IN_JSON = rf"(?:{_DASH}|\\u(?:201[0-5]|2212))"
_GAP = r"[ \u00a0]{0,2}"
_NUMBER = r"[1-9１-９][0-9０-９]{0,6}"


def _spelling(letter: str, dash: str) -> re.Pattern[str]:
    label = rf"(?P<label>{letter}{{1,{_LONGEST_LABEL}}})"
    return re.compile(rf"{_OPEN}{_GAP}{label}{_GAP}(?:{dash}{_GAP})?(?P<number>{_NUMBER}){_GAP}{_CLOSE}")


_SPELLING = _spelling(_LETTER, _DASH)
_SPELLING_IN_JSON = _spelling(_LETTER_IN_JSON, _DASH_IN_JSON)
_BEGINNING = re.compile(
    rf"{_OPEN}{_GAP}(?P<label>{_LETTER}{{0,{_LONGEST_LABEL}}})"
    rf"(?P<rest>{_GAP}(?:{_DASH}{_GAP})?(?:{_NUMBER}{_GAP}\\{{0,2}})?)"
)
_LONGEST = 64
"""No spelling of a placeholder is longer, escaped letters counted as one."""
_LONGEST_ESCAPED = _LONGEST + 5 * (_LONGEST_LABEL + 1)
_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_HALF_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return `text` with `edits` made, which stand in order and do not overlap."""
    pieces: list[str] = []
    at = 0
    for start, end, new in edits:
        pieces += (text[at:start], new)
        at = end
    return "".join((*pieces, text[at:]))


def mask(text: str, findings: Iterable[Finding], masks: Mapping[str, str]) -> list[Edit]:
    """Return edits that put the mask of each finding's kind, such as `[전화번호]`, in its place for good."""
    return [(start, end, masks.get(kind) or f"[{_NAMELESS}]") for start, end, kind in apart(text, findings)]


@lru_cache(maxsize=256)
def _label(mask: str) -> str:
    """Return a kind's name in placeholders: the letters of its mask."""
    return _NOT_IN_LABEL.sub("", mask)[:_LONGEST_LABEL] or _NAMELESS


class TextRestorer(Protocol):
    """Restores one text that arrives in pieces."""

    def feed(self, delta: str) -> str: ...

    def close(self) -> str: ...


class Hider(Protocol):
    """Hides the values of one request, and turns back what stands for them."""

    restored: int
    left: int
    """How many traces could not be turned back safely, and stayed as the model wrote them."""

    def __len__(self) -> int: ...

    def hide(self, text: str, findings: Iterable[Finding]) -> list[Edit]: ...

    def hidden(self) -> tuple[tuple[str, str, str], ...]:
        """Return pseudonym, label and value of each, for a map that two people may open later."""
        ...

    def restorer(self, *, in_json: bool = False) -> TextRestorer: ...


class Pseudonyms:
    """The values of one request and their placeholders. Lives as long as the request, and shows no value."""

    def __init__(self, masks: Mapping[str, str]) -> None:
        """Take the mask of each kind: `[전화번호]` makes placeholders such as `[전화번호-1]`."""
        self._masks = masks
        self._placeholders: dict[tuple[str, str], str] = {}
        self._values: dict[tuple[str, int], str] = {}
        self._last: dict[tuple[str, FinalClass], int] = {}
        self._own: set[str] = set()
        self.restored = 0
        """How many placeholders were turned back so far."""
        self.left = 0
        """How many look like ours and carry a number that was never given out."""

    def __repr__(self) -> str:
        return f"<{len(self)} pseudonyms>"

    def __len__(self) -> int:
        return len(self._values)

    def hidden(self) -> tuple[tuple[str, str, str], ...]:
        """Return placeholder, label and value of each, for a map that two people may open later."""
        return tuple((shown, label, value) for (label, value), shown in self._placeholders.items())

    def hide(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        """Return edits that put a placeholder in place of each finding.

        Equal values get the same one, numbers rise in order of appearance, and a placeholder that `text` itself
        holds is never given out: it could not be told from ours in the answer.
        """
        edits: list[Edit] = []
        held = _held(text)
        for start, end, kind in apart(text, findings):
            label, value = _label(self._masks.get(kind, "")), text[start:end]
            placeholder = self._placeholders.get((label, value))
            if placeholder is None:
                number = self._free(label, value, held)
                self._values[label, number] = value
                self._own.add(label)
                placeholder = self._placeholders[label, value] = f"[{label}-{number}]"
            edits.append((start, end, placeholder))
        return edits

    def _free(self, label: str, value: str, held: set[tuple[str, int]]) -> int:
        ending = final_class(value)
        number = self._last.get((label, ending), 0) + 1
        while (label, number) in held or final_class(str(number)) != ending:
            number += 1
        self._last[label, ending] = number
        return number

    def restore(self, text: str, *, in_json: bool = False) -> str:
        """Return `text` with our placeholders turned back; in the text of a JSON document, as its strings spell it."""
        if not self._values or ("[" not in text and "［" not in text):
            return text
        pieces: list[str] = []
        at = 0
        for found in (_SPELLING_IN_JSON if in_json else _SPELLING).finditer(text):
            value = self._values.get(_read(found))
            # Markdown escapes both brackets or none.
            start = _before_backslashes(text, found.start()) if found["escaped"] else found.start()
            if value is None or (found["escaped"] and start == found.start()):
                self.left += _read(found)[0] in self._own
                continue
            pieces += (text[at:start], json.dumps(value, ensure_ascii=False)[1:-1] if in_json else value)
            at = found.end()
            self.restored += 1
        return "".join((*pieces, text[at:])) if at else text

    def restorer(self, *, in_json: bool = False) -> "Restorer":
        """Return what restores one text that arrives in pieces."""
        return Restorer(self, in_json=in_json)

    def may_go_on(self, tail: str) -> bool:
        """Whether `tail`, from a bracket on, could be the beginning of a placeholder of ours."""
        found = _BEGINNING.fullmatch(tail)
        if found is None:
            return False
        label = found["label"]
        return label in self._own if found["rest"] else any(own.startswith(label) for own in self._own)


class Restorer:
    """Restores one text in pieces. Only what may be the beginning of a placeholder of ours waits for the next."""

    __slots__ = ("_carry", "_in_json", "_pseudonyms")

    def __init__(self, pseudonyms: Pseudonyms, *, in_json: bool) -> None:
        self._pseudonyms = pseudonyms
        self._in_json = in_json
        self._carry = ""

    def feed(self, delta: str) -> str:
        """Take the next piece, and return what is ready."""
        if not self._carry and "[" not in delta and "［" not in delta and delta[-1:] != "\\":
            return delta
        text = self._carry + delta
        ready = self._ready(text)
        self._carry = text[ready:]
        return self._pseudonyms.restore(text[:ready], in_json=self._in_json)

    def close(self) -> str:
        """Return what still waited."""
        rest, self._carry = self._carry, ""
        return self._pseudonyms.restore(rest, in_json=self._in_json)

    def _ready(self, text: str) -> int:
        if not len(self._pseudonyms):
            return len(text)
        since = max(0, len(text) - (_LONGEST_ESCAPED if self._in_json else _LONGEST))
        opened = max(text.rfind("[", since), text.rfind("［", since))
        if opened >= 0:
            tail = text[opened:]
            if self._in_json:
                tail = _HALF_ESCAPE.sub("", _UNICODE_ESCAPE.sub(_letter, tail))
            if self._pseudonyms.may_go_on(tail):
                return _before_backslashes(text, opened)
        return _before_backslashes(text, len(text))


def _before_backslashes(text: str, end: int) -> int:
    """Return where up to two backslashes before `end` begin: they may belong to a bracket."""
    start = end
    while start > max(0, end - 2) and text[start - 1] == "\\":
        start -= 1
    return start


def apart(text: str, findings: Iterable[Finding]) -> list[tuple[int, int, str]]:
    """Return start, end and kind in order; findings that overlap become one, named after the longest of them."""
    spans: list[tuple[int, int, str, int]] = []
    for one in sorted(findings, key=lambda finding: (finding.start, -finding.end)):
        size = one.end - one.start
        if spans and one.start < spans[-1][1]:
            start, end, kind, longest = spans[-1]
            spans[-1] = (start, max(end, one.end), one.kind if size > longest else kind, max(size, longest))
        elif size > 0 and one.end <= len(text):
            spans.append((one.start, one.end, one.kind, size))
    return [span[:3] for span in spans]


def _held(text: str) -> set[tuple[str, int]]:
    """Return the label and number of whatever reads like a placeholder in `text`."""
    if "[" not in text and "［" not in text:
        return set()
    return {_read(found) for found in _SPELLING_IN_JSON.finditer(text)}


def _read(found: re.Match[str]) -> tuple[str, int]:
    return _UNICODE_ESCAPE.sub(_letter, found["label"]), int(found["number"])


def _letter(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))
