"""Rows that only whoever shows their secret can find and open: the database alone tells neither whose they are nor
what they hold.
"""

import secrets
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE: Final = 12


def row_of(secret: str) -> str:
    """Return the id of a secret's row."""
    return sha256(f"row\0{secret}".encode()).hexdigest()


def seal(secret: str, data: bytes) -> bytes:
    """Return data as they may lie in the database."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_key(secret)).encrypt(nonce, data, None)


def unseal(secret: str, sealed: bytes) -> bytes | None:
    """Return the data; None: they were sealed by another secret, or altered."""
    try:
        return AESGCM(_key(secret)).decrypt(sealed[:_NONCE], sealed[_NONCE:], None)
    except (InvalidTag, ValueError):
        return None


def _key(secret: str) -> bytes:
    return sha256(f"key\0{secret}".encode()).digest()
