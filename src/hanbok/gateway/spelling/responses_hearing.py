"""A request of OpenAI's Responses API (and of Open Responses, its public form) as a chat request."""

from typing import Any, Final

import msgspec

from hanbok.gateway.head import Head, InvalidRequest
from hanbok.gateway.spelling.json_text import ABSENT, Json, Raw, encode, given
from hanbok.gateway.spelling.openai_request import unsupported

_NAME: Final = "responses"


class Part(msgspec.Struct):
    type: str
    text: str = ""
    refusal: str = ""
    image_url: str | None = None
    detail: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None


class Item(msgspec.Struct):
    """A message, a function's call or its result, a thought."""

    type: str = "message"
    role: str = ""
    content: str | list[Part] | None = None
    id: str = ""
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | list[Part] = ""


class Tool(msgspec.Struct):
    type: str
    name: str = ""
    description: str | None = None
    parameters: Raw = ABSENT
    strict: bool | None = None


class Choice(msgspec.Struct):
    type: str
    name: str = ""
    mode: str = "auto"
    tools: list[Tool] = []


class Format(msgspec.Struct):
    type: str = "text"
    name: str = "answer"
    schema: Raw = ABSENT
    strict: bool | None = None
    description: str | None = None


class TextConfig(msgspec.Struct):
    format: Format | None = None
    verbosity: str | None = None


class Reasoning(msgspec.Struct):
    effort: str | None = None
    summary: str | None = None


class Asked(msgspec.Struct):
    """A request. What an answer repeats of it is kept as it came."""

    input: str | list[Item] = ""
    instructions: str | None = None
    tools: list[Tool] = []
    tool_choice: str | Choice | None = None
    text: TextConfig = msgspec.field(default_factory=TextConfig)
    reasoning: Reasoning | None = None
    max_output_tokens: int | None = None
    max_tool_calls: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    top_logprobs: int | None = None
    parallel_tool_calls: bool | None = None
    truncation: str | None = None
    metadata: dict[str, Any] | None = None
    user: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    background: bool | None = None
    conversation: str | dict[str, Any] | None = None
    prompt: dict[str, Any] | None = None
    stream: bool | None = None
    model: str = ""
    include: list[str] | None = None


_DECODE = msgspec.json.Decoder(Asked).decode
_ROLES: Final = frozenset({"user", "system", "developer", "assistant"})
_SILENT: Final = frozenset({"reasoning", "compaction"})
"""Items that only the model that wrote them can read."""


def read(body: bytes) -> Asked:
    """Raise InvalidRequest naming the field."""
    try:
        return _DECODE(body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(field=str(error).partition("`$")[2].strip(".`") or "input") from error


def hear(body: bytes, head: Head) -> bytes:
    """Return the request as a chat. Raises InvalidRequest, UnsupportedRequest."""
    asked = read(body)
    chat: Json = {"model": head.model, "messages": _messages(asked)}
    if head.stream:
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    wishes = {
        "max_completion_tokens": asked.max_output_tokens,
        "temperature": asked.temperature,
        "top_p": asked.top_p,
        "presence_penalty": asked.presence_penalty or None,
        "frequency_penalty": asked.frequency_penalty or None,
        "reasoning_effort": asked.reasoning.effort if asked.reasoning else None,
        "verbosity": asked.text.verbosity,
        "user": asked.user,
        "safety_identifier": asked.safety_identifier,
        "prompt_cache_key": asked.prompt_cache_key,
    }
    chat |= {name: value for name, value in wishes.items() if value is not None}
    if asked.top_logprobs:
        chat |= {"logprobs": True, "top_logprobs": asked.top_logprobs}
    return encode(chat | _tools(asked) | _format(asked.text.format))


def _messages(asked: Asked) -> list[Json]:
    messages: list[Json] = [{"role": "system", "content": asked.instructions}] if asked.instructions else []
    items = [Item(role="user", content=asked.input)] if isinstance(asked.input, str) else asked.input
    for item in items:
        if item.type == "message" and item.role in _ROLES:
            messages.append({"role": item.role, "content": _content(item.role, item.content)})
        elif item.type == "function_call":
            _call(messages, item)
        elif item.type == "function_call_output":
            said = item.output if isinstance(item.output, str) else [_part(one) for one in item.output]
            messages.append({"role": "tool", "tool_call_id": item.call_id, "content": said})
        elif item.type == "message":
            raise InvalidRequest(field="input.role")
        elif item.type not in _SILENT:
            raise unsupported(_NAME, "input[].type")
    return messages


def _call(messages: list[Json], item: Item) -> None:
    """Add a call to its turn: an item of its own here, a member of the turn's message there."""
    call = {
        "id": item.call_id or item.id,
        "type": "function",
        "function": {"name": item.name, "arguments": item.arguments},
    }
    if messages and messages[-1]["role"] == "assistant":
        messages[-1].setdefault("tool_calls", []).append(call)
    else:
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})


def _content(role: str, content: str | list[Part] | None) -> str | list[Json]:
    if content is None or isinstance(content, str):
        return content or ""
    texts = all(one.type in {"input_text", "text"} for one in content)
    if role == "assistant" or (texts and len(content) == 1):
        return "".join(one.text or one.refusal for one in content)
    return [_part(one) for one in content]


def _part(part: Part) -> Json:
    if part.type in {"input_text", "output_text", "text", "refusal"}:
        return {"type": "text", "text": part.text or part.refusal}
    if part.type == "input_image" and part.image_url:
        detail = {"detail": part.detail} if part.detail else {}
        return {"type": "image_url", "image_url": {"url": part.image_url, **detail}}
    if part.type == "input_file" and (part.file_data or part.file_url):
        name = {"filename": part.filename} if part.filename else {}
        return {"type": "file", "file": {"file_data": part.file_data or part.file_url, **name}}
    raise unsupported(_NAME, "input[].content[].type")


def _tools(asked: Asked) -> Json:
    if not asked.tools:
        return {}
    if any(one.type != "function" for one in asked.tools):
        raise unsupported(_NAME, "tools[].type")
    spelled: Json = {"tools": [{"type": "function", "function": _function(one)} for one in asked.tools]}
    choice = asked.tool_choice
    if isinstance(choice, str):
        spelled["tool_choice"] = choice
    elif choice is not None and choice.type == "function":
        spelled["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice is not None and choice.type == "allowed_tools":
        allowed = {one.name for one in choice.tools}
        spelled["tools"] = [one for one in spelled["tools"] if one["function"]["name"] in allowed]
        spelled["tool_choice"] = choice.mode
    elif choice is not None:
        raise unsupported(_NAME, "tool_choice.type")
    if asked.parallel_tool_calls is not None:
        spelled["parallel_tool_calls"] = asked.parallel_tool_calls
    return spelled


def _function(tool: Tool) -> Json:
    function: Json = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if given(tool.parameters):
        function["parameters"] = tool.parameters
    return function if tool.strict is None else function | {"strict": tool.strict}


def _format(wanted: Format | None) -> Json:
    if wanted is None or wanted.type == "text":
        return {}
    if wanted.type == "json_object":
        return {"response_format": {"type": "json_object"}}
    if wanted.type != "json_schema":
        raise unsupported(_NAME, "text.format.type")
    schema: Json = {"name": wanted.name, "schema": wanted.schema}
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    if wanted.description:
        schema["description"] = wanted.description
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
