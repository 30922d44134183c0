"""`/v1/audio/transcriptions` and `/v1/audio/translations`: sound that is written down."""

from typing import Final

from hanbok.app import App
from hanbok.gateway.call import Operation
from hanbok.gateway.calling import call_of
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.head import InvalidRequest
from hanbok.gateway.spelling.openai_form import form_text
from hanbok.http.delivery import carry, read_body
from hanbok.http.inbound import Inbound
from hanbok.http.multipart import every_part

_BYTES_PER_TOKEN: Final = 64
"""Of sound, rather few: ten tokens stand for a second, which has 750 bytes in the leanest speech codecs."""


async def transcribe(app: App, inbound: Inbound, operation: Operation) -> None:
    """Read a form, send it down the path, deliver what was heard. Sound itself is not read, and the record says so."""
    body = await read_body(app.runtime, inbound)
    fields: list[tuple[str, str]] = []
    file = None
    for name, part in every_part(inbound.headers.get("content-type", ""), body):
        if name == "file" and file is None:
            file = part
        else:
            fields.append((name, part.content.decode("utf-8", "replace")))
    if file is None:
        raise InvalidRequest(field="file")
    if ("stream", "true") in fields:
        raise UnsupportedRequest(dialect="transcription", feature="stream")
    texts = [(name, value) for name, value in fields if name != "stream"]
    media = file.media or "application/octet-stream"
    call = call_of(
        operation,
        form_text(texts, file.filename or "audio", media, file.content),
        path=inbound.path,
        headers=inbound.headers,
        origin=inbound.peer,
    )
    call.weight = sum(len(value.encode()) for _, value in texts) + len(file.content) // _BYTES_PER_TOKEN
    await carry(app.runtime, inbound, call)
