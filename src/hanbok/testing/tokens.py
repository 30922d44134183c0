"""Secrets that open nothing: the public shapes of keys and tokens, filled at random."""

import base64
import json
import random
import string

_ALNUM = string.ascii_letters + string.digits
_URL = _ALNUM + "-_"
_HEX = "0123456789abcdef"

SHAPES: dict[str, tuple[str, str, int]] = {
    "aws_access_key": ("AKIA", string.ascii_uppercase + "234567", 16),
    "github": ("ghp_", _ALNUM, 36),
    "github_fine": ("github_pat_", _ALNUM + "_", 82),
    "openai": ("sk-proj-", _URL, 64),
    "anthropic": ("sk-ant-api03-", _URL, 93),
    "slack": ("xoxb-", string.digits + "-" + string.ascii_letters, 48),
    "google": ("AIza", _URL, 35),
    "huggingface": ("hf_", string.ascii_letters, 34),
    "gitlab": ("glpat-", _URL, 20),
    "npm": ("npm_", _ALNUM, 36),
    "hanbok": ("hb-", _ALNUM, 40),
    "stripe": ("sk_live_", _ALNUM, 24),
    "hex32": ("", _HEX, 32),
    "hex64": ("", _HEX, 64),
}
"""Prefix, alphabet and number of characters after the prefix."""

KINDS = (*SHAPES, "jwt", "pem", "password")


def make(kind: str, source: random.Random) -> str:
    """Return a secret of one of `KINDS`."""
    if kind == "jwt":
        return _jwt(source)
    if kind == "pem":
        return _pem(source)
    if kind == "password":
        return _password(source)
    prefix, alphabet, count = SHAPES[kind]
    body = "".join(source.choices(alphabet, k=count))
    # Real keys never end in punctuation, and a label could not be told from a value that did.
    return prefix + body[:-1] + source.choice([one for one in alphabet if one.isalnum()])


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _jwt(source: random.Random) -> str:
    signature = base64.urlsafe_b64encode(source.randbytes(32)).decode().rstrip("=")
    return (
        f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part({'sub': str(source.getrandbits(32))})}.{signature}"
    )


def _pem(source: random.Random) -> str:
    body = base64.b64encode(source.randbytes(121)).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    return "\n".join(("-----BEGIN EC PRIVATE KEY-----", *lines, "-----END EC PRIVATE KEY-----"))


def _password(source: random.Random) -> str:
    letters = "".join(source.choices(string.ascii_letters, k=source.randrange(5, 9)))
    number = "".join(source.choices(string.digits, k=source.randrange(2, 5)))
    return letters + number + source.choice("!@#$%^&*") + source.choice(_ALNUM)
