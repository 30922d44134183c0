"""Official clients of four APIs, asked the same way: what each said, called, thought and counted."""

import contextlib
import json
from dataclasses import dataclass

import anthropic
import openai
from google import genai

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


@dataclass
class Heard:
    text: str = ""
    calls: str = ""
    thought: str = ""
    tokens: int = 0
    finish: str = ""


class Messages:
    """Anthropic's."""

    name = "messages"

    def __init__(self, server):
        self.sdk = anthropic.Anthropic(base_url=server.url, api_key=server.key, max_retries=0)

    def ask(self, model, text, *, stream=False, tools=True):
        asked = {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": text}]}
        if tools:
            asked["tools"] = [{"name": "lookup", "description": "찾기", "input_schema": SCHEMA}]
        if stream:
            with self.sdk.messages.stream(**asked) as answer:
                message = answer.get_final_message()
        else:
            message = self.sdk.messages.create(**asked)
        heard = Heard(tokens=message.usage.output_tokens, finish=message.stop_reason)
        for block in message.content:
            if block.type == "text":
                heard.text += block.text
            elif block.type == "tool_use":
                heard.calls += json.dumps(block.input, ensure_ascii=False)
            elif block.type == "thinking":
                heard.thought += block.thinking
        return heard

    def answer_call(self, model, call_id="toolu_1"):
        """Give the result of a tool in the next turn."""
        turns = [
            {"role": "user", "content": "찾아 줘"},
            {
                "role": "assistant",
                "content": [{"type": "tool_use", "id": call_id, "name": "lookup", "input": {"text": "x"}}],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": call_id, "content": "결과"},
                    {"type": "text", "text": "그래서?"},
                ],
            },
        ]
        tools = [{"name": "lookup", "input_schema": SCHEMA}]
        message = self.sdk.messages.create(model=model, max_tokens=9, messages=turns, tools=tools)
        return message.content[0].text

    failure = anthropic.APIStatusError
    broken = anthropic.APIError


class Generate:
    """Gemini's."""

    name = "generate"

    def __init__(self, server):
        options = genai.types.HttpOptions(
            base_url=server.url, retry_options=genai.types.HttpRetryOptions(attempts=1)
        )
        self.sdk = genai.Client(api_key=server.key, http_options=options)

    def ask(self, model, text, *, stream=False, tools=True):
        lookup = genai.types.FunctionDeclaration(
            name="lookup", description="찾기", parameters_json_schema=SCHEMA
        )
        config = genai.types.GenerateContentConfig(
            tools=[genai.types.Tool(function_declarations=[lookup])] if tools else None,
            automatic_function_calling=genai.types.AutomaticFunctionCallingConfig(disable=True),
        )
        asked = {"model": model, "contents": text, "config": config}
        if stream:
            answers = list(self.sdk.models.generate_content_stream(**asked))
        else:
            answers = [self.sdk.models.generate_content(**asked)]
        heard = Heard()
        for answer in answers:
            if answer.usage_metadata and answer.usage_metadata.candidates_token_count:
                thoughts = answer.usage_metadata.thoughts_token_count or 0
                heard.tokens = answer.usage_metadata.candidates_token_count + thoughts
            for candidate in answer.candidates or []:
                heard.finish = (candidate.finish_reason and candidate.finish_reason.value) or heard.finish
                for part in (candidate.content.parts if candidate.content else []) or []:
                    if part.function_call:
                        heard.calls += json.dumps(part.function_call.args, ensure_ascii=False)
                    elif part.thought:
                        heard.thought += part.text
                    else:
                        heard.text += part.text or ""
        return heard

    def answer_call(self, model):
        types = genai.types
        contents = [
            types.Content(role="user", parts=[types.Part(text="찾아 줘")]),
            types.Content(
                role="model",
                parts=[types.Part(function_call=types.FunctionCall(name="lookup", args={"text": "x"}))],
            ),
            types.Content(
                role="user",
                parts=[
                    types.Part(
                        function_response=types.FunctionResponse(name="lookup", response={"text": "결과"})
                    ),
                    types.Part(text="그래서?"),
                ],
            ),
        ]
        return self.sdk.models.generate_content(model=model, contents=contents).text

    failure = genai.errors.APIError
    broken = genai.errors.APIError


class Responses:
    """OpenAI's newer one."""

    name = "responses"

    def __init__(self, server):
        self.sdk = openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0)

    def ask(self, model, text, *, stream=False, tools=True):
        asked = {"model": model, "input": text}
        if tools:
            asked["tools"] = [{"type": "function", "name": "lookup", "parameters": SCHEMA, "strict": False}]
        if stream:
            with self.sdk.responses.stream(**asked) as events:
                answer = events.get_final_response()
        else:
            answer = self.sdk.responses.create(**asked)
        heard = Heard(text=answer.output_text, tokens=answer.usage.output_tokens, finish=answer.status)
        for item in answer.output:
            if item.type == "function_call":
                heard.calls += item.arguments
            elif item.type == "reasoning":
                heard.thought += "".join(one.text for one in item.content or [])
        return heard

    def answer_call(self, model):
        items = [
            {"role": "user", "content": "찾아 줘"},
            {"type": "function_call", "call_id": "call_1", "name": "lookup", "arguments": '{"text": "x"}'},
            {"type": "function_call_output", "call_id": "call_1", "output": "결과"},
            {"role": "user", "content": "그래서?"},
        ]
        return self.sdk.responses.create(model=model, input=items).output_text

    failure = openai.APIStatusError
    broken = openai.APIError


class Chat:
    """OpenAI's older one, the common tongue."""

    name = "chat"

    def __init__(self, server):
        self.sdk = openai.OpenAI(base_url=server.api, api_key=server.key, max_retries=0)

    def ask(self, model, text, *, stream=False, tools=True):
        asked = {"model": model, "messages": [{"role": "user", "content": text}]}
        if tools:
            asked["tools"] = [{"type": "function", "function": {"name": "lookup", "parameters": SCHEMA}}]
        if stream:
            with self.sdk.chat.completions.stream(**asked, stream_options={"include_usage": True}) as events:
                answer = events.get_final_completion()
        else:
            answer = self.sdk.chat.completions.create(**asked)
        choice = answer.choices[0]
        return Heard(
            text=choice.message.content or "",
            calls="".join(one.function.arguments for one in choice.message.tool_calls or []),
            thought=getattr(choice.message, "reasoning_content", None) or "",
            tokens=answer.usage.completion_tokens,
            finish=choice.finish_reason,
        )

    def answer_call(self, model):
        turns = [
            {"role": "user", "content": "찾아 줘"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "lookup", "arguments": '{"text": "x"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": '{"text": "결과"}'},
            {"role": "user", "content": "그래서?"},
        ]
        return self.sdk.chat.completions.create(model=model, messages=turns).choices[0].message.content

    failure = openai.APIStatusError
    broken = openai.APIError


CLIENTS = (Chat, Messages, Generate, Responses)


@contextlib.contextmanager
def clients_of(server):
    """One client of each API."""
    made = [client(server) for client in CLIENTS]
    try:
        yield {one.name: one for one in made}
    finally:
        for one in made:
            one.sdk.close()
