"""A chat or embeddings request of OpenAI's shape, as typed values for the dialects that must say it in other words."""

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from hanbok.gateway.errors import UnsupportedRequest
from hanbok.gateway.head import InvalidRequest
from hanbok.gateway.spelling.json_text import ABSENT, Raw


class ImageUrl(msgspec.Struct):
    url: str


class File(msgspec.Struct):
    file_data: str | None = None
    filename: str | None = None


class Part(msgspec.Struct):
    type: str
    text: str = ""
    refusal: str = ""
    image_url: ImageUrl | None = None
    file: File | None = None
    cache_control: Raw = ABSENT


class FunctionCall(msgspec.Struct):
    name: str
    arguments: str = ""


class ToolCall(msgspec.Struct):
    function: FunctionCall
    id: str = ""
    extra_content: Raw = ABSENT


class Message(msgspec.Struct):
    role: str
    content: str | list[Part] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str = ""
    thinking_blocks: list[Raw] | None = None

    @property
    def parts(self) -> list[Part]:
        """The content as parts; none for an empty text."""
        if isinstance(self.content, str):
            return [Part(type="text", text=self.content)] if self.content else []
        return self.content or []


class Function(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: Raw = ABSENT
    strict: bool | None = None


class Tool(msgspec.Struct):
    type: str = "function"
    function: Function | None = None
    cache_control: Raw = ABSENT


class Named(msgspec.Struct):
    name: str


class ToolChoice(msgspec.Struct):
    type: str
    function: Named | None = None


class Schema(msgspec.Struct):
    schema: Raw = ABSENT


class ResponseFormat(msgspec.Struct):
    type: str
    json_schema: Schema | None = None


class ChatRequest(msgspec.Struct):
    messages: list[Message]
    tools: list[Tool] | None = None
    tool_choice: str | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    reasoning_effort: str | None = None
    user: str | None = None

    @property
    def limit(self) -> int | None:
        """The most tokens that the answer may have, if any."""
        return self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens

    @property
    def stops(self) -> list[str]:
        """The stop sequences."""
        return [self.stop] if isinstance(self.stop, str) else self.stop or []


class EmbeddingsRequest(msgspec.Struct):
    input: str | list[str | int | list[int]]
    dimensions: int | None = None


_Read = TypeVar("_Read")
_CHAT = msgspec.json.Decoder(ChatRequest)
_EMBEDDINGS = msgspec.json.Decoder(EmbeddingsRequest)
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_PATH = re.compile(r"at `\$\.?([a-z_.\[\]0-9]*)`")
_MISSING = re.compile(r"required field `([a-z_]+)`")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,40}")
_DEFAULTS = frozenset(
    {b"null", b"false", b"{}", b"[]", b"0", b'"auto"', b'"default"', b'"medium"', b'["text"]'}
)
"""Values that ask for nothing."""
_HINTS = frozenset(
    {
        "metadata",
        "model",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "stream",
        "stream_options",
    }
)
"""The gateway's own members, and those that change no answer."""


def read_chat(body: bytes) -> ChatRequest:
    """Read a chat request. Raises InvalidRequest naming the field."""
    return _read(_CHAT, body)


def read_embeddings(body: bytes) -> EmbeddingsRequest:
    """Read an embeddings request. Raises InvalidRequest naming the field."""
    return _read(_EMBEDDINGS, body)


def _read(decoder: "msgspec.json.Decoder[_Read]", body: bytes) -> _Read:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        at, missing = _PATH.search(str(error)), _MISSING.search(str(error))
        field = ".".join(found[1] for found in (at, missing) if found and found[1])
        raise InvalidRequest(field=field or "body") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(field="body") from error


def others(body: bytes, dialect: str, own: Iterable[str]) -> dict[str, Raw]:
    """Return the members that the dialect takes as they are (`own`). Raises UnsupportedRequest for one that it
    neither knows nor may leave out without changing the answer.
    """
    taken: dict[str, Raw] = {}
    for name, value in _MEMBERS.decode(body).items():
        if name in ChatRequest.__struct_fields__ or bytes(value) in _DEFAULTS:
            continue
        if name in own:
            taken[name] = value
        elif name not in _HINTS:
            # A name that a caller made up may hold anything.
            raise unsupported(dialect, name if _NAME.fullmatch(name) else "?")
    return taken


def unsupported(dialect: str, feature: str) -> UnsupportedRequest:
    """Return the error to raise."""
    return UnsupportedRequest(dialect=dialect, feature=feature)


def part_name(part: Part) -> str:
    """Return how an error names a part of a message that a format has no words for."""
    return f"content[].type {part.type}" if _NAME.fullmatch(part.type) else "content[].type"


def data_url(url: str) -> tuple[str, str] | None:
    """Split `data:TYPE;base64,DATA` (RFC 2397) into type and data; None for any other URL."""
    if not url.startswith("data:"):
        return None
    head, _, data = url[5:].partition(",")
    kind, mark, _ = head.partition(";base64")
    if not mark or not data:
        raise InvalidRequest(field="image_url.url")
    return kind.partition(";")[0] or "application/octet-stream", data


def arguments(call: FunctionCall) -> Raw:
    """Return a tool call's arguments as a JSON object. Raises InvalidRequest when they are none."""
    text = call.arguments.strip().encode() or b"{}"
    try:
        _MEMBERS.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(field="tool_calls.function.arguments") from error
    return Raw(text)
