"""A request of Anthropic's Messages API in OpenAI's words, for endpoints that speak otherwise.

What only Anthropic's own models understand is left out: signed thoughts of earlier turns, marks for its cache.
"""

from typing import Any

import msgspec

from hanbok.gateway.head import Head, InvalidRequest
from hanbok.gateway.spelling.json_text import ABSENT, Json, Raw, encode, given
from hanbok.gateway.spelling.openai_request import unsupported

_NAME = "anthropic"


class Source(msgspec.Struct):
    type: str
    media_type: str = ""
    data: str = ""
    url: str = ""
    content: "str | list[Block]" = ""


class Block(msgspec.Struct):
    type: str
    text: str = ""
    source: Source | None = None
    title: str | None = None
    id: str = ""
    name: str = ""
    input: Raw = ABSENT
    tool_use_id: str = ""
    content: "str | list[Block] | None" = None


class Turn(msgspec.Struct):
    role: str
    content: str | list[Block]

    @property
    def blocks(self) -> list[Block]:
        return [Block(type="text", text=self.content)] if isinstance(self.content, str) else self.content


class Tool(msgspec.Struct):
    name: str
    type: str = "custom"
    description: str = ""
    input_schema: Raw = ABSENT
    strict: bool | None = None


class ToolChoice(msgspec.Struct):
    type: str
    name: str = ""
    disable_parallel_tool_use: bool = False


class Format(msgspec.Struct):
    type: str
    schema: Raw = ABSENT


class OutputConfig(msgspec.Struct):
    format: Format | None = None
    effort: str | None = None


class Metadata(msgspec.Struct):
    user_id: str | None = None


class Asked(msgspec.Struct):
    """A request. `output_format` is the older spelling of `output_config.format`."""

    messages: list[Turn]
    system: str | list[Block] = ""
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    stop_sequences: list[str] = []
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    output_config: OutputConfig | None = None
    output_format: Format | None = None
    metadata: Metadata | None = None
    mcp_servers: list[Any] = []
    container: Any = None

    @property
    def format(self) -> Format | None:
        return (self.output_config.format if self.output_config else None) or self.output_format


_DECODE = msgspec.json.Decoder(Asked).decode
_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def read(body: bytes) -> Asked:
    """Raise InvalidRequest naming the field."""
    try:
        return _DECODE(body)
    except msgspec.ValidationError as error:
        place = str(error).partition("`$")[2].strip(".`")
        raise InvalidRequest(field=place or "messages") from error


def hear(body: bytes, head: Head) -> bytes:
    """Return the request in OpenAI's words. Raises InvalidRequest, UnsupportedRequest."""
    asked = read(body)
    if asked.mcp_servers or asked.container:
        raise unsupported(_NAME, "mcp_servers" if asked.mcp_servers else "container")
    chat: Json = {"model": head.model, "messages": _messages(asked)}
    if head.max_tokens is not None:
        chat["max_tokens"] = head.max_tokens
    if head.stream:
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    wishes = {"temperature": asked.temperature, "top_p": asked.top_p, "top_k": asked.top_k}
    chat |= {name: value for name, value in wishes.items() if value is not None}
    if asked.stop_sequences:
        chat["stop"] = asked.stop_sequences
    if asked.metadata and asked.metadata.user_id:
        chat["user"] = asked.metadata.user_id
    return encode(chat | _tools(asked) | _output(asked))


def _messages(asked: Asked) -> list[Json]:
    system = asked.system if isinstance(asked.system, str) else "\n\n".join(one.text for one in asked.system)
    messages: list[Json] = [{"role": "system", "content": system}] if system else []
    for turn in asked.messages:
        if turn.role == "assistant":
            messages.append(_assistant(turn.blocks))
        elif turn.role in {"user", "system"}:
            messages += _user(turn.role, turn.blocks)
        else:
            raise InvalidRequest(field="messages.role")
    return messages


def _user(role: str, blocks: list[Block]) -> list[Json]:
    """Results of tools are messages of their own, and come before what the turn says besides."""
    results = [one for one in blocks if one.type == "tool_result"]
    said = [_part(one) for one in blocks if one.type != "tool_result"]
    messages: list[Json] = [
        {"role": "tool", "tool_call_id": one.tool_use_id, "content": _result(one)} for one in results
    ]
    if said:
        alone = len(said) == 1 and said[0]["type"] == "text"
        messages.append({"role": role, "content": said[0]["text"] if alone else said})
    return messages


def _result(block: Block) -> str | list[Json]:
    return block.content if isinstance(block.content, str) else [_part(one) for one in block.content or []]


def _assistant(blocks: list[Block]) -> Json:
    message: Json = {"role": "assistant"}
    text = "".join(one.text for one in blocks if one.type == "text")
    calls = [_call(one) for one in blocks if one.type == "tool_use"]
    for one in blocks:
        if one.type not in {"text", "tool_use", "thinking", "redacted_thinking"}:
            raise unsupported(_NAME, "content[].type")
    return message | ({"content": text or None, "tool_calls": calls} if calls else {"content": text})


def _call(block: Block) -> Json:
    arguments = bytes(block.input or b"{}").decode()
    return {"id": block.id, "type": "function", "function": {"name": block.name, "arguments": arguments}}


def _part(block: Block) -> Json:
    source = block.source
    if block.type == "text":
        return {"type": "text", "text": block.text}
    if source is None:
        raise unsupported(_NAME, "content[].type")
    if source.type == "text":
        return {"type": "text", "text": source.data}
    if source.type == "content" and isinstance(source.content, str):
        return {"type": "text", "text": source.content}
    if source.type not in {"base64", "url"}:
        raise unsupported(_NAME, "content[].source.type")
    url = source.url if source.type == "url" else f"data:{source.media_type};base64,{source.data}"
    if block.type == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    if block.type == "document":
        name = {"filename": block.title} if block.title else {}
        return {"type": "file", "file": {"file_data": url, **name}}
    raise unsupported(_NAME, "content[].type")


def _tools(asked: Asked) -> Json:
    if not asked.tools:
        return {}
    if any(one.type != "custom" for one in asked.tools):
        raise unsupported(_NAME, "tools[].type")
    spelled: Json = {"tools": [{"type": "function", "function": _function(one)} for one in asked.tools]}
    choice = asked.tool_choice
    if choice is not None:
        if choice.type == "tool":
            spelled["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
        elif choice.type in _CHOICES:
            spelled["tool_choice"] = _CHOICES[choice.type]
        else:
            raise InvalidRequest(field="tool_choice")
        if choice.disable_parallel_tool_use:
            spelled["parallel_tool_calls"] = False
    return spelled


def _function(tool: Tool) -> Json:
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if given(tool.input_schema):
        function["parameters"] = tool.input_schema
    return function | {"strict": True} if tool.strict else function


def _output(asked: Asked) -> Json:
    spelled: Json = {}
    if (wanted := asked.format) is not None:
        if wanted.type != "json_schema":
            raise unsupported(_NAME, "output_config.format.type")
        schema = {"name": "answer", "schema": wanted.schema, "strict": True}
        spelled["response_format"] = {"type": "json_schema", "json_schema": schema}
    if asked.output_config and asked.output_config.effort:
        spelled["reasoning_effort"] = asked.output_config.effort
    return spelled
