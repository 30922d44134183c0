"""A chat request in the words of Amazon Bedrock's Converse API."""

import re
from typing import Final

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

_NAME: Final = "bedrock"
_OWN: Final = frozenset(
    {
        *("additionalModelRequestFields", "additionalModelResponseFieldPaths", "guardrailConfig"),
        *("performanceConfig", "requestMetadata", "serviceTier"),
    }
)
"""Members of Bedrock's own that a caller may add to a request."""
_CHOICES: Final = {"auto": "auto", "required": "any"}
_DOCUMENTS: Final = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_NO_PARAMETERS: Final = Raw(b'{"type":"object","properties":{}}')
_UNFIT = re.compile(r"[^\w\s()\[\]-]|_", re.ASCII)
"""What the name of a document may not hold."""


class _Thinking(msgspec.Struct):
    type: str
    thinking: str = ""
    signature: str = ""
    data: str = ""


class _Cache(msgspec.Struct):
    ttl: str | None = None


_THINKING = msgspec.json.Decoder(_Thinking)
_CACHE = msgspec.json.Decoder(_Cache)


def spell(request: ChatRequest, body: bytes) -> Json:
    """Return the request. Raises UnsupportedRequest, InvalidRequest."""
    refuse(request, _NAME)
    if request.tools and request.parallel_tool_calls is False:
        raise unsupported(_NAME, "parallel_tool_calls")
    system, messages = turns_of(request.messages, _parts, _blocks)
    spelled: Json = {"messages": messages}
    if system:
        spelled["system"] = system
    limits = {
        "maxTokens": request.limit,
        "temperature": request.temperature,
        "topP": request.top_p,
        "stopSequences": request.stops or None,
    }
    if config := {name: value for name, value in limits.items() if value is not None}:
        spelled["inferenceConfig"] = config
    return spelled | _tools(request) | _output(request) | others(body, _NAME, _OWN)


def _blocks(message: Message) -> list[Json | Raw]:
    parts = _parts(message)
    if message.role == "tool":
        return [{"toolResult": {"toolUseId": message.tool_call_id, "content": parts}}]
    if message.role == "user":
        return [*parts]
    if message.role != "assistant":
        raise InvalidRequest(field="messages.role")
    calls: list[Json] = [
        {"toolUse": {"toolUseId": call.id, "name": call.function.name, "input": arguments(call.function)}}
        for call in message.tool_calls or []
    ]
    return [*map(_thinking, message.thinking_blocks or []), *parts, *calls]


def _thinking(block: Raw) -> Json:
    try:
        read = _THINKING.decode(block)
    except msgspec.MsgspecError as error:
        raise InvalidRequest(field="messages.thinking_blocks") from error
    if read.type == "redacted_thinking":
        return {"reasoningContent": {"redactedContent": read.data}}
    return {"reasoningContent": {"reasoningText": {"text": read.thinking, "signature": read.signature}}}


def _parts(message: Message) -> list[Json]:
    return [one for part in message.parts for one in (_part(part), *_cache_point(part.cache_control))]


def _part(part: Part) -> Json:
    if part.type in {"text", "refusal"}:
        return {"text": part.text or part.refusal}
    if part.type == "image_url" and part.image_url is not None:
        kind, data = _inline(part.image_url.url, "image_url.url")
        return {"image": {"format": kind.removeprefix("image/"), "source": {"bytes": data}}}
    if part.type == "file" and part.file is not None and part.file.file_data:
        kind, data = _inline(part.file.file_data, "file.file_data")
        if kind not in _DOCUMENTS:
            raise unsupported(_NAME, "file.file_data")
        name = _UNFIT.sub(" ", (part.file.filename or "").rpartition(".")[0]).strip() or "document"
        return {"document": {"format": _DOCUMENTS[kind], "name": name, "source": {"bytes": data}}}
    raise unsupported(_NAME, part_name(part))


def _inline(url: str, field: str) -> tuple[str, str]:
    """Return type and data; Bedrock fetches nothing from the web."""
    found = data_url(url)
    if found is None:
        raise unsupported(_NAME, field)
    return found


def _cache_point(control: Raw) -> list[Json]:
    if not given(control):
        return []
    try:
        ttl = _CACHE.decode(control).ttl
    except msgspec.MsgspecError as error:
        raise InvalidRequest(field="cache_control") from error
    return [{"cachePoint": {"type": "default"} | ({"ttl": ttl} if ttl else {})}]


def _tools(request: ChatRequest) -> Json:
    if not request.tools:
        return {}
    listed = [one for tool in request.tools for one in (_tool(tool), *_cache_point(tool.cache_control))]
    spelled: Json = {"tools": listed}
    if isinstance(request.tool_choice, str):
        if request.tool_choice == "none":
            raise unsupported(_NAME, "tool_choice none")
        if request.tool_choice not in _CHOICES:
            raise InvalidRequest(field="tool_choice")
        spelled["toolChoice"] = {_CHOICES[request.tool_choice]: {}}
    elif request.tool_choice is not None:
        if request.tool_choice.function is None:
            raise unsupported(_NAME, "tool_choice")
        spelled["toolChoice"] = {"tool": {"name": request.tool_choice.function.name}}
    return {"toolConfig": spelled}


def _tool(tool: Tool) -> Json:
    function = tool.function
    if function is None:
        raise unsupported(_NAME, "tools[].type")
    spec: Json = {"name": function.name}
    if function.description:
        spec["description"] = function.description
    spec["inputSchema"] = {"json": function.parameters if given(function.parameters) else _NO_PARAMETERS}
    if function.strict:
        spec["strict"] = True
    return {"toolSpec": spec}


def _output(request: ChatRequest) -> Json:
    config: Json = {}
    wanted = request.response_format
    if wanted is not None and wanted.type != "text":
        if wanted.json_schema is None or not given(wanted.json_schema.schema):
            raise unsupported(_NAME, "response_format.type")
        schema = {"schema": bytes(wanted.json_schema.schema).decode()}
        config["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    if request.reasoning_effort is not None:
        config["effort"] = request.reasoning_effort
    return {"outputConfig": config} if config else {}
