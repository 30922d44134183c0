"""A chat request in the words of Anthropic's Messages API."""

from collections.abc import Set as AbstractSet

import msgspec

from hanbok.gateway.head import InvalidRequest
from hanbok.gateway.spelling.json_text import Json, Raw, given
from hanbok.gateway.spelling.openai_request import (
    ChatRequest,
    Message,
    Part,
    Tool,
    arguments,
    data_url,
    others,
    part_name,
    unsupported,
)
from hanbok.gateway.spelling.turns import refuse, turns_of

_NAME = "anthropic"
_OWN = frozenset(
    {
        "cache_control",
        "container",
        "context_management",
        "inference_geo",
        "mcp_servers",
        "metadata",
        "service_tier",
        "thinking",
        "top_k",
    }
)
"""Members of Anthropic's own that a caller may add to a request."""
_CHOICES = {"auto": "auto", "required": "any", "none": "none"}
_EFFORTS = frozenset({"low", "medium", "high"})
_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_NO_PARAMETERS = Raw(b'{"type":"object","properties":{}}')


def spell(request: ChatRequest, body: bytes, *, model: str, stream: bool, max_tokens: int) -> Json:
    """Return the request. Raises UnsupportedRequest, InvalidRequest."""
    refuse(request, _NAME)
    system, messages = turns_of(request.messages, _parts, _blocks)
    spelled: Json = {
        "model": model,
        "max_tokens": request.limit if request.limit is not None else max_tokens,
        "messages": messages,
    }
    if system:
        spelled["system"] = system
    if stream:
        spelled["stream"] = True
    spelled |= {
        name: value
        for name, value in (("temperature", request.temperature), ("top_p", request.top_p))
        if value is not None
    }
    if request.stops:
        spelled["stop_sequences"] = request.stops
    if request.user:
        spelled["metadata"] = {"user_id": request.user}
    spelled |= _tools(request) | _output(request) | others(body, _NAME, _OWN)
    if isinstance(told := spelled.get("metadata"), Raw) and _labels(told) != {"user_id"}:
        del spelled["metadata"]  # OpenAI's labels of a stored answer
    return spelled


def _labels(metadata: Raw) -> AbstractSet[str]:
    try:
        return _MEMBERS.decode(metadata).keys()
    except msgspec.ValidationError as error:
        raise InvalidRequest(field="metadata") from error


def _blocks(message: Message) -> list[Json | Raw]:
    parts = _parts(message)
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id, "content": parts}]
    if message.role == "user":
        return [*parts]
    if message.role != "assistant":
        raise InvalidRequest(field="messages.role")
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.function.name, "input": arguments(call.function)}
        for call in message.tool_calls or []
    ]
    return [*(message.thinking_blocks or []), *parts, *calls]


def _parts(message: Message) -> list[Json]:
    return [_part(part) for part in message.parts]


def _part(part: Part) -> Json:
    if part.type in {"text", "refusal"}:
        block: Json = {"type": "text", "text": part.text or part.refusal}
    elif part.type == "image_url" and part.image_url is not None:
        block = {"type": "image", "source": _source(part.image_url.url)}
    elif part.type == "file" and part.file is not None and part.file.file_data:
        block = {"type": "document", "source": _source(part.file.file_data)}
        if part.file.filename:
            block["title"] = part.file.filename
    else:
        raise unsupported(_NAME, part_name(part))
    return block if not given(part.cache_control) else block | {"cache_control": part.cache_control}


def _source(url: str) -> Json:
    if given := data_url(url):
        return {"type": "base64", "media_type": given[0], "data": given[1]}
    return {"type": "url", "url": url}


def _tools(request: ChatRequest) -> Json:
    if not request.tools:
        return {}
    spelled: Json = {"tools": [_tool(tool) for tool in request.tools]}
    choice: Json = {}
    if isinstance(request.tool_choice, str):
        if request.tool_choice not in _CHOICES:
            raise InvalidRequest(field="tool_choice")
        choice = {"type": _CHOICES[request.tool_choice]}
    elif request.tool_choice is not None:
        if request.tool_choice.function is None:
            raise unsupported(_NAME, "tool_choice")
        choice = {"type": "tool", "name": request.tool_choice.function.name}
    if request.parallel_tool_calls is False and choice.get("type") != "none":
        choice = {"type": "auto"} | choice | {"disable_parallel_tool_use": True}
    return spelled | ({"tool_choice": choice} if choice else {})


def _tool(tool: Tool) -> Json:
    if tool.function is None:
        raise unsupported(_NAME, "tools[].type")
    spelled: Json = {"name": tool.function.name}
    if tool.function.description:
        spelled["description"] = tool.function.description
    spelled["input_schema"] = tool.function.parameters if given(tool.function.parameters) else _NO_PARAMETERS
    if tool.function.strict:
        spelled["strict"] = True
    return spelled if not given(tool.cache_control) else spelled | {"cache_control": tool.cache_control}


def _output(request: ChatRequest) -> Json:
    config: Json = {}
    wanted = request.response_format
    if wanted is not None and wanted.type != "text":
        if wanted.json_schema is None or not given(wanted.json_schema.schema):
            raise unsupported(_NAME, "response_format.type")
        config["format"] = {"type": "json_schema", "schema": wanted.json_schema.schema}
    if request.reasoning_effort is not None:
        if request.reasoning_effort not in _EFFORTS:
            raise unsupported(_NAME, "reasoning_effort")
        config["effort"] = request.reasoning_effort
    return {"output_config": config} if config else {}
