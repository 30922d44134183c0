"""Files inside a JSON string: `data:` URLs (RFC 2397) and bare base64, in either alphabet (RFC 4648, 4 and 5)."""

import re
from base64 import b64encode, urlsafe_b64encode
from binascii import Error, a2b_base64
from dataclasses import dataclass

_HEADER = re.compile(r"data:([^,]*);base64,", re.IGNORECASE)
_MEDIA = re.compile(
    r"(?:application|audio|font|image|message|model|multipart|text|video)/[a-z][a-z.+-]{0,80}[0-9]?"
)
_OPAQUE = re.compile(
    r"\s*(?:(?:audio|font|image|model|video)/|application/(?:epub|gzip|haansoft|hwp|msword|pdf|postscript|rtf|vnd\.|"
    r"x-(?:haansoft|hwp|pdf|zip)|zip))",
    re.IGNORECASE,
)
"""What these types hold is not what it reads as, were it text all the same: a PDF packs its own."""
_CLAIM = re.compile(
    r"\s*+(?:((?i:data:))|iVBORw0K|[/_]9j[/_]|R0lGOD|UklGR|JVBERi0|UEsDB|SUkqAA|TU0AKg|T2dnUw|SUQz|ZkxhQw|GkXfo|0M8R4K|"
    r"H4sI|AAAA.[GWm2]Z0eX)"
)
"""How a `data:` URL begins, or base64 of what everybody knows by its first bytes: PNG, JPEG, PDF, ZIP and others."""
_PDF = "%PDF-"
_PDF_WITHIN = 1024
"""Readers of PDF look for its sign so far."""
_BEGINNING = re.compile(r"[A-Za-z0-9+/_\r\n-]*[=\r\n]*")
_NUMBER = re.compile("[0-9]{6}")
"""A short string with so many digits in a row is a number sooner than base64."""
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_LINE_ENDS = b"\r\n"
_PLAIN = bytes.maketrans(b"-_", b"+/")
_BARE_FROM = 1024
"""Length from which base64 that is no text, and has no header, is taken for a file: keys and tokens are shorter."""
_SHORTEST = 64
"""A shorter file that is not text is read as it stands: it may be digits that only pose as base64."""
_PROBE = 4096
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A file whose base64 begins at `start` of its string and goes on to the end."""

    start: int
    media: str
    text: str | None
    """The text that it holds; None: it is not text."""
    charset: str = "utf-8"
    safe: bool = False
    """Whether it is written in the alphabet for addresses and file names."""

    def spell(self, text: str) -> str:
        """Return the base64 of another text in the same character set, or in UTF-8 where that lacks a letter."""
        try:
            content = text.encode(self.charset)
        except UnicodeEncodeError:
            content = text.encode()
        return (urlsafe_b64encode if self.safe else b64encode)(content).decode()


def may_be_encoded(string: str) -> bool:
    """Return False, quickly, for a string that `read_encoded` and `unread_in` know nothing of."""
    return len(string) >= _SHORTEST or (":" in string and "data:" in string.lower())


def read_encoded(string: str, *, named: bool = False) -> Encoded | None:
    """Return the file that fills `string`; None when it is to be read as it stands. `named`: it is said to be base64,
    and may be shorter than what only looks so.
    """
    header = _HEADER.match(string)
    start, media = (header.end(), media_of(header[1])) if header else (0, "base64")
    short = not header and len(string) < _SHORTEST
    if (short and (not named or _NUMBER.search(string))) or not _BEGINNING.fullmatch(
        string, start, start + _SHORTEST
    ):
        return None
    letters = string[start:]
    if not letters.isascii():
        return None
    payload = letters.encode().translate(None, _LINE_ENDS)
    safe = b"-" in payload or b"_" in payload
    if safe:
        payload = payload.translate(_PLAIN)
    if payload.translate(None, _LETTERS):
        return None
    try:
        text, charset = _decode(payload, korean=media.startswith("text/"))
    except (Error, UnicodeDecodeError):
        if len(payload) < _SHORTEST or (not header and len(string) < _BARE_FROM):
            return None
        # Numbers with hyphens may pose as this alphabet: without a header they are read as they stand besides.
        return Encoded(start=len(string) if safe and not header else start, media=media, text=None)
    return Encoded(start=start, media=media, text=text, charset=charset, safe=safe)


def unread_in(string: str, file: Encoded | None) -> str | None:
    """Return the type of what `string` holds and nobody reads, where `file` is what `read_encoded` said of it. What
    says that it is a file is one, however loosely it is written: others may read it all the same.
    """
    if file and (file.text is None or _PDF in file.text[:_PDF_WITHIN]):
        return file.media
    claim = _CLAIM.match(string)
    if claim is None:
        return None
    if not claim[1]:
        return None if file else "base64"
    header, comma, content = string[claim.end() :].partition(",")
    loose = not file and ("base64" in header.lower() or ("/" in header and "%" in content))
    return media_of(header) if comma and (loose or is_opaque(header)) else None


def is_opaque(media: str) -> bool:
    """Whether what has this type is not what it reads as, such as pictures and PDF."""
    return _OPAQUE.match(media) is not None


def media_of(parameters: str) -> str:
    """Return the media type if it is one: it is written into the record, where nothing that a caller made up may be."""
    media = parameters.partition(";")[0].strip().lower()
    return media if _MEDIA.fullmatch(media) else "data"


def _decode(payload: bytes, *, korean: bool) -> tuple[str, str]:
    """Return the text and its character set. Raises Error or UnicodeDecodeError when it is not text."""
    probe = a2b_base64(payload[:_PROBE] + b"=" * (-len(payload[:_PROBE]) % 4))
    if _CONTROLS.search(probe.decode("latin-1")):
        raise Error
    content = a2b_base64(payload + b"=" * (-len(payload) % 4))
    try:
        return content.decode(), "utf-8"
    except UnicodeDecodeError:
        if not korean:
            raise
        # Windows of Korea still writes text files in code page 949.
        return content.decode("cp949"), "cp949"
