"""A request of Gemini's native API in OpenAI's words, for endpoints that speak otherwise."""

import json
from typing import Any, Final

import msgspec

from hanbok.gateway.head import Head, InvalidRequest
from hanbok.gateway.spelling.gemini_trees import in_camel_case, json_schema
from hanbok.gateway.spelling.json_text import ABSENT, Json, Raw, encode, given
from hanbok.gateway.spelling.openai_request import unsupported

_NAME: Final = "gemini"
_MODES = {"AUTO": "auto", "ANY": "required", "NONE": "none", "VALIDATED": "auto"}
_OWN_ID: Final = "call_hanbok_"


class Blob(msgspec.Struct, rename="camel"):
    mime_type: str
    data: str


class Called(msgspec.Struct):
    name: str
    args: Raw = ABSENT
    id: str = ""


class Returned(msgspec.Struct):
    name: str
    response: Raw = ABSENT
    id: str = ""


class Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    thought: bool = False
    inline_data: Blob | None = None
    function_call: Called | None = None
    function_response: Returned | None = None


class Content(msgspec.Struct):
    parts: list[Part] = []
    role: str = "user"


class Declared(msgspec.Struct, rename="camel"):
    name: str
    description: str = ""
    parameters: dict[str, Any] | None = None
    parameters_json_schema: Raw = ABSENT


class Tool(msgspec.Struct, rename="camel"):
    function_declarations: list[Declared] | None = None


class Calling(msgspec.Struct, rename="camel"):
    mode: str = "AUTO"
    allowed_function_names: list[str] = []


class ToolConfig(msgspec.Struct, rename="camel"):
    function_calling_config: Calling | None = None


class Thinking(msgspec.Struct, rename="camel"):
    thinking_level: str | None = None


class Config(msgspec.Struct, rename="camel"):
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    max_output_tokens: int | None = None
    stop_sequences: list[str] | None = None
    candidate_count: int | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    response_mime_type: str = ""
    response_schema: dict[str, Any] | None = None
    response_json_schema: Raw = ABSENT
    thinking_config: Thinking | None = None


class Asked(msgspec.Struct, rename="camel"):
    contents: list[Content] | Content
    system_instruction: Content | str | None = None
    tools: list[Tool] = []
    tool_config: ToolConfig | None = None
    generation_config: Config = msgspec.field(default_factory=Config)
    cached_content: str = ""


_DECODE = msgspec.json.Decoder(Asked).decode


def read(body: bytes) -> Asked:
    """Read a request; its members may be written like_this too. Raises InvalidRequest naming the field."""
    try:
        return _DECODE(in_camel_case(body))
    except msgspec.ValidationError as error:
        raise InvalidRequest(field=str(error).partition("`$")[2].strip(".`") or "contents") from error


def hear(body: bytes, head: Head) -> bytes:
    """Return the request in OpenAI's words. Raises InvalidRequest, UnsupportedRequest."""
    asked = read(body)
    if asked.cached_content:
        raise unsupported(_NAME, "cachedContent")
    chat: Json = {"model": head.model, "messages": _messages(asked)}
    if head.stream:
        chat |= {"stream": True, "stream_options": {"include_usage": True}}
    return encode(chat | _settings(asked.generation_config) | _tools(asked))


def _messages(asked: Asked) -> list[Json]:
    messages: list[Json] = []
    system = asked.system_instruction
    if system is not None:
        text = system if isinstance(system, str) else "".join(part.text or "" for part in system.parts)
        messages.append({"role": "system", "content": text})
    ids = _Ids()
    for content in asked.contents if isinstance(asked.contents, list) else [asked.contents]:
        if content.role == "model":
            messages.append(_answer(content, ids))
        elif content.role in {"user", "function"}:
            messages += _turn(content, ids)
        else:
            raise InvalidRequest(field="contents.role")
    return messages


class _Ids:
    """Gives calls that have no id one, and finds it again for their results: the oldest open call of that name."""

    def __init__(self) -> None:
        self._open: list[tuple[str, str]] = []
        self._count = 0

    def of_call(self, call: Called) -> str:
        call_id = call.id or f"{_OWN_ID}{self._count}"
        self._count += 1
        self._open.append((call.name, call_id))
        return call_id

    def of_result(self, result: Returned) -> str:
        if result.id:
            return result.id
        found = next((one for one in self._open if one[0] == result.name), None)
        if found is None:
            raise InvalidRequest(field="contents.parts.functionResponse.name")
        self._open.remove(found)
        return found[1]


def _answer(content: Content, ids: _Ids) -> Json:
    calls = [
        {
            "id": ids.of_call(called),
            "type": "function",
            "function": {"name": called.name, "arguments": _written(called.args)},
        }
        for part in content.parts
        if (called := part.function_call) is not None
    ]
    text = "".join(part.text or "" for part in content.parts if not part.thought)
    message: Json = {"role": "assistant", "content": text or (None if calls else "")}
    return message | {"tool_calls": calls} if calls else message


def _turn(content: Content, ids: _Ids) -> list[Json]:
    messages: list[Json] = [
        {
            "role": "tool",
            "tool_call_id": ids.of_result(result),
            "content": _written(result.response),
        }
        for part in content.parts
        if (result := part.function_response) is not None
    ]
    said = [_part(part) for part in content.parts if part.function_response is None]
    if said:
        alone = len(said) == 1 and said[0]["type"] == "text"
        messages.append({"role": "user", "content": said[0]["text"] if alone else said})
    return messages


def _written(value: Raw) -> str:
    """Return an object as a text for a model to read: letters as themselves, not as escapes. Raises InvalidRequest for
    numbers that are too large to be read.
    """
    try:
        return encode(msgspec.json.decode(value or b"{}")).decode()
    except msgspec.ValidationError as error:
        raise InvalidRequest(field="contents.parts") from error


def _part(part: Part) -> Json:
    if part.text is not None:
        return {"type": "text", "text": part.text}
    if (blob := part.inline_data) is None:
        raise unsupported(_NAME, "contents.parts")
    data = blob.data.replace("-", "+").replace("_", "/")  # both alphabets come; others read the plain one
    kind, url = blob.mime_type.partition("/")[0], f"data:{blob.mime_type};base64,{data}"
    if kind == "image":
        return {"type": "image_url", "image_url": {"url": url}}
    if kind == "audio":
        return {
            "type": "input_audio",
            "input_audio": {"data": data, "format": blob.mime_type.partition("/")[2]},
        }
    return {"type": "file", "file": {"file_data": url}}


def _settings(config: Config) -> Json:
    values: Json = {
        "temperature": config.temperature,
        "top_p": config.top_p,
        "top_k": None if config.top_k is None else int(config.top_k),
        "max_tokens": config.max_output_tokens,
        "stop": config.stop_sequences,
        "n": config.candidate_count,
        "seed": config.seed,
        "presence_penalty": config.presence_penalty,
        "frequency_penalty": config.frequency_penalty,
        "logprobs": config.response_logprobs,
        "top_logprobs": config.logprobs,
    }
    if config.thinking_config and config.thinking_config.thinking_level:
        values["reasoning_effort"] = config.thinking_config.thinking_level.lower()
    if config.response_mime_type == "application/json":
        values["response_format"] = _format(config)
    return {name: value for name, value in values.items() if value is not None}


def _format(config: Config) -> Json:
    if given(config.response_json_schema):
        schema: object = config.response_json_schema
    elif config.response_schema is not None:
        schema = json_schema(config.response_schema)
    else:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}


def _tools(asked: Asked) -> Json:
    declared = [one for tool in asked.tools for one in tool.function_declarations or []]
    if any(tool.function_declarations is None for tool in asked.tools):
        raise unsupported(_NAME, "tools[]")
    if not declared:
        return {}
    spelled: Json = {"tools": [{"type": "function", "function": _function(one)} for one in declared]}
    calling = asked.tool_config.function_calling_config if asked.tool_config else None
    if calling is not None:
        if calling.mode not in _MODES:
            raise InvalidRequest(field="toolConfig.functionCallingConfig.mode")
        names = calling.allowed_function_names
        one_only = calling.mode == "ANY" and len(names) == 1
        chosen = {"type": "function", "function": {"name": names[0]}} if one_only else _MODES[calling.mode]
        if names and not one_only:
            spelled["tools"] = [one for one in spelled["tools"] if one["function"]["name"] in names]
        spelled["tool_choice"] = chosen
    return spelled


def _function(declared: Declared) -> Json:
    function: Json = {"name": declared.name}
    if declared.description:
        function["description"] = declared.description
    if given(declared.parameters_json_schema):
        function["parameters"] = declared.parameters_json_schema
    elif declared.parameters is not None:
        function["parameters"] = json_schema(declared.parameters)
    return function


def result_of(text: str) -> Raw:
    """Return the arguments of a call as the object that Gemini's form wants; what is none is kept as a text."""
    try:
        parsed = json.loads(text or "{}")
    except ValueError:
        parsed = None
    return Raw((text or "{}").encode() if isinstance(parsed, dict) else encode({"text": text}))
