import base64
import json
import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hanbok.gateway.head import InvalidJson
from hanbok.gateway.texts import Texts
from hanbok.guard.guard import BOUNDARY

_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8).decode()


def edit(texts: Texts, old: str, new: str) -> bytes:
    """Replace each occurrence of `old` in the text by `new`."""
    return texts.replace([(m.start(), m.end(), new) for m in re.finditer(re.escape(old), texts.text)])


def test_names_and_values_at_any_depth_are_texts_in_their_order():
    body = b'{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"\xec\x95\x88\xeb\x85\x95"}]}]}'
    assert Texts(body).text.split(BOUNDARY) == [
        *("model", "m", "messages", "role", "user", "content", "type", "text", "text", "안녕")
    ]


def test_without_edits_the_very_same_bytes_come_back():
    body = b' {"a" : "b"}\n'
    assert Texts(body).replace([]) is body


def test_an_edit_changes_its_own_bytes_only():
    body = '{ "a":"caf\\u00e9\\/\\n010-1234-5678\\t끝", "b" :1.0e5,"a":"010"}'.encode()
    changed = edit(Texts(body), "010-1234-5678", '["새"\\]')
    assert changed == '{ "a":"caf\\u00e9\\/\\n[\\"새\\"\\\\]\\t끝", "b" :1.0e5,"a":"010"}'.encode()


@pytest.mark.parametrize(
    ("body", "reads"),
    [
        (rb'{"a":"\ud83d\ude00x"}', "😀x"),
        (rb'{"a":"\\\""}', '\\"'),
        (rb'{"a":"\\\\"}', "\\\\"),
        (rb'{"a":"\\\\\"\\"}', '\\\\"\\'),
        (rb'{"a":""}', ""),
        (rb'{"a":"C:\\users\\new"}', "C:\\users\\new"),
        (rb'{"a":12345678}', "12345678"),
        (rb'{"a":-12345678}', "-12345678"),
        (rb'{"a":9.001011234567e12}', "9001011234567"),
        (rb'{"a":9001011234567.0}', "9001011234567"),
        (rb'{"a":0.12345678}', "0.12345678"),
        (rb'{"a":90010112345670000e-4}', "9001011234567"),
        (rb'{"a":1.2345678e300}', "1.2345678e300"),
        (rb'{"a":"{\"n\": \"\\ud64d\\uae38\"}"}', '{"n": "홍길"}'),
        (rb'{"a":"[\"1990\\/01\\/02\\n\"]"}', '["1990/01/02\n"]'),
        (rb'{"a":"code: \\ud64d"}', "code: 홍"),
        (rb'{"a":"{\"n\": \"\\ud83d\\ude00 \\ud83d\"}"}', '{"n": "😀 �"}'),
    ],
)
def test_a_text_reads_as_the_model_would_read_it(body: bytes, reads: str):
    assert Texts(body).text == f"a{BOUNDARY}{reads}"


def test_small_numbers_are_no_text():
    assert Texts(b'{"a":1234567,"b":0.7,"c":[1,2,3],"d":true}').text.split(BOUNDARY) == ["a", "b", "c", "d"]


def test_a_number_that_an_edit_touches_becomes_zero():
    body = b'{"a": [9001011234567 , 12345678],"b":-123456789.5e1}'
    assert edit(Texts(body), "9001011234567", "[x]") == b'{"a": [0 , 12345678],"b":-123456789.5e1}'
    assert edit(Texts(body), "-1234567895", "[x]") == b'{"a": [9001011234567 , 12345678],"b":0}'


def test_an_escaped_separator_does_not_pass_for_a_boundary():
    body = rb'{"a":"900101\u001e-1234567","b":"c"}'
    texts = Texts(body)
    assert texts.text.split(BOUNDARY) == ["a", "900101\u200b-1234567", "b", "c"]
    assert edit(texts, "900101\u200b-1234567", "x") == b'{"a":"x","b":"c"}'


def test_an_edit_over_two_texts_is_split():
    body = b'{"a":"one","b":"two"}'
    text = Texts(body).text
    changed = Texts(body).replace([(text.index("ne"), text.index("wo"), "-")])
    assert changed == b'{"a":"o-","":"wo"}'


@pytest.mark.parametrize("edits", [[(0, 2, ""), (1, 3, "")], [(2, 1, "")], [(0, 9, "")]])
def test_edits_that_overlap_or_lie_outside_are_refused(edits: list[tuple[int, int, str]]):
    with pytest.raises(ValueError):
        Texts(b'["abcdef"]').replace(edits)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"\xff"}',
        b'{"a":"\xed\xa0\x80"}',
        rb'{"a":"\ud800"}',
        rb'{"a":"\udc00\ud800"}',
        rb'{"a":"\x"}',
        rb'{"a":"\u12"}',
        b'{"a":"\x1e"}',
        b'{"a":"\x00\\""}',
        b'{"a":"',
    ],
)
def test_what_is_not_unicode_or_json_is_refused(body: bytes):
    with pytest.raises(InvalidJson):
        Texts(body)


def nested(value: object, depth: int, *, ascii_only: bool) -> str:
    """Return JSON that holds `value` as JSON in a string in JSON in a string."""
    for _ in range(depth):
        value = json.dumps({"v": value}, ensure_ascii=ascii_only)
    return json.dumps(["x", value], ensure_ascii=ascii_only)


def unnested(body: bytes, depth: int) -> Any:
    value = json.loads(body)[1]
    for _ in range(depth):
        value = json.loads(value)["v"]
    return value


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_json_within_json_is_read_and_edited_at_its_own_level(*, depth: int, ascii_only: bool):
    body = nested('그는 "홍길동"\n씨 😀', depth, ascii_only=ascii_only).encode()
    texts = Texts(body)
    assert '그는 "홍길동"\n씨 😀' in texts.text
    assert unnested(edit(texts, "홍길동", '가\\"나\n다'), depth) == '그는 "가\\"나\n다"\n씨 😀'
    assert unnested(edit(texts, "😀", "[이름-1]"), depth) == '그는 "홍길동"\n씨 [이름-1]'


def test_image_data_is_no_text_but_is_named():
    body = json.dumps({"url": f"data:image/png;base64,{_PNG}"}).encode()
    texts = Texts(body)
    assert texts.text == f"url{BOUNDARY}data:image/png;base64,"
    assert texts.unread == ("image/png",)
    assert edit(texts, "image", "IMAGE") == body.replace(b"image", b"IMAGE")


def test_the_parameters_of_a_data_url_are_text():
    texts = Texts(json.dumps([f"data:image/png;name=홍길동.png;base64,{_PNG}"]).encode())
    assert texts.text == "data:image/png;name=홍길동.png;base64,"
    assert texts.unread == ("image/png",)
    assert Texts(json.dumps([f"data:홍길동/png;base64,{_PNG}"]).encode()).unread == ("data",)
    assert json.loads(edit(texts, "홍길동", "[이름-3]"))[0].startswith(
        "data:image/png;name=[이름-3].png;base64,iVBO"
    )


def test_long_base64_without_a_header_is_a_file():
    texts = Texts(json.dumps({"input_audio": {"data": _PNG, "format": "wav"}}).encode())
    assert texts.text.split(BOUNDARY) == ["input_audio", "data", "", "format", "wav"]
    assert texts.unread == ("base64",)


@pytest.mark.parametrize(
    ("media", "charset"),
    [("text/csv", "utf-8"), ("application/json", "utf-8"), ("text/plain", "cp949"), ("", "utf-8")],
)
def test_a_text_file_in_a_data_url_is_read_and_edited(media: str, charset: str):
    content = "이름,전화\n홍길동,010-1234-5678\n" * 3
    url = f"data:{media};base64,{base64.b64encode(content.encode(charset)).decode()}"
    texts = Texts(json.dumps({"file": url}).encode())
    assert content in texts.text
    assert texts.unread == ()
    changed = json.loads(edit(texts, "010-1234-5678", "[휴대전화-1]"))["file"]
    assert base64.b64decode(changed.split(",")[1]).decode(charset) == content.replace(
        "010-1234-5678", "[휴대전화-1]"
    )


@pytest.mark.parametrize("times", [2, 40])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_text_file_without_a_header_is_read_in_either_alphabet_however_short(encode, times: int):
    content = "이름,전화\n홍길동,010-1234-5678\n뷁?>~\n" * times
    texts = Texts(json.dumps({"inline_data": {"data": encode(content.encode()).decode()}}).encode())
    assert content in texts.text
    assert texts.unread == ()
    changed = json.loads(edit(texts, "010-1234-5678", "[휴대전화-1]"))["inline_data"]["data"]
    assert changed == encode(content.replace("010-1234-5678", "[휴대전화-1]").encode()).decode()


def test_numbers_with_hyphens_are_read_though_they_may_be_a_file():
    string = "-".join(["010-1234-5678"] * 100)
    texts = Texts(json.dumps([string]).encode())
    assert texts.text == string
    assert json.loads(texts.replace([(0, 13, "[휴대전화-1]")]))[0] == "[휴대전화-1]" + string[13:]


def test_a_zero_between_digits_hides_nothing():
    body = b'["0\\u000010-1\\u0000234"]'
    texts = Texts(body)
    assert texts.text == "0\u200b10-1\u200b234"
    assert edit(texts, "10-1", "x") == b'["0\\u0000x\\u0000234"]'


@pytest.mark.parametrize("member", ["data", "file_data", "bytes"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_a_text_file_may_be_as_short_as_a_number(member: str, encode):
    def written(content: str) -> str:
        return encode(content.encode()).decode()

    body = json.dumps({"mimeType": "text/plain", member: written("뷁?>~ 010-1234-5678")})
    texts = Texts(body.replace("/", "\\/").encode())
    assert "뷁?>~ 010-1234-5678" in texts.text
    changed = json.loads(edit(texts, "010-1234-5678", "[휴대전화-1]"))
    assert changed == {"mimeType": "text/plain", member: written("뷁?>~ [휴대전화-1]")}
    for other in ({"note": written("?> 010-1234-5678")}, {member: "01012345678" * 2}):
        assert next(iter(other.values())) in Texts(json.dumps(other).encode()).text


@pytest.mark.parametrize(
    ("string", "unread"),
    [
        ("data:image/png;base64,9001011234567", ("image/png",)),
        ("data:image/png;base64,홍길동 010-1234-5678", ("image/png",)),
        ("data:text/plain,010-1234-5678", ()),
        ("data:,010-1234-5678", ()),
        ("data: 010-1234-5678, 100% sure and/or not", ()),
    ],
)
def test_what_only_poses_as_a_file_is_text_besides(string: str, unread: tuple[str, ...]):
    texts = Texts(json.dumps([string], ensure_ascii=False).encode())
    assert texts.text == string
    assert texts.unread == unread


@pytest.mark.parametrize(
    "string",
    [
        f"data:image/png;base64,{_PNG.rstrip('=')}%3D",
        f"data:image/png;base64, {_PNG}",
        f"data:image/png;base64,{_PNG[:400]}\t{_PNG[400:]}",
        f" \ndata:image/png;base64,{_PNG}",
        f"data:image/png; base64,{_PNG}",
        f"data:image/png;base64;x=1,{_PNG}",
        f'data:image/png;name="a,b";base64,{_PNG}',
        "Data:image/png,%89PNG",
        "data:image/png,%89PNG%0D%0A%1A%0A",
        f"data:;Base64,{_PNG} ",
        f"data:text/plain,{'%39%30' * 9}",
        _PNG[:96],
        f"{_PNG} ",
        base64.urlsafe_b64encode(b"\xff\xd8\xff" + bytes(90)).decode(),
        f"data:application/pdf;base64,{base64.b64encode(b'%PDF-1.4 (only letters)').decode()}",
        base64.b64encode(b"%PDF-1.4 stream <~87cURD_*#TDfTZ)~> endstream " * 2).decode(),
        base64.b64encode(b"\n%PDF-1.4 stream <~87cURD_*#TDfTZ)~> endstream " * 2).decode(),
        f"data:image/svg+xml;base64,{base64.b64encode(b'<svg/>' * 12).decode()}",
    ],
)
def test_a_file_is_named_as_not_read_however_loosely_it_is_written(string: str):
    assert Texts(json.dumps({"url": string}).encode()).unread != ()


def test_ten_megabytes_and_deep_nesting_are_read_in_linear_time():
    long = json.dumps(['가나다 \\ " 010-1234-5678\n' * 400_000], ensure_ascii=False).encode()
    assert len(long) > 10_000_000
    texts = Texts(long)
    at = texts.text.rindex("010")
    assert json.loads(texts.replace([(at, at + 13, "끝")]))[0].endswith('\\ " 끝\n')
    deep = b'["a",' * 100_000 + b'"z"' + b"]" * 100_000
    assert Texts(deep).text.count(BOUNDARY) == 100_000


@pytest.mark.untraced
@pytest.mark.parametrize(
    "string",
    [
        *(
            "\\" * 300_000,
            '["' + "\\" * 300_000,
            '{"a":"' + '\\"' * 300_000,
            "\\u" * 300_000,
            '["\\ud64' * 100_000,
        ),
        *("\x1e" * 300_000, '"' * 300_000, "data:;base64," * 50_000, "9" * 300_000, "[" * 300_000),
    ],
    ids=lambda string: f"{string[:8]!a}",
)
def test_adversarial_texts_take_linear_time(string: str):
    body = json.dumps([string, "010", 10**18]).encode()
    before = time.perf_counter()
    texts = Texts(body)
    changed = edit(texts, "010", "x")
    assert time.perf_counter() - before < 2
    assert json.loads(changed)[1] == "x"


_CHARACTERS = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from('"\\/un\n\x1e홍😀[]{}:,0'))
)
_TREES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), _CHARACTERS
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_CHARACTERS, inner, max_size=4)),
    max_leaves=12,
)


@given(tree=_TREES, ascii_only=st.booleans(), data=st.data())
def test_edits_give_the_tree_with_its_strings_replaced_and_leave_other_bytes(
    *, tree: Any, ascii_only: bool, data: st.DataObject
):
    body = json.dumps([tree], ensure_ascii=ascii_only).encode()
    texts = Texts(body)
    views = texts.text.split(BOUNDARY)
    tokens = list(re.finditer(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]{7,}', body))
    assert len(views) == len(tokens) or (texts.text, tokens) == ("", [])
    if not tokens:
        return
    index = data.draw(st.integers(0, len(tokens) - 1))
    start = sum(len(view) + 1 for view in views[:index])
    new = data.draw(_CHARACTERS)
    changed = texts.replace([(start, start + len(views[index]), new)])
    token = tokens[index]
    assert changed.startswith(body[: token.start()])
    assert changed.endswith(body[token.end() :])
    middle = json.loads(changed[token.start() : len(changed) - (len(body) - token.end())])
    assert middle == (new if token[0].startswith(b'"') else 0)


@given(strings=st.lists(_CHARACTERS, min_size=1, max_size=4), ascii_only=st.booleans(), data=st.data())
def test_an_edit_inside_a_string_keeps_what_stands_around_it(
    *, strings: list[str], ascii_only: bool, data: st.DataObject
):
    strings = [re.sub(r"[\x00\x1e\\]", "", string) for string in strings]
    texts = Texts(json.dumps(strings, ensure_ascii=ascii_only).encode())
    assert texts.text == BOUNDARY.join(strings)
    edits, wanted, at = [], [], 0
    for string in strings:
        start = data.draw(st.integers(0, len(string)))
        end = data.draw(st.integers(start, len(string)))
        new = data.draw(_CHARACTERS)
        edits.append((at + start, at + end, new))
        wanted.append(string[:start] + new + string[end:])
        at += len(string) + 1
    assert json.loads(texts.replace(edits)) == wanted
