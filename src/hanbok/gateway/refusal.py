"""A provider's refusal of a wrong request, in OpenAI's error shape."""

import msgspec


class _Error(msgspec.Struct):
    message: str = ""
    type: str | None = None
    code: str | int | None = None


class Refusal(_Error):
    param: str | None = None


class _Refused(msgspec.Struct):
    error: Refusal


class _Body(msgspec.Struct):
    error: _Error | str | None = None
    message: str = ""


def refusal(body: bytes, reason: str) -> bytes:
    """Return the body as it is when it has OpenAI's shape, else its message in that shape.

    `reason` is the provider's own short code. OpenAI, llama.cpp, Anthropic and Gemini all keep the sentence for the
    caller in `error.message`; some servers use a top-level `message`, or a plain string.
    """
    try:
        found = msgspec.json.decode(body, type=_Body)
    except msgspec.DecodeError:
        found = _Body()
    error = found.error
    if isinstance(error, _Error) and error.message and error.type is not None:
        return body
    message = error.message if isinstance(error, _Error) else error or found.message
    shape = {
        "message": message or "the provider refused the request and gave no reason",
        "type": "invalid_request_error",
        "param": None,
        "code": reason or "provider_refused",
    }
    return msgspec.json.encode({"error": shape})


def read_refusal(body: bytes) -> Refusal:
    """Return what a body in that shape says."""
    return msgspec.json.decode(body, type=_Refused).error
