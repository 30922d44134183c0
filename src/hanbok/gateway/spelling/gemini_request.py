"""Chat and embeddings requests in the words of Gemini's native API."""

import msgspec

from hanbok.gateway.head import InvalidRequest
from hanbok.gateway.spelling.json_text import Json, Raw, given
from hanbok.gateway.spelling.openai_request import (
    ChatRequest,
    EmbeddingsRequest,
    Message,
    Part,
    ToolCall,
    arguments,
    data_url,
    others,
    part_name,
    unsupported,
)

_NAME = "gemini"
_OWN = frozenset({"safetySettings", "cachedContent", "thinkingConfig", "topK", "top_k"})
"""Members of Gemini's own that a caller may add to a request."""
_CONFIG = {"thinkingConfig": "thinkingConfig", "topK": "topK", "top_k": "topK"}
_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
_BUDGETS = {"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
"""Thinking tokens for OpenAI's efforts; Gemini's own OpenAI form maps them so. Newer models take the word itself."""
OWN_CALL_ID = "call_hanbok_"
"""Begins ids that we made for calls to which Gemini gave none."""


class _Google(msgspec.Struct):
    thought_signature: str | None = None


class _Extra(msgspec.Struct):
    google: _Google | None = None


_OBJECT = msgspec.json.Decoder(dict[str, Raw])
_EXTRA = msgspec.json.Decoder(_Extra)


def spell(request: ChatRequest, body: bytes, *, model: str) -> Json:
    """Return the request. Raises UnsupportedRequest, InvalidRequest."""
    if request.parallel_tool_calls is False and request.tools:
        raise unsupported(_NAME, "parallel_tool_calls")
    system, contents = _conversation(request.messages)
    spelled: Json = {"contents": contents}
    if system:
        spelled["systemInstruction"] = {"parts": system}
    config = _config(request, model)
    for name, value in others(body, _NAME, _OWN).items():
        if name in _CONFIG:
            config[_CONFIG[name]] = value
        else:
            spelled[name] = value
    if config:
        spelled["generationConfig"] = config
    return spelled | _tools(request)


def spell_embeddings(request: EmbeddingsRequest, path: str) -> Json:
    """Return a batch of embeddings requests, one a text. Raises UnsupportedRequest."""
    inputs = [request.input] if isinstance(request.input, str) else request.input
    batch: list[Json] = []
    for text in inputs:
        if not isinstance(text, str):
            raise unsupported(_NAME, "input (token ids)")
        one: Json = {"model": path, "content": {"parts": [{"text": text}]}}
        if request.dimensions is not None:
            one["outputDimensionality"] = request.dimensions
        batch.append(one)
    return {"requests": batch}


def _conversation(messages: list[Message]) -> tuple[list[Json], list[Json]]:
    """Return the system texts and the turns; neighbours of one role become one turn, as the format asks of the
    results of parallel calls.
    """
    system: list[Json] = []
    turns: list[Json] = []
    called = {call.id: call for message in messages for call in message.tool_calls or []}
    for message in messages:
        if message.role in {"system", "developer"}:
            system += [_part(part) for part in message.parts]
            continue
        role = "model" if message.role == "assistant" else "user"
        parts = _parts(message, called)
        if turns and turns[-1]["role"] == role:
            turns[-1]["parts"] += parts
        elif parts:
            turns.append({"role": role, "parts": parts})
    return system, turns


def _parts(message: Message, called: dict[str, ToolCall]) -> list[Json]:
    if message.role == "tool":
        call = called.get(message.tool_call_id)
        if call is None:
            raise InvalidRequest(field="messages.tool_call_id")
        response = {"name": call.function.name, "response": _result(message)}
        return [{"functionResponse": response | _call_id(call)}]
    if message.role not in {"user", "assistant"}:
        raise InvalidRequest(field="messages.role")
    return [_part(part) for part in message.parts] + [_call(call) for call in message.tool_calls or []]


def _result(message: Message) -> Raw | Json:
    """Return what a tool said as an object, which the format demands."""
    text = "".join(part.text for part in message.parts)
    try:
        _OBJECT.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return {"result": text}
    return Raw(text.encode())


def _call(call: ToolCall) -> Json:
    spoken: Json = {
        "functionCall": {"name": call.function.name, "args": arguments(call.function)} | _call_id(call)
    }
    try:
        extra = _EXTRA.decode(call.extra_content) if given(call.extra_content) else _Extra()
    except msgspec.ValidationError as error:
        raise InvalidRequest(field="messages.tool_calls.extra_content") from error
    if extra.google is not None and extra.google.thought_signature:
        spoken["thoughtSignature"] = extra.google.thought_signature
    return spoken


def _call_id(call: ToolCall) -> Json:
    return {} if not call.id or call.id.startswith(OWN_CALL_ID) else {"id": call.id}


def _part(part: Part) -> Json:
    if part.type in {"text", "refusal"}:
        return {"text": part.text or part.refusal}
    url = part.image_url.url if part.image_url else part.file.file_data if part.file else None
    if url is None:
        raise unsupported(_NAME, part_name(part))
    given = data_url(url)
    if given is None:
        raise unsupported(_NAME, "image_url.url (https:)")
    return {"inlineData": {"mimeType": given[0], "data": given[1]}}


def _config(request: ChatRequest, model: str) -> Json:
    values: Json = {
        "temperature": request.temperature,
        "topP": request.top_p,
        "maxOutputTokens": request.limit,
        "stopSequences": request.stops or None,
        "candidateCount": request.n,
        "seed": request.seed,
        "presencePenalty": request.presence_penalty,
        "frequencyPenalty": request.frequency_penalty,
        "responseLogprobs": request.logprobs or None,
        "logprobs": request.top_logprobs,
    }
    config = {name: value for name, value in values.items() if value is not None}
    wanted = request.response_format
    if wanted is not None and wanted.type != "text":
        config["responseMimeType"] = "application/json"
        if wanted.json_schema is not None and given(wanted.json_schema.schema):
            config["responseJsonSchema"] = wanted.json_schema.schema
    if request.reasoning_effort is not None:
        config["thinkingConfig"] = _thinking(request.reasoning_effort, model)
    return config


def _thinking(effort: str, model: str) -> Json:
    if effort not in _BUDGETS:
        raise unsupported(_NAME, "reasoning_effort")
    if "gemini-2" in model:
        return {"thinkingBudget": _BUDGETS[effort]}
    if effort == "none":
        raise unsupported(_NAME, "reasoning_effort")
    return {"thinkingLevel": effort}


def _tools(request: ChatRequest) -> Json:
    if not request.tools:
        return {}
    declared: list[Json] = []
    for tool in request.tools:
        if tool.function is None:
            raise unsupported(_NAME, "tools[].type")
        function: Json = {"name": tool.function.name}
        if tool.function.description:
            function["description"] = tool.function.description
        if given(tool.function.parameters):
            function["parametersJsonSchema"] = tool.function.parameters
        declared.append(function)
    spelled: Json = {"tools": [{"functionDeclarations": declared}]}
    choice = request.tool_choice
    if isinstance(choice, str):
        if choice not in _MODES:
            raise InvalidRequest(field="tool_choice")
        spelled["toolConfig"] = {"functionCallingConfig": {"mode": _MODES[choice]}}
    elif choice is not None:
        if choice.function is None:
            raise unsupported(_NAME, "tool_choice")
        only: Json = {"mode": "ANY", "allowedFunctionNames": [choice.function.name]}
        spelled["toolConfig"] = {"functionCallingConfig": only}
    return spelled
