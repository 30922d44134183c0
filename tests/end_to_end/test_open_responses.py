"""The acceptance cases of Open Responses, asked of a running server: its own requests, the specification's members."""

import json
from urllib.request import Request, urlopen

import pytest

from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import Script, ScriptedModel, echo, echo_tool

SETTINGS = """\
state: state
server: {{port: 0}}
endpoints:
  home: {{kind: openai_compatible, url: {url}, zone: home, operator: self, data_use: {{trains: false}}}}
models:
  m: {{targets: [{{endpoint: home, model: m}}], price: {{input: 1, output: 2, as_of: 2026-11-01}}}}
"""
NUMBER, WHOLE, TEXT, OBJECT, LIST, YES_NO, NONE = (float, int), int, str, dict, list, bool, type(None)
# The members that the specification requires of a response, and what they may be.
RESPONSE = {
    "id": TEXT,
    "object": TEXT,
    "created_at": WHOLE,
    "completed_at": (WHOLE, NONE),
    "status": TEXT,
    "incomplete_details": (OBJECT, NONE),
    "model": TEXT,
    "previous_response_id": (TEXT, NONE),
    "instructions": (TEXT, LIST, NONE),
    "output": LIST,
    "error": (OBJECT, NONE),
    "tools": LIST,
    "tool_choice": (TEXT, OBJECT),
    "truncation": TEXT,
    "parallel_tool_calls": YES_NO,
    "text": OBJECT,
    "top_p": NUMBER,
    "presence_penalty": NUMBER,
    "frequency_penalty": NUMBER,
    "top_logprobs": WHOLE,
    "temperature": NUMBER,
    "reasoning": (OBJECT, NONE),
    "user": (TEXT, NONE),
    "usage": (OBJECT, NONE),
    "max_output_tokens": (WHOLE, NONE),
    "max_tool_calls": (WHOLE, NONE),
    "store": YES_NO,
    "background": YES_NO,
    "service_tier": TEXT,
    "metadata": OBJECT,
    "safety_identifier": (TEXT, NONE),
    "prompt_cache_key": (TEXT, NONE),
}
USAGE = ("input_tokens", "input_tokens_details", "output_tokens", "output_tokens_details", "total_tokens")
ITEMS = {
    "message": ("id", "status", "role", "content"),
    "function_call": ("id", "call_id", "name", "arguments", "status"),
    "reasoning": ("id", "summary"),
}
PLACE = ("item_id", "output_index")
EVENTS = {
    "response.created": ("response",),
    "response.in_progress": ("response",),
    "response.completed": ("response",),
    "response.output_item.added": ("output_index", "item"),
    "response.output_item.done": ("output_index", "item"),
    "response.content_part.added": (*PLACE, "content_index", "part"),
    "response.content_part.done": (*PLACE, "content_index", "part"),
    "response.output_text.delta": (*PLACE, "content_index", "delta", "logprobs"),
    "response.output_text.done": (*PLACE, "content_index", "text", "logprobs"),
    "response.function_call_arguments.delta": (*PLACE, "delta"),
    "response.function_call_arguments.done": (*PLACE, "arguments"),
}
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "한 도시의 날씨",
    "parameters": {
        "type": "object",
        "properties": {"location": {"type": "string"}},
        "required": ["location"],
    },
}
DOT = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2KwAA"
    "AABJRU5ErkJggg=="
)


def turn(role: str, content: object) -> dict[str, object]:
    return {"type": "message", "role": role, "content": content}


CASES = {
    "a text": {"input": [turn("user", "세 낱말로 인사해 주세요.")]},
    "a system prompt": {"input": [turn("system", "존댓말로 답하세요."), turn("user", "인사해 주세요.")]},
    "a picture": {
        "input": [
            turn(
                "user",
                [
                    {"type": "input_text", "text": "무엇이 보이나요?"},
                    {"type": "input_image", "image_url": DOT},
                ],
            )
        ]
    },
    "several turns": {
        "input": [
            turn("user", "제 별명은 하늘입니다."),
            turn("assistant", "반갑습니다."),
            turn("user", "제 별명은?"),
        ]
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    script = Script(say=lambda asked: (echo_tool if asked.tools else echo)(asked), chunk=3)
    with (
        ScriptedModel(script) as model,
        RunningHanbok(tmp_path_factory.mktemp("open"), SETTINGS.format(url=model.url)) as running,
    ):
        yield running


def ask(server, body, *, stream=False):
    """Return the response, or the events of a stream."""
    sent = json.dumps({"model": "m", "stream": stream, **body}).encode()
    headers = {"content-type": "application/json", "authorization": f"Bearer {server.key}"}
    with urlopen(Request(f"{server.api}/responses", sent, headers)) as answer:
        text = answer.read().decode()
    if not stream:
        return json.loads(text)
    frames = [frame.split("\n", 1) for frame in text.strip().split("\n\n")]
    events = [json.loads(data.removeprefix("data: ")) for _, data in frames]
    assert [name.removeprefix("event: ") for name, _ in frames] == [one["type"] for one in events]
    return events


def check(response):
    """Compare a response with the specification."""
    assert {name for name, kind in RESPONSE.items() if not isinstance(response.get(name, ...), kind)} == set()
    assert response["object"] == "response"
    if response["usage"] is not None:
        assert all(name in response["usage"] for name in USAGE)
    for item in response["output"]:
        assert all(name in item for name in ITEMS[item["type"]])


@pytest.mark.parametrize("case", CASES)
def test_a_response_is_whole(server, case):
    response = ask(server, CASES[case])
    check(response)
    assert response["status"] == "completed"
    assert response["output"]


def test_a_stream_tells_every_part_and_ends_with_the_whole(server):
    events = ask(server, CASES["a text"], stream=True)
    assert [one["sequence_number"] for one in events] == list(range(len(events)))
    for one in events:
        assert all(name in one for name in EVENTS[one["type"]]), one["type"]
    whole = events[-1]["response"]
    check(whole)
    assert whole["status"] == "completed"
    said = "".join(one["delta"] for one in events if one["type"] == "response.output_text.delta")
    assert said == whole["output"][0]["content"][0]["text"] == CASES["a text"]["input"][0]["content"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_tool_is_called(server, stream):
    answer = ask(server, {**CASES["a text"], "tools": [WEATHER]}, stream=stream)
    if stream:
        kinds = [one["type"] for one in answer]
        for kind in ("added", "done"):
            assert any(
                one["type"] == f"response.output_item.{kind}" and one["item"]["type"] == "function_call"
                for one in answer
            )
        assert "response.function_call_arguments.delta" in kinds
        assert "response.function_call_arguments.done" in kinds
        assert all(name in one for one in answer for name in EVENTS[one["type"]])
        answer = answer[-1]["response"]
    check(answer)
    [called] = [one for one in answer["output"] if one["type"] == "function_call"]
    assert called["name"] == "get_weather"
    assert json.loads(called["arguments"])
