import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.gateway.head import DuplicateField, InvalidJson, InvalidRequest, read_head, spans, splice

BODY = '{ "model" :\t"gpt-4o" , "x": 1.50e1,\n"stream":true,"메모":{"model":"속"},"n":2 }'.encode()


def test_the_head_holds_what_the_gateway_reads():
    head, members = read_head(
        b'{"model":"m","stream":true,"n":2,"max_tokens":5,"stream_options":{"include_usage":true}}'
    )
    assert (head.model, head.stream, head.n, head.max_tokens) == ("m", True, 2, 5)
    assert head.stream_options is not None
    assert head.stream_options.include_usage
    assert list(members) == ["model", "stream", "n", "max_tokens", "stream_options"]


@pytest.mark.parametrize(
    ("body", "error", "fact"),
    [
        (b"", InvalidJson, 0),
        (b"{x}", InvalidJson, 1),
        (b'{"model":"a",}', InvalidJson, 13),
        (b'{"model":"a"} x', InvalidJson, 15),
        (b'{"x":' + b"[" * 5000 + b"]" * 5000 + b',"model":"a"}', InvalidJson, 10018),
        (b"[]", InvalidRequest, "body"),
        (b"{}", InvalidRequest, "model"),
        (b'{"model":""}', InvalidRequest, "model"),
        (b'{"model":7}', InvalidRequest, "model"),
        (b'{"model":"a","n":"two"}', InvalidRequest, "n"),
        (b'{"model":"a","stream_options":[]}', InvalidRequest, "stream_options"),
        (b'{"model":"a","model":"b"}', DuplicateField, "model"),
        (b'{"model":"a","mod\\u0065l":"b"}', DuplicateField, "model"),
        (b'{"model":"a","q":"\\u0022","x":1,"x":2,"z":"\\u0022"}', DuplicateField, "x"),
        (b'{"model":"a","Hong 010":1,"Hong 010":2}', DuplicateField, "?"),
    ],
)
def test_a_bad_body_is_refused_with_its_place(body, error, fact):
    with pytest.raises(error) as caught:
        read_head(body)
    assert fact in caught.value.facts.values()


def test_text_that_is_not_utf8_is_refused_even_where_the_head_does_not_look():
    with pytest.raises(InvalidJson):
        read_head(b'{"model":"a","x":"\xff"}')


@pytest.mark.parametrize("text", ['say "hi"', "\\", '\\"', "\\u0022", '"', '가"나'])
def test_quotes_in_texts_are_not_taken_for_duplicates(text):
    for ascii_only in (True, False):
        assert read_head(
            json.dumps({"model": text, "a": [text, {text: text}]}, ensure_ascii=ascii_only).encode()
        )
    assert read_head(b'{"model":"a","x":"\\u0022 and \\\\u0022"}')[0].model == "a"


def test_spans_are_the_values_as_written():
    assert {name: BODY[start:end] for name, (start, end) in spans(BODY).items()} == {
        "model": b'"gpt-4o"',
        "x": b"1.50e1",
        "stream": b"true",
        "메모": '{"model":"속"}'.encode(),
        "n": b"2",
    }


def test_a_splice_changes_nothing_else():
    got = splice(BODY, {"model": b'"real"', "n": b"1", "user": b'"u"'})
    assert got == BODY.replace(b'"gpt-4o"', b'"real"').replace(b'"n":2 }', b'"n":1 ,"user":"u"}')


@pytest.mark.parametrize(("body", "want"), [(b"{}", b'{"a":1}'), (b" { } ", b' { "a":1} ')])
def test_a_splice_into_an_empty_object_adds_no_comma(body, want):
    assert splice(body, {"a": b"1"}) == want


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a","model":"a"}',
        b'{"model":"a","x":1,"model":"b"}',
        b'{"x":1,"x":1,"x":1}',
        b'{"a":1,"a":22}',
        b'{"a":11,"b":2,"a":1}',
    ],
)
def test_a_splice_refuses_equal_names(body):
    with pytest.raises(DuplicateField):
        splice(body, {"model": b'"z"'})


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b'{"a":1}x'])
def test_a_splice_refuses_what_is_no_object(body):
    with pytest.raises(InvalidJson):
        splice(body, {"model": b'"z"'})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=5),
    st.booleans(),
    st.sampled_from([None, 1, 3]),
)
def test_a_splice_of_any_object_sets_only_what_was_asked(document, ascii_only, indent):
    body = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()
    assert json.loads(splice(body, {"model": b'"real"'})) == document | {"model": "real"}


NAMES = st.sampled_from(["a", "b", "model", 'q"', "\\", "한", "x{", "y,"])


@given(st.lists(st.tuples(NAMES, JSON), max_size=6), st.booleans(), st.sampled_from(["", " ", "\n\t"]))
def test_equal_names_are_always_found_and_different_ones_never(members, ascii_only, space):
    pairs = [
        space.join(
            [json.dumps(name, ensure_ascii=ascii_only), ":", json.dumps(value, ensure_ascii=ascii_only)]
        )
        for name, value in members
    ]
    body = (space + "{" + f"{space},{space}".join(pairs) + space + "}" + space).encode()
    names = [name for name, _ in members]
    if len(set(names)) == len(names):
        assert {name: json.loads(body[start:end]) for name, (start, end) in spans(body).items()} == dict(
            members
        )
    else:
        with pytest.raises(DuplicateField):
            spans(body)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), JSON, max_size=5), st.booleans())
def test_any_object_without_equal_names_is_accepted(document, ascii_only):
    body = json.dumps(
        document
        | {
            "model": "m",
            "stream": None,
            "n": None,
            "max_tokens": None,
            "max_completion_tokens": None,
            "stream_options": None,
        },
        ensure_ascii=ascii_only,
    ).encode()
    assert read_head(body)[0].model == "m"
