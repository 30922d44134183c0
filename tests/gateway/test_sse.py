from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.sse import SseReader

STREAM = (
    b"\xef\xbb\xbf: hello\n\n"
    + 'data: {"a":"한복"}\n\n'.encode()
    + b"event: delta\r\ndata: one\r\ndata:two\r\n\r\n"
    + b"id: 7\rretry: 10\rdata: three\r\r"
    + b"data\n\n"
    + b"data: \n\n"
    + b"event: nothing\n\n"
    + "data:  이름\n\n\n\n".encode()
    + b"data: [DONE]\n\n"
)
EVENTS = [
    ("message", '{"a":"한복"}'.encode()),
    ("delta", b"one\ntwo"),
    ("message", b"three"),
    ("message", " 이름".encode()),
    ("message", b"[DONE]"),
]


def test_a_stream_with_every_kind_of_line_gives_its_events():
    reader = SseReader()
    assert reader.feed(STREAM) == EVENTS
    assert not reader.finish()


def test_bytes_that_come_one_by_one_give_the_same_events():
    reader = SseReader()
    assert [event for at in range(len(STREAM)) for event in reader.feed(STREAM[at : at + 1])] == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cuts_give_the_same_events(cuts):
    edges = [0, *sorted(cuts), len(STREAM)]
    reader = SseReader()
    pieces = [STREAM[start:end] for start, end in pairwise(edges)]
    assert [event for piece in pieces for event in reader.feed(piece)] == EVENTS
    assert not reader.finish()


@given(st.lists(st.sampled_from(["\n", "\r", "\r\n"]), min_size=6, max_size=6))
def test_any_mix_of_line_ends_gives_the_same_events(ends):
    # A carriage return before a line feed is one end, not two.
    lines = ["data: a", "event: b", "", "data: c", "data: d", ""]
    text = "".join(line + end for line, end in zip(lines, ends, strict=True))
    same = text.replace("\r\n", "\n").replace("\r", "\n")
    assert SseReader().feed(text.encode()) == SseReader().feed(same.encode())


@pytest.mark.parametrize("rest", [b"data: x", b"data: x\n", b"event: x\n", b"\xef\xbb"])
def test_an_event_cut_short_is_told_at_the_end(rest):
    reader = SseReader()
    assert reader.feed(rest) == []
    assert reader.finish()


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_an_event_larger_than_the_limit_is_refused_however_it_arrives(size):
    reader = SseReader(origin="far", limit=1000)
    data = b"data: " + b"x" * 2000 + b"\n\n"
    with pytest.raises(UpstreamGarbled, match=r"far.*more than 1000 bytes"):
        [reader.feed(data[at : at + size]) for at in range(0, len(data), size)]


def test_many_small_events_in_one_read_are_not_taken_for_a_large_one():
    assert len(SseReader(limit=1000).feed(b"data: x\n\n" * 1000)) == 1000
