"""Sound to be written down: a form with a file, as JSON within hanbok and as multipart/form-data outside."""

import secrets
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.head import InvalidRequest
from hanbok.gateway.spelling.failure import foreign
from hanbok.gateway.spelling.json_text import encode
from hanbok.gateway.spelling.openai_answer import UsageText, read_error, read_usage

_FILE: Final = "file"
_AS_JSON: Final = b"{"
_QUOTED: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class _File(msgspec.Struct):
    filename: str
    file_data: str


class _Heard(msgspec.Struct):
    usage: UsageText | None = None
    error: msgspec.Raw = msgspec.Raw()


def form_text(fields: Sequence[tuple[str, str]], filename: str, media: str, content: bytes) -> bytes:
    """Return a form as JSON, in which the guard reads every text; the sound is a file that it names as not read.
    Raises InvalidRequest for a field that stands there twice and is no list.
    """
    told: dict[str, Any] = {}
    for name, value in fields:
        if name.endswith("[]"):
            told.setdefault(name, []).append(value)
        elif name in told or name == _FILE:
            raise InvalidRequest(field=name[:40])
        else:
            told[name] = value
    data = f"data:{media};base64,{b64encode(content).decode()}"
    return encode(told | {_FILE: {"filename": filename, "file_data": data}})


def spell_form(body: bytes, model: str) -> tuple[bytes, str]:
    """Return the form and its content type, with this model. Raises InvalidRequest."""
    told: dict[str, Any] = msgspec.json.decode(body, type=dict[str, Any])
    try:
        file = msgspec.convert(told.pop(_FILE, None), _File)
        texts = msgspec.convert(told | {"model": model}, dict[str, str | list[str]])
        header, _, data = file.file_data.partition(";base64,")
        content = b64decode(data, validate=True)
    except (msgspec.ValidationError, Error) as error:
        raise InvalidRequest(field=_FILE) from error
    mark = secrets.token_hex(16)
    pieces = [
        _part(mark, f'name="{name.translate(_QUOTED)}"', "") + one.encode()
        for name, value in texts.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    disposition = f'name="{_FILE}"; filename="{file.filename.translate(_QUOTED)}"'
    pieces.append(_part(mark, disposition, header.removeprefix("data:")) + content)
    whole = b"\r\n".join([*pieces, f"--{mark}--\r\n".encode()])
    return whole, f"multipart/form-data; boundary={mark}"


def _part(mark: str, disposition: str, media: str) -> bytes:
    kind = f"content-type: {media}\r\n" if media else ""
    return f"--{mark}\r\ncontent-disposition: form-data; {disposition}\r\n{kind}\r\n".encode()


def read_heard(body: bytes, origin: str) -> Usage | None:
    """Return the tokens that were counted; None where time was, or nothing. Raises UpstreamFailed, UpstreamGarbled."""
    if not body.startswith(_AS_JSON):
        return None  # text and subtitles
    try:
        heard = msgspec.json.decode(body, type=_Heard, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise foreign(origin, "OpenAI") from error
    read_error(heard.error, body, origin)
    counted = heard.usage is not None and heard.usage.input_tokens is not None
    return read_usage(heard.usage) if counted else None
