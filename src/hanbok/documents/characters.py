"""Characters of texts and pages whose encoding is told wrongly, or not at all."""

import codecs
import re
from typing import Final

from resiliparse.parse.encoding import bytes_to_str, detect_encoding

_CHARSET: Final = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.IGNORECASE)
_KOREAN: Final = frozenset(
    {"euc-kr", "euc_kr", "ks_c_5601-1987", "ksc5601", "cp949", "uhc", "windows-949", "ms949"}
)
_HEAD: Final = 4096
_UTF_16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def decoded(data: bytes, declared: str = "") -> str:
    """Return the characters of a page or text file, `declared` being what its sender called the encoding.

    Korean pages before 2010 are in Microsoft's CP949 and call it EUC-KR; half of its syllables are lost by who
    believes them. Whatever reads as UTF-8 is UTF-8.
    """
    if data.startswith(_UTF_16):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    inside = _CHARSET.search(data[:_HEAD])
    named = (declared or (inside[1].decode("ascii", "replace") if inside else "")).lower()
    if named in _KOREAN or (not named and _reads_korean(data)):
        return data.decode("cp949", "replace")
    found = detect_encoding(data, html5_compatible=True) or "utf-8"
    return bytes_to_str(data, named if _known(named) else found, errors="replace")


def _reads_korean(data: bytes) -> bool:
    """Tell whether bytes are CP949: they decode, and most of what is not ASCII is Hangul."""
    try:
        text = data.decode("cp949")
    except UnicodeDecodeError:
        return False
    beyond = [one for one in text if one > "\x7f"]
    return bool(beyond) and sum("가" <= one <= "힣" for one in beyond) * 2 > len(beyond)


def _known(name: str) -> bool:
    try:
        "".encode(name)
    except LookupError:
        return False
    return bool(name)
