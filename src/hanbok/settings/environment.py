"""What is read from the environment alone."""

import os
from collections.abc import Mapping

from hanbok.core.values import Language


def client(environ: Mapping[str, str] | None = None) -> tuple[str, str]:
    """Return what `hanbok ask` needs: the server's address and the caller's key; empty: not set."""
    environ = os.environ if environ is None else environ
    return environ.get("HANBOK_URL", ""), environ.get("HANBOK_KEY", "")


def operator_key(name: str, environ: Mapping[str, str] | None = None) -> bytes:
    """Return the key of `hanbok scan --apply` from the variable `name`: hexadecimal digits, else the text itself."""
    told = (os.environ if environ is None else environ).get(name, "")
    try:
        return bytes.fromhex(told)
    except ValueError:
        return told.encode()


def speaks(environ: Mapping[str, str] | None = None) -> Language:
    """Return the language of the terminal: English where the locale says so, Korean otherwise."""
    environ = os.environ if environ is None else environ
    tongue = environ.get("HANBOK_LANGUAGE") or environ.get("LC_ALL") or environ.get("LANG") or ""
    return Language.EN if tongue.startswith("en") else Language.KO


def azure_token(environ: Mapping[str, str] | None = None) -> str:
    """Return the token for Azure's control plane in `hanbok model job deploy`; empty: not set."""
    return (os.environ if environ is None else environ).get("HANBOK_AZURE_TOKEN", "")


def judge_key(environ: Mapping[str, str] | None = None) -> str:
    """Return the key for the model that judges in `hanbok model evaluate`; empty: that of the model judged."""
    return (os.environ if environ is None else environ).get("HANBOK_JUDGE_KEY", "")


def inherited(environ: Mapping[str, str] | None = None) -> tuple[tuple[str, str], ...]:
    """Return what programs that hanbok starts for an operator need of its own environment; no secret is among it."""
    environ = os.environ if environ is None else environ
    return tuple((name, environ[name]) for name in ("PATH", "HOME", "LANG") if name in environ)
