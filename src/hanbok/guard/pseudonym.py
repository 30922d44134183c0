"""Placeholders that stand for found values in one request, and the way back.

`010-1234-5678로` leaves as `[전화번호-1]로`: the number's last digit ends in the same kind of sound as the value, so
that the particle around it (은/는, 이/가, 을/를, 으로/로) is right before and after the value is put back.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

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
_OPEN, _CLOSE = r"[\[［]", r"[\]］]"
_DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_GAP = r"[ \u00a0]{0,2}"
_NUMBER = r"[1-9１-９][0-9０-９]{0,6}"
_LONGEST = 64
"""No spelling of a placeholder is longer, escaped letters counted as one."""
_LONGEST_ESCAPED = _LONGEST + 5 * (_LONGEST_LABEL + 1)
_UNICODE_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_HALF_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,3})?\Z")


def mask(text: str, findings: Iterable[Finding], masks: Mapping[str, str]) -> list[Edit]:
    """Return edits that put the mask of each finding's kind, such as `[전화번호]`, in its place for good."""
    return [(start, end, masks.get(kind) or f"[{_NAMELESS}]") for start, end, kind in _apart(text, findings)]


def _label(kind: str, masks: Mapping[str, str]) -> str:
    """Return a kind's name in placeholders: the letters of its mask."""
    return _NOT_IN_LABEL.sub("", masks.get(kind, ""))[:_LONGEST_LABEL] or _NAMELESS


class Pseudonyms:
    """The values of one request and their placeholders. Lives as long as the request, and shows no value."""

    def __init__(self, masks: Mapping[str, str]) -> None:
        """Take the mask of each kind: `[전화번호]` makes placeholders such as `[전화번호-1]`."""
        self._masks = masks
        self._placeholders: dict[tuple[str, str], str] = {}
        self._values: dict[tuple[str, int], str] = {}
        self._last: dict[tuple[str, FinalClass], int] = {}
        self._spelling: dict[bool, re.Pattern[str]] = {}
        self._beginning: re.Pattern[str] | None = None
        self.restored = 0
        """How many placeholders were turned back so far."""

    def __repr__(self) -> str:
        return f"<{len(self)} pseudonyms>"

    def __len__(self) -> int:
        return len(self._values)

    def hide(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        """Return edits that put a placeholder in place of each finding.

        Equal values get the same one, numbers rise in order of appearance, and a placeholder that `text` itself
        holds is never given out: it could not be told from ours in the answer.
        """
        edits: list[Edit] = []
        held: dict[str, set[int]] = {}
        for start, end, kind in _apart(text, findings):
            label, value = _label(kind, self._masks), text[start:end]
            placeholder = self._placeholders.get((label, value))
            if placeholder is None:
                if label not in held:
                    held[label] = _held(label, text)
                number = self._free(label, value, held[label])
                self._values[label, number] = value
                placeholder = self._placeholders[label, value] = f"[{label}-{number}]"
            edits.append((start, end, placeholder))
        self._spelling.clear()
        self._beginning = None
        return edits

    def _free(self, label: str, value: str, held: set[int]) -> int:
        ending = final_class(value)
        number = self._last.get((label, ending), 0) + 1
        while number in held or final_class(str(number)) != ending:
            number += 1
        self._last[label, ending] = number
        return number

    def restore(self, text: str, *, in_json: bool = False) -> str:
        """Return `text` with our placeholders turned back; in the text of a JSON document, as its strings spell it."""
        if not self._values or ("[" not in text and "［" not in text):
            return text
        if in_json not in self._spelling:
            self._spelling[in_json] = re.compile(_spelling(self._known(), in_json=in_json))
        pieces: list[str] = []
        at = 0
        for found in self._spelling[in_json].finditer(text):
            value = self._values.get((_UNICODE_ESCAPE.sub(_letter, found["label"]), int(found["number"])))
            # Markdown escapes both brackets or none.
            start = _before_backslashes(text, found.start()) if found["escaped"] else found.start()
            if value is None or (found["escaped"] and start == found.start()):
                continue
            pieces += (text[at:start], json.dumps(value, ensure_ascii=False)[1:-1] if in_json else value)
            at = found.end()
            self.restored += 1
        return "".join((*pieces, text[at:])) if at else text

    def _known(self) -> list[str]:
        return sorted({label for label, _ in self._values})

    def restorer(self, *, in_json: bool = False) -> "Restorer":
        """Return what restores one text that arrives in pieces."""
        return Restorer(self, in_json=in_json)

    def may_go_on(self, tail: str) -> bool:
        """Whether `tail`, from a bracket on, could be the beginning of a placeholder of ours."""
        if self._beginning is None:
            self._beginning = re.compile(_beginning(self._known()))
        return self._beginning.fullmatch(tail) is not None


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


def _apart(text: str, findings: Iterable[Finding]) -> list[tuple[int, int, str]]:
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


def _held(label: str, text: str) -> set[int]:
    """Return the numbers of this label's placeholders that `text` holds, in whatever spelling."""
    if label not in text:
        return set()
    return {int(found["number"]) for found in re.finditer(_spelling([label], in_json=True), text)}


def _spelling(labels: Sequence[str], *, in_json: bool) -> str:
    """Return the pattern of the placeholders with these labels, in every spelling that counts as ours."""
    names = "|".join("".join(_spelt(letter, in_json=in_json) for letter in label) for label in labels)
    dash = _any_of(_DASHES, in_json=in_json)
    number = rf"{_GAP}(?:{dash}{_GAP})?(?P<number>{_NUMBER}){_GAP}"
    return rf"{_OPEN}{_GAP}(?P<label>{names}){number}(?P<escaped>\\{{1,2}})?{_CLOSE}"


def _spelt(letter: str, *, in_json: bool) -> str:
    if not in_json:
        return re.escape(letter)
    return rf"(?:{re.escape(letter)}|\\u(?i:{ord(letter):04x}))"


def _any_of(letters: str, *, in_json: bool) -> str:
    return f"(?:{'|'.join(_spelt(letter, in_json=in_json) for letter in letters)})"


def _beginning(labels: Sequence[str]) -> str:
    """Return the pattern of what a placeholder with one of these labels may begin with, unescaped."""
    rest = rf"{_GAP}(?:{_any_of(_DASHES, in_json=False)}{_GAP})?(?:{_NUMBER}{_GAP}\\{{0,2}})?"
    names: list[str] = []
    for label in labels:
        pattern = rest
        for letter in reversed(label):
            pattern = f"(?:{re.escape(letter)}{pattern})?"
        names.append(pattern)
    return f"{_OPEN}{_GAP}(?:{'|'.join(names)})"


def _letter(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))
