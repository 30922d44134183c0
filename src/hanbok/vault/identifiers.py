"""One spelling for each identifier, so that the digest of what a person says finds what a text held."""

import re
import unicodedata

_NUMBER = re.compile(r"[\d\s\-./_~*()+,\u00b7\u2010-\u2015\u2212ㅡ]+")
_KOREA = "82"
_SPACES = re.compile(r"\s+")
_LEAST_DIGITS = 6


def canonical(value: str) -> str:
    """Return an identifier without what people write differently: signs and spaces, capitals, +82 for 0."""
    text = unicodedata.normalize("NFKC", value).strip()
    if _NUMBER.fullmatch(text):
        digits = "".join(sign for sign in text if sign.isdigit())
        if text.startswith("+") and digits.startswith(_KOREA):
            digits = "0" + digits.removeprefix(_KOREA).removeprefix("0")
        if len(digits) >= _LEAST_DIGITS:
            return digits
    return _SPACES.sub("", text).casefold()
