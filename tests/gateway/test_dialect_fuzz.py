"""Whatever a caller or a provider sends, a dialect answers with its own errors or with JSON."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from hanbok.core.errors import HanbokError
from hanbok.core.plugin import load, names
from hanbok.gateway.call import Operation

DIALECTS = names("hanbok.gateway.dialects")
VALUES = """
assistant user tool system text image_url file auto required none function json_schema tool_use thinking
stop message_start content_block_start content_block_delta message_delta message_stop error text_delta
input_json_delta STOP SAFETY data:a;base64,QQ== {} 한글 low
"""
NAMES = """
model messages role content type text tool_calls id index function name arguments parameters tools
tool_choice response_format json_schema schema image_url url file file_data stop n stream stream_options
input dimensions reasoning_effort choices delta finish_reason usage prompt_tokens error candidates parts
finishReason functionCall args usageMetadata promptTokenCount message content_block stop_reason
input_tokens embeddings values partial_json thinking signature extra_content google thought_signature
cache_control metadata
"""
WORDS = st.sampled_from(VALUES.split())
FIELDS = st.sampled_from(NAMES.split())
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.floats(allow_nan=False, allow_infinity=False, width=16)
    | WORDS
)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=5),
    max_leaves=25,
)
OBJECT = st.dictionaries(FIELDS, ANYTHING, max_size=6)
REQUEST = st.fixed_dictionaries(
    {
        "messages": st.lists(st.fixed_dictionaries({"role": WORDS, "content": ANYTHING}), max_size=3)
        | ANYTHING
    },
    optional={"tools": ANYTHING, "tool_choice": ANYTHING, "input": ANYTHING, "response_format": ANYTHING},
)


def encoded(value):
    return json.dumps(value, ensure_ascii=False).encode()


@pytest.mark.parametrize("name", DIALECTS)
@given(request_body=REQUEST | OBJECT, operation=st.sampled_from(Operation), stream=st.booleans())
@settings(max_examples=40, deadline=None)
@example(request_body={"messages": [], "metadata": 2}, operation=Operation.CHAT, stream=False)
def test_any_request_is_spelled_or_refused(name, request_body, operation, stream):
    try:
        wire = load("hanbok.gateway.dialects", name)().request(
            operation, encoded(request_body), model="m", stream=stream
        )
    except HanbokError:
        return
    json.loads(wire.body)
    assert wire.path.startswith("/")


@pytest.mark.parametrize("name", DIALECTS)
@given(answer=OBJECT, operation=st.sampled_from(Operation))
@settings(max_examples=40, deadline=None)
@example(
    answer={"candidates": [{"content": {"parts": [{"functionCall": {"name": "x", "args": None}}]}}]},
    operation=Operation.CHAT,
)
@example(
    answer={"content": [{"type": "tool_use", "id": "a", "name": "x", "input": None}]},
    operation=Operation.CHAT,
)
def test_any_answer_is_read_or_refused(name, answer, operation):
    try:
        read = load("hanbok.gateway.dialects", name)().answer(operation, encoded(answer))
    except HanbokError:
        return
    parsed = json.loads(read.body)
    if operation is Operation.CHAT and name != "openai":
        ChatCompletion.model_validate(parsed)


@pytest.mark.parametrize("name", DIALECTS)
@given(events=st.lists(st.tuples(WORDS, OBJECT), max_size=6))
@settings(max_examples=40, deadline=None)
def test_any_stream_is_read_or_refused(name, events):
    reader = load("hanbok.gateway.dialects", name)().reader()
    try:
        for event, data in events:
            for chunk in reader.feed(event, encoded(data | {"type": event})):
                json.loads(chunk)
    except HanbokError:
        return


@pytest.mark.parametrize("name", DIALECTS)
@given(data=st.binary(max_size=60))
@settings(max_examples=30, deadline=None)
def test_any_bytes_are_refused_in_the_dialects_own_words(name, data):
    dialect = load("hanbok.gateway.dialects", name)()
    assert isinstance(dialect.failure(data), str)
    for read in (
        lambda: dialect.answer(Operation.CHAT, data),
        lambda: dialect.reader().feed("message", data),
        lambda: dialect.request(Operation.CHAT, data, model="m", stream=False),
    ):
        try:
            read()
        except HanbokError:
            continue
