"""What the gateway reads of answers in OpenAI's shape: the usage, the ends, the errors."""

import msgspec

from hanbok.core.values import Part, Usage
from hanbok.gateway.errors import UpstreamFailed
from hanbok.gateway.spelling.failure import failure_code, foreign
from hanbok.gateway.spelling.json_text import ABSENT, Raw, given

_OK = 200


class _CachedDetails(msgspec.Struct):
    audio_tokens: int | None = None
    image_tokens: int | None = None


class _Details(msgspec.Struct):
    cached_tokens: int | None = None
    cached_tokens_details: _CachedDetails | None = None
    """What of the sound and pictures asked was cached; sessions tell it."""
    cache_write_tokens: int | None = None
    cache_write_hour_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    reasoning_tokens: int | None = None


class UsageText(msgspec.Struct):
    """Usage as OpenAI spells it."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    """Pictures and responses are counted by these names."""
    output_tokens: int | None = None
    total_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    completion_tokens_details: _Details | None = None
    input_tokens_details: _Details | None = None
    output_tokens_details: _Details | None = None
    input_token_details: _Details | None = None
    """Sessions spell it so."""
    output_token_details: _Details | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    finish_reason: str | None = None


class Chunk(msgspec.Struct):
    """The part of a chunk that the gateway reads."""

    choices: list[_Choice] | None = None
    usage: UsageText | None = None
    error: Raw = ABSENT


class _Whole(msgspec.Struct):
    choices: list[Raw] | None = None
    data: list[Raw] | None = None
    results: list[Raw] | None = None
    usage: UsageText | None = None
    error: Raw = ABSENT


_NONE = _Details()
_UNCACHED = _CachedDetails()
# Servers that imitate OpenAI are loose with types: a number may come as a text.
_CHUNK = msgspec.json.Decoder(Chunk, strict=False)
_WHOLE = msgspec.json.Decoder(_Whole, strict=False)
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read_chunk(data: bytes, origin: str) -> Chunk:
    """Read one chunk. Raises UpstreamFailed for an error in the stream, UpstreamGarbled."""
    try:
        chunk = _CHUNK.decode(data)
    except _UNREADABLE as error:
        raise foreign(origin, "OpenAI") from error
    read_error(chunk.error, data, origin)
    return chunk


def read_whole(body: bytes, kept: str, origin: str) -> Usage | None:
    """Read a whole answer that must hold the list `kept`. Raises UpstreamFailed, UpstreamGarbled."""
    try:
        answer = _WHOLE.decode(body)
    except _UNREADABLE as error:
        raise foreign(origin, "OpenAI") from error
    read_error(answer.error, body, origin)
    if {"choices": answer.choices, "data": answer.data, "results": answer.results}[kept] is None:
        raise foreign(origin, "OpenAI")
    return read_usage(answer.usage)


def read_usage(text: UsageText | None) -> Usage | None:
    """Turn OpenAI's spelling into the value."""
    if text is None:
        return None
    prompt = text.prompt_tokens if text.prompt_tokens is not None else text.input_tokens
    prompt = text.total_tokens if prompt is None else prompt
    if prompt is None:
        return None
    asked = text.prompt_tokens_details or text.input_tokens_details or text.input_token_details or _NONE
    answered = (
        text.completion_tokens_details or text.output_tokens_details or text.output_token_details or _NONE
    )
    cached = asked.cached_tokens_details or _UNCACHED
    parts = {
        Part.CACHE_WRITE: asked.cache_write_tokens,
        Part.CACHE_WRITE_HOUR: asked.cache_write_hour_tokens,
        Part.AUDIO_INPUT: (asked.audio_tokens or 0) - (cached.audio_tokens or 0),
        Part.IMAGE_INPUT: (asked.image_tokens or 0) - (cached.image_tokens or 0),
        Part.AUDIO_OUTPUT: answered.audio_tokens,
        Part.IMAGE_OUTPUT: answered.image_tokens,
    }
    return Usage(
        input=prompt,
        output=text.completion_tokens or text.output_tokens or 0,
        cached=asked.cached_tokens or 0,
        reasoning=answered.reasoning_tokens or 0,
        parts={part.value: count for part, count in parts.items() if count and count > 0},
    )


def read_error(error: Raw, body: bytes, origin: str) -> None:
    """Raise UpstreamFailed for an error that came as an answer."""
    if given(error):
        raise UpstreamFailed(origin=origin, status=_OK, reason=failure_code(body) or "no reason given")
