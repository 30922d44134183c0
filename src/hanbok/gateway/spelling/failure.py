"""What providers call their errors."""

import re

import msgspec

from hanbok.core.values import Text
from hanbok.gateway.errors import UpstreamGarbled

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class _Error(msgspec.Struct):
    code: str | int | float | None = None
    type: str | None = None
    status: str | None = None


class _Body(msgspec.Struct):
    error: _Error | str | None = None
    code: str | int | None = None
    type: str | None = None


_DECODE = msgspec.json.Decoder(_Body | list[_Body]).decode


def failure_code(body: bytes) -> str:
    """Return the code, status or type in an error body of OpenAI's, Anthropic's or Gemini's shape; else nothing.

    Messages are never returned: they quote prompts.
    """
    try:
        read = _DECODE(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""
    outer = read if isinstance(read, _Body) else next(iter(read), _Body())
    inner = outer.error if isinstance(outer.error, _Error) else _Error()
    # A name says more than a number that repeats the status.
    names = (inner.status, inner.code, inner.type, outer.error, outer.code, outer.type)
    for name in (*(one for one in names if isinstance(one, str)), inner.code, outer.code):
        if name is not None and _CODE.fullmatch(str(name)):
            return str(name)
    return ""


def foreign(origin: str, form: str) -> UpstreamGarbled:
    """Return the error for an answer that is not of the form that the endpoint's kind promises."""
    return UpstreamGarbled(
        origin=origin, why=Text(ko=f"{form} 형식이 아닙니다", en=f"it is not of {form}'s form")
    )
