"""Masks what a model's streamed answer must not show, holding back only what may still become a finding."""

import re
from typing import Final

from hanbok.guard.guard import Guard
from hanbok.guard.recogniser import Finding

_CARRY: Final = 64
"""Characters held back at most."""
_CONTEXT: Final = 64
"""Characters already sent that the guard still reads, for words that say what follows."""
_DIGITS: Final = "".join(chr(code) for code in range(0x10000) if chr(code).isdecimal())
_NUMERALS: Final = "공영일이삼사오육륙칠팔구〇一二三四五六七八九"
_SIGNS: Final = f"{_DIGITS}@=:A-Za-z①-⓿㉈-㉏\U00010000-\U0010ffff"
_ANY = re.compile(f"[{_SIGNS}{_NUMERALS}]")
_SIGN = re.compile(f"[{_SIGNS}]")
_SPOKEN = re.compile(f"[{_NUMERALS}][{_NUMERALS}]{{2}}")
"""Quick forms of `_TRIGGER`, which match wherever it does: a plain set of characters is searched many times faster than
alternatives or a class such as `\\d`.
"""
_TRIGGER = re.compile(
    r"\d|@|[=:]\s*(?:[A-Za-z]|\Z)|[①-⓿㉈-㉏]|[공영일이삼사오육륙칠팔구〇一二三四五六七八九]{3}|[A-Za-z_-]{12}"
)
"""Without one of these a text can hold no finding, and need not wait."""
_TAIL = re.compile(
    rf"[\d\s.,:;()\[\]/_~·=+@A-Za-z\u200b-\u200d\u2060\ufeff\u00ad\u2010-\u2015\u2212ㅡ①-⓿㉈-㉏"
    rf"공영일이삼사오육륙칠팔구〇一二三四五六七八九-]{{1,{_CARRY}}}\Z"
)
"""The end of a text that a number, an address of mail or a secret could still go on from."""
_CLOSED = re.compile(
    r"@\s|(?<![A-Za-z0-9_+/=:.@-])(?<![=:]\s)(?<![=:]\s\s)[A-Za-z]?[a-z]{2,}[,.;]?\s(?!\s*[=:])"
)
"""What ends all that stands before it, as no number and no secret goes on over it: an English word that is not the
value of something (`password: word`), and an `@` with a blank behind it. Addresses of mail may.
"""
_OPEN = re.compile("(?!)")
"""Nothing."""
_TOKEN = re.compile(r"[A-Za-z0-9_+/=.-]*")


class StreamMasker:
    """One for each text of an answer. Values in `spared` are left alone: the client sent them itself."""

    def __init__(self, guard: Guard, kinds: frozenset[str], spared: frozenset[str] = frozenset()) -> None:
        self._guard = guard
        self._kinds = kinds
        self._closed = _OPEN if "EMAIL" in kinds else _CLOSED
        self._spared = spared
        self._sent = ""
        self._held = ""
        self._inside = False
        """Whether the last thing sent was a mask whose value may go on."""
        self.found: dict[str, int] = {}

    def feed(self, delta: str) -> str:
        """Return what may be shown now."""
        text = self._held + self._rest(delta)
        if not _may_hold(text):
            self._held = ""
            return self._send(text)
        cut = self._cut(text)
        self._held = text[cut:]
        return self._send(self._masked(text, cut))

    def _cut(self, text: str) -> int:
        """Return where what may still go on begins."""
        tail = _TAIL.search(text)
        if tail is None:
            return len(text)
        ends = [closed.end() for closed in self._closed.finditer(text, tail.start())]
        if not ends and len(tail[0]) == _CARRY:
            # A run this long is judged as it is; should a value go on behind it, its rest is swallowed.
            return len(text)
        cut = ends[-1] if ends else tail.start()
        return cut if _TRIGGER.search(text, cut) else len(text)

    def close(self) -> str:
        """Return the rest."""
        text, self._held = self._held, ""
        return self._send(self._masked(text, len(text))) if text else ""

    def find(self, text: str) -> list[Finding]:
        """Return what must not be shown of a text that is whole."""
        found = [
            one
            for one in self._guard.find(text)
            if one.kind in self._kinds and text[one.start : one.end] not in self._spared
        ]
        for one in found:
            self.found[one.kind] = self.found.get(one.kind, 0) + 1
        return found

    def _masked(self, text: str, cut: int) -> str:
        """Return the first `cut` characters of the text with findings masked, each mask whole."""
        if not cut:
            return ""
        before = len(self._sent)
        pieces: list[str] = []
        at = 0
        for finding in self._guard.find(self._sent + text):
            start, end = max(finding.start - before, 0), finding.end - before
            if finding.kind not in self._kinds or end <= at or start >= cut:
                continue
            if (self._sent + text)[finding.start : finding.end] in self._spared:
                continue
            self.found[finding.kind] = self.found.get(finding.kind, 0) + 1
            pieces += (text[at:start], self._guard.kinds[finding.kind].mask)
            at = end
        self._inside = at >= len(text) and bool(pieces)
        # What the guard took beyond the cut is masked already: it is not held any more.
        self._held = self._held[max(at - cut, 0) :]
        return "".join([*pieces, text[at:cut]])

    def _rest(self, delta: str) -> str:
        """Drop what still belongs to a value that was masked at the end of the last text."""
        if not self._inside:
            return delta
        end = _TOKEN.match(delta)
        over = end.end() if end else 0
        self._inside = over == len(delta)
        return delta[over:]

    def _send(self, text: str) -> str:
        if text:
            self._sent = (self._sent + text)[-_CONTEXT:]
        return text


def _may_hold(text: str) -> bool:
    """Whether a finding may be in the text, or begin in it."""
    if not _ANY.search(text) or not (_SIGN.search(text) or _SPOKEN.search(text)):
        return False
    return bool(_TRIGGER.search(text))
