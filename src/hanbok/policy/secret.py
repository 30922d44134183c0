"""The secret of a virtual key: `hb-`, 43 random letters and digits, and 6 that check them.

The 6 are the CRC-32 of the 43 in base 62, so a scanner for leaked secrets can tell a key from chance without asking
anyone. 43 of 62 signs are 256 bits of chance: no one can guess or search them, so one round of SHA-256 keeps them as
well as a slow hash would, and every request needs that digest.
"""

import re
import secrets
from hashlib import sha256
from string import ascii_letters, digits
from typing import Final
from zlib import crc32

_SIGNS: Final = digits + ascii_letters
_RANDOM, _CHECK = 43, 6
SHAPE: Final = re.compile(rf"hb-([0-9A-Za-z]{{{_RANDOM}}})([0-9A-Za-z]{{{_CHECK}}})")


def new_secret() -> str:
    """Make a secret from the system's randomness."""
    body = "".join(secrets.choice(_SIGNS) for _ in range(_RANDOM))
    return f"hb-{body}{_check(body)}"


def is_secret(text: str) -> bool:
    """Tell a secret that hanbok made from any other text."""
    match = SHAPE.fullmatch(text)
    return match is not None and _check(match[1]) == match[2]


def digest_of(secret: str) -> str:
    """Return what is stored of a secret: SHA-256, hex."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _check(body: str) -> str:
    number, signs = crc32(body.encode()), ""
    for _ in range(_CHECK):
        number, place = divmod(number, len(_SIGNS))
        signs = _SIGNS[place] + signs
    return signs
