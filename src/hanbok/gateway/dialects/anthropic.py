"""Anthropic's Messages API."""

import re
import time
from collections.abc import Callable, Mapping

import msgspec

from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import StreamReader, WireAnswer, WireRequest
from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.head import Spans, splice
from hanbok.gateway.spelling.anthropic_answer import Message, read_usage, whole
from hanbok.gateway.spelling.anthropic_request import spell
from hanbok.gateway.spelling.anthropic_stream import AnthropicReader
from hanbok.gateway.spelling.failure import failure_code, foreign
from hanbok.gateway.spelling.json_text import JSON_HEADERS, encode
from hanbok.gateway.spelling.openai_request import read_chat, unsupported

_DECODE = msgspec.json.Decoder(Message).decode


_BETA = "anthropic-beta"
"""The header by which a client asks for features."""
_FEATURE = r"(?:(?:[0-9]{0,4}[a-z]++[0-9]{0,4}|[0-9])-)+(?:20[0-9]{2}-[0-9]{2}-[0-9]{2}|20[0-9]{6})"
_FEATURES = re.compile(rf"{_FEATURE}(?:[ \t]*,[ \t]*{_FEATURE})*", re.ASCII)


class Anthropic:
    front = "anthropic"

    def __init__(
        self, origin: str = "anthropic", *, max_tokens: int = 4096, clock: Callable[[], float] = time.time
    ) -> None:
        """`origin` names the provider in errors; `max_tokens` stands in where a request sets none, for the format
        demands it; `clock` dates answers, which bear no date.
        """
        self._origin = origin
        self._max_tokens = max_tokens
        self._clock = clock

    def request(
        self,
        operation: Operation,
        body: bytes,
        *,
        model: str,
        stream: bool,
        where: Spans | None = None,  # noqa: ARG002 - every member is read
    ) -> WireRequest:
        """Spell a chat request."""
        if operation is not Operation.CHAT:
            raise unsupported("anthropic", operation.value)
        spelled = spell(read_chat(body), body, model=model, stream=stream, max_tokens=self._max_tokens)
        return WireRequest(path="/messages", body=encode(spelled), headers=JSON_HEADERS)

    def forward(self, body: bytes, *, model: str, stream: bool, headers: Mapping[str, str]) -> WireRequest:  # noqa: ARG002 - the body says so itself
        """Set `model` in a request that is of this format already. Raises UnsupportedRequest for features that are not
        named as Anthropic names them: nobody reads headers for personal data.
        """
        features = headers.get(_BETA, "").strip()
        if features and not _FEATURES.fullmatch(features):
            raise UnsupportedRequest(dialect="anthropic", feature=_BETA)
        asked = ((_BETA, features),) if features else ()
        return WireRequest(
            path="/messages", body=splice(body, {"model": encode(model)}), headers=JSON_HEADERS + asked
        )

    def answer(self, operation: Operation, body: bytes) -> WireAnswer:  # noqa: ARG002 - there is only chat
        """Read a whole answer."""
        try:
            message = _DECODE(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise foreign(self._origin, "Anthropic") from error
        usage = read_usage(message.usage)
        return WireAnswer(body=whole(message, usage, int(self._clock())), usage=usage)

    def failure(self, body: bytes) -> str:
        """Return `error.type`."""
        return failure_code(body)

    def reader(self) -> StreamReader:
        """Return the reader of one stream."""
        return AnthropicReader(self._origin, int(self._clock()))
