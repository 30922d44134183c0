"""OpenAI's format, the common tongue: requests and answers pass as the bytes they are."""

from hanbok.core.values import Usage
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import WireAnswer, WireRequest
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.head import Spans, spans, splice
from hanbok.gateway.spelling.failure import failure_code, foreign
from hanbok.gateway.spelling.json_text import JSON_HEADERS, encode
from hanbok.gateway.spelling.openai_answer import read_chunk, read_usage, read_whole
from hanbok.gateway.spelling.openai_form import read_heard, spell_form

_PATHS = {
    Operation.CHAT: "/chat/completions",
    Operation.EMBEDDINGS: "/embeddings",
    Operation.IMAGES: "/images/generations",
    Operation.MODERATIONS: "/moderations",
    Operation.REALTIME: "/realtime",
    Operation.RERANK: "/rerank",
    Operation.SPEECH: "/audio/speech",
    Operation.TRANSCRIPTION: "/audio/transcriptions",
    Operation.TRANSLATION: "/audio/translations",
}
_KEPT = {Operation.CHAT: "choices", Operation.MODERATIONS: "results", Operation.RERANK: "results"}
"""The list that a whole answer must hold, where it is not `data`."""
_HEARD = (Operation.TRANSCRIPTION, Operation.TRANSLATION)
_DONE = b"[DONE]"


class Openai:
    def __init__(self, origin: str = "openai", *, needs_done: bool = True) -> None:
        """`origin` names the provider in errors. Without `needs_done` a stream is whole when every choice gave its
        finish reason, for servers that never say `[DONE]`.
        """
        self._origin = origin
        self._needs_done = needs_done

    def request(
        self, operation: Operation, body: bytes, *, model: str, stream: bool, where: Spans | None = None
    ) -> WireRequest:
        """Set `model`, and for a stream ask for its usage; every other byte stays."""
        if operation not in _PATHS:
            raise UnsupportedRequest(dialect="openai", feature=operation.value)
        if operation in _HEARD:
            form, media = spell_form(body, model)
            return WireRequest(path=_PATHS[operation], body=form, headers=(("content-type", media),))
        where = spans(body) if where is None else where
        values = {"model": encode(model)}
        if operation is Operation.CHAT and stream:
            values |= {"stream": b"true", "stream_options": _with_usage(body, where.get("stream_options"))}
        return WireRequest(path=_PATHS[operation], body=splice(body, values, where), headers=JSON_HEADERS)

    def answer(self, operation: Operation, body: bytes) -> WireAnswer:
        """Read the usage of a whole answer."""
        if operation is Operation.SPEECH:
            return WireAnswer(body=body, usage=None)
        if operation in _HEARD:
            return WireAnswer(body=body, usage=read_heard(body, self._origin))
        return WireAnswer(body=body, usage=read_whole(body, _KEPT.get(operation, "data"), self._origin))

    def failure(self, body: bytes) -> str:
        """Return `error.code` or `error.type`."""
        return failure_code(body)

    def reader(self) -> "OpenaiReader":
        """Return the reader of one stream."""
        return OpenaiReader(self._origin, needs_done=self._needs_done)


class OpenaiReader:
    """Passes chunks on unchanged and looks only into those that may hold the usage, an error or an end."""

    __slots__ = ("_needs_done", "_open", "_origin", "done", "usage")

    def __init__(self, origin: str, *, needs_done: bool) -> None:
        self._origin = origin
        self._needs_done = needs_done
        self._open: dict[int, bool] = {}
        self.usage: Usage | None = None
        self.done = False

    def feed(self, event: str, data: bytes) -> list[bytes]:
        """Return the chunk."""
        if data[:1] != b"{":
            if data.strip() == _DONE:
                self.done = True
                return []
            raise foreign(self._origin, "OpenAI")
        if _tells(data) or event == "error":
            chunk = read_chunk(data, self._origin)
            self.usage = read_usage(chunk.usage) or self.usage
        if not self._needs_done:
            self._note_ends(data)
        return [data]

    def _note_ends(self, data: bytes) -> None:
        for choice in read_chunk(data, self._origin).choices or ():
            self._open[choice.index] = self._open.get(choice.index, True) and choice.finish_reason is None
        self.done = bool(self._open) and not any(self._open.values())


def _tells(data: bytes) -> bool:
    """Whether a chunk may tell usage or an error. Each chunk of some servers says `"usage":null`."""
    if b'"error"' in data:
        return True
    return b'"usage"' in data and data.count(b'"usage"') > (b'"usage":null' in data)


def _with_usage(body: bytes, where: tuple[int, int] | None) -> bytes:
    """Return the request's `stream_options` with `include_usage` set, its other members untouched."""
    given = body[where[0] : where[1]] if where else b"null"
    return splice(given, {"include_usage": b"true"}) if given[:1] == b"{" else b'{"include_usage":true}'
