"""The common tongue byte by byte: what need not change does not."""

import json

import pytest

from hanbok.gateway.call import Operation
from hanbok.gateway.dialects.openai import Openai
from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.head import DuplicateField

BODY = (
    '\n{ "temperature":0.70,"model" : "asked\\u00e9" ,\r\n"stream": true , "x":{"model":"inner",'
    '"big":12345678901234567890123, "e":1E+2,"u":"\\uac00 \\/ 가"},"messages":[{"role":"user","content":"hi"}] }\n'
).encode()


def spelled(body, *, stream=False, operation=Operation.CHAT):
    return Openai().request(operation, body, model="진짜/model", stream=stream).body


def test_only_the_model_is_replaced():
    assert spelled(BODY) == BODY.replace(b'"asked\\u00e9"', '"진짜/model"'.encode())


def test_a_stream_gains_the_wish_for_usage_and_nothing_else():
    want = BODY.replace(b'"asked\\u00e9"', '"진짜/model"'.encode())
    assert spelled(BODY, stream=True) == want[:-2] + b',"stream_options":{"include_usage":true}' + want[-2:]


@pytest.mark.parametrize(
    ("given", "want"),
    [
        (b"null", b'{"include_usage":true}'),
        (b"{}", b'{"include_usage":true}'),
        (b'{ "include_usage" : false, "x":1.0 }', b'{ "include_usage" : true, "x":1.0 }'),
        (b'{"include_usage":true}', b'{"include_usage":true}'),
        (b'{"y":[ ]}', b'{"y":[ ],"include_usage":true}'),
    ],
)
def test_other_stream_options_stay_as_written(given, want):
    body = b'{"model":"m","stream_options":%s,"stream":true}'
    assert spelled(body % given, stream=True) == (body % want).replace(b'"m"', '"진짜/model"'.encode())


@pytest.mark.parametrize("given", [b"false", b"null", b"true"])
def test_a_stream_is_asked_for_whatever_the_body_says(given):
    assert json.loads(spelled(b'{"model":"m","stream":%s}' % given, stream=True))["stream"] is True


def test_what_could_be_read_in_two_ways_is_not_sent():
    with pytest.raises(DuplicateField):
        spelled(b'{"model":"m","x":1,"model":"n"}')
    with pytest.raises(DuplicateField):
        spelled(b'{"model":"m","stream_options":{"include_usage":true,"include_usage":false}}', stream=True)


def test_embeddings_are_never_streamed():
    assert spelled(b'{"model":"m","input":"x"}', stream=True, operation=Operation.EMBEDDINGS) == (
        '{"model":"진짜/model","input":"x"}'.encode()
    )


def chunk(index, content, finish=None):
    choice = {"index": index, "delta": {"content": content}, "finish_reason": finish}
    return json.dumps({"choices": [choice]}).encode()


def test_chunks_pass_as_the_bytes_they_are():
    odd = b'{"choices" :[{"index":0,"delta":{"content":"\\ud55c","reasoning":"x"},"x":1.50}]}'
    assert Openai().reader().feed("message", odd) == [odd]


def test_a_stream_is_whole_only_when_its_server_says_so():
    reader = Openai().reader()
    reader.feed("message", chunk(0, "x", "stop"))
    assert not reader.done
    assert reader.feed("message", b"[DONE]") == []
    assert reader.done


def test_without_that_word_it_is_whole_when_every_choice_ended():
    reader = Openai(needs_done=False).reader()
    reader.feed("message", chunk(0, "x"))
    reader.feed("message", chunk(1, "x"))
    reader.feed("message", chunk(0, "", "stop"))
    assert not reader.done
    reader.feed("message", chunk(1, "", "length"))
    assert reader.done
    reader.feed("message", b'{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}')
    assert reader.done
    assert reader.usage is not None
    assert (reader.usage.input, reader.usage.output) == (3, 2)


@pytest.mark.parametrize("data", [b"", b"oops", b"[1]", b"null", b'"[DONE]"'])
def test_what_is_no_chunk_is_refused(data):
    with pytest.raises(UpstreamGarbled):
        Openai().reader().feed("message", data)


@pytest.mark.parametrize(
    "usage",
    [b'{"prompt_tokens":"9","completion_tokens":2.0}', b'{"prompt_tokens":9,"completion_tokens":2,"x":{}}'],
)
def test_servers_that_are_loose_with_types_are_metered(usage):
    reader = Openai().reader()
    last = b'{"choices":null,"usage":%s}' % usage
    assert reader.feed("message", last) == [last]
    assert reader.usage is not None
    assert (reader.usage.input, reader.usage.output) == (9, 2)
