"""Passwords and keys that only the word before them gives away: 비밀번호: ..., api_key = ..."""

import re
from typing import Final

from hanbok.guard.shape import any_case

_PASSWORD = "password|passwd|passphrase|passcode|pwd|pw|p/w|pass|pin|비밀 ?번호|비번|암호|패스워드|핀 ?번호"  # noqa: S105
_KEY = "session_?id|secret|token|key|credential|authorization|(?:시크릿|토큰|키)(?: ?값)?|인증 ?값"
_BEARER = "bearer|kakaoak|basic"
_LABEL = re.compile(
    "(?=[pPsStTkKcCaAbB비암패핀시토키인])(?:"  # no label begins with another letter
    f"(?P<password>{any_case(_PASSWORD)})|(?P<key>{any_case(_KEY)})|(?P<bearer>{any_case(_BEARER)}))"
)
_REACH = 32
_SUFFIX = "(?:[_-][A-Za-z]{2,10}| ?(?:네|여섯|여덟|[468]) ?자리)?"
"""secret_key_base, token-prod: what is behind the word is no name of another thing."""
_OTHER_THING = re.compile(
    "[_-](?i:id|name|type|file|path|size|count|length|version|vault|ring|expir|at$|len)"
)
_PAIR = re.compile(r"[ ]?[:=]?[ ]{0,2}[!-.0-~]{2,64}[ ]{0,2}[/,|][ ]{0,2}(?P<value>[!-~]{4,128})")
_LOGIN = re.compile(r"(?:(?i:id)|아이디|계정)[ ]?[/,·&][ ]?$")
_ANNOUNCED = re.compile(
    rf"(?P<suffix>{_SUFFIX})"
    r"(?:\([가-힣A-Za-z ]{1,8}\))?(?:[\"'`)\]*]{0,2}[ ]{0,2}(?P<sign>:=|=>|=|:|->|→|\x1e)\s{0,2}|"
    r"[은는이가을를]?(?:요|란)?[ ]{1,2}|[ ]is[ ])"
    r"[\"'`(\[<]{0,2}(?P<value>[!-~]{4,128})"
)
_PLACEHOLDER = re.compile(
    r"[0-9]{4}-[0-9]{2}-.*|[*xX•.#?-]+|[<{].*|[$%{].*[})%]|\[.*|(?i:your|my|example|sample|placeholder|none|null|true|false|required|string|"
    r"changeme|redacted|env|aes|rsa|sha|seed|aria|lea|tls|ssl|md5|hmac)\b.*|.*\(.*\).*|https?:.*|[a-z_.]+\[.*"
)
_NEXT_FIELD = re.compile(r"(?:&[A-Za-z_]+=|[\"'][,;}]).*")
_LONG, _SHORT = 16, 5
_AFTER_VALUE = "\"'`,;:.)]}>|"
_DATABASE = re.compile("(?i:primary|foreign|sort|partition|cache|unique|row)[ _-]?$")
_SYMBOL = re.compile(r"[!@#$%^&*+=~]")
_MADE = re.compile(r"(?=.*[a-z])(?=.*[A-Z])(?=.*[0-9])[A-Za-z0-9_-]{10,}")
"""What nobody would write in prose."""
_WORD = re.compile("[A-Za-z0-9]")
_MIXED = re.compile(r"(?=.*[a-z])(?=.*[A-Z]).{8,}")
_SIGN = r"(?:\([가-힣A-Za-z ]{1,8}\))?[\"'`)\]*]{0,2} {0,2}(?:[:=\x1e→]|->)"
PATTERNS: Final = (
    f"(?:{any_case(_PASSWORD)}|{any_case(_KEY)}){_SUFFIX}{_SIGN}",
    f"(?:{any_case(_PASSWORD)}|{any_case(_KEY)}){_SUFFIX}(?:[은는이가을를]|요|란| is|) {{1,2}}[!-~]",
    f"(?:{any_case(_BEARER)}) ",
)
"""What a scanner reads: the word, and the sign or the space behind it."""


def is_placeholder(value: str) -> bool:
    """Tell a value from what only holds its place, such as `<password>` or `${PW}`."""
    return _PLACEHOLDER.fullmatch(value) is not None


def find(text: str, at: int) -> tuple[int, int] | None:
    """Return the span of the value that the last label before `at` announces."""
    label = None
    for label in _LABEL.finditer(text, max(0, at - _REACH), at):  # noqa: B007 - the last one counts
        pass
    if label is None or text[label.start() - 1 : label.start()] == "=":  # it stands in another's value
        return None
    if label["password"] and _LOGIN.search(text, max(0, label.start() - 6), label.start()):
        pair = _PAIR.match(text, label.end())
        return _password(pair, said=False) if pair else None
    match = _ANNOUNCED.match(text, label.end())
    if match is None or _OTHER_THING.match(match["suffix"]):
        return None
    if _inside_word(text, label) and (match["sign"] is None or len(label[0]) < _SHORT):
        return None
    said = match["sign"] is None
    if label["password"]:
        return _password(match, said=said)
    of_table = label["key"] and _DATABASE.search(text, max(0, label.start() - 12), label.start())
    return None if of_table else _key(match, said=said, bearer=bool(label["bearer"]))


def _inside_word(text: str, label: re.Match[str]) -> bool:
    """Tell whether a label is the end of a longer word, as in bypass; apiKey is written so on purpose."""
    before = text[max(0, label.start() - 1) : label.start()]
    camel = label[0][0].isupper() and before.islower()
    return label[0].isascii() and not camel and _WORD.match(before) is not None


def _value(match: re.Match[str]) -> str:
    written = _NEXT_FIELD.sub("", match["value"], 1)
    value = written.rstrip(_AFTER_VALUE)
    return "" if is_placeholder(value) or is_placeholder(written) else value


def _key(match: re.Match[str], *, said: bool, bearer: bool) -> tuple[int, int] | None:
    value = _value(match)
    mixed = not bearer and (_MADE if said else _MIXED).match(value)
    good = any(map(str.isdigit, value)) and len(set(value)) > 1 and (len(value) >= _LONG or mixed)
    return (match.start("value"), match.start("value") + len(value)) if good else None


def _password(match: re.Match[str], *, said: bool) -> tuple[int, int] | None:
    """Tell a password from a word of prose; one that is `said` without a sign such as `:` must look the part."""
    value = _value(match)
    digits = sum(map(str.isdigit, value))
    signed = _SYMBOL.search(value) is not None
    enough = 4 if digits == len(value) or not said or (digits and signed) else 6
    varied = len(set(value)) > 1 or digits
    good = varied and len(value) >= enough and (digits or (not value.isalpha() and (signed or not said)))
    return (match.start("value"), match.start("value") + len(value)) if good else None
