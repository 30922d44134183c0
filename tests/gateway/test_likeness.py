"""Chunks that are read without a parser come out as those that are read with one."""

import json
import random
from typing import Any

import pytest

from hanbok.gateway import rewrite
from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.likeness import likeness_of
from hanbok.gateway.rewrite import ChunkRewriter


class Shouting:
    """Holds a last letter back, and makes 비밀 a mask."""

    def __init__(self) -> None:
        self.held = ""

    def feed(self, delta: str) -> str:
        text = self.held + delta
        self.held = text[-1:] if text.endswith(("비", "0")) else ""
        return text.removesuffix(self.held).replace("비밀", '[가린 "값"]').replace("000", "[수]")

    def close(self) -> str:
        text, self.held = self.held, ""
        return text


def run(chunks: list[bytes], *, hide_usage: bool) -> list[Any] | str:
    rewriter = ChunkRewriter(lambda _: Shouting(), "there", hide_usage=hide_usage)
    try:
        sent = [ready for chunk in chunks for ready in rewriter.feed(chunk)] + rewriter.close()
        return [json.loads(one) for one in sent]
    except UpstreamGarbled:
        return "garbled"


def chunk(
    content: str | None, rest: str = "", after: str = "", *, spaced: bool = False, index: int = 0
) -> bytes:
    delta = rest + ("," if rest and content is not None else "")
    delta += f'"content":{content}' if content is not None else ""
    choice = f'{{"index":{index},"delta":{{{delta}}},"logprobs":null,"finish_reason":null}}'
    text = f'{{"id":"c","choices":[{choice}]{after}}}'
    return (text.replace(":", ": ") if spaced else text).encode()


PIECES = (
    "가",
    "비",
    "밀",
    "비밀",
    "0",
    "00",
    " ",
    "다람쥐",
    "\\n",
    '\\"',
    "\\u0041",
    "😀",
    "\u200b",
    "a/b",
    "끝.",
)
AFTER = ("", ',"usage":null', ',"usage":{"prompt_tokens":1}', ',"x":{"content":"비밀"}', ',"content":"비밀"')


def stream(seed: int) -> list[bytes]:
    chance = random.Random(seed)
    after, spaced = chance.choice(AFTER), chance.random() < 0.1
    made = [chunk('""', '"role":"assistant"', after)]
    for _ in range(chance.randrange(1, 30)):
        words = "".join(chance.choice(PIECES) for _ in range(chance.randrange(4)))
        odd = chance.random()
        index = chance.randrange(2) if seed % 5 == 0 else 0
        if odd < 0.8:
            made.append(chunk(f'"{words}"', "", after, spaced=spaced, index=index))
        elif odd < 0.84:
            made.append(chunk(f'"{words}"', '"refusal":"비밀"', after, index=index))
        elif odd < 0.88:
            made.append(chunk(None, '"tool_calls":[{"index":0,"function":{"arguments":"비"}}]', after))
        elif odd < 0.92:
            made.append(chunk(f'"{words}"', "", chance.choice(AFTER)))
        elif odd < 0.95:
            made.append(chunk(f'"{words}"').replace(b'"logprobs":null', b'"logprobs":{"content":[]}'))
        else:
            made.append(b'{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}')
    return made


@pytest.mark.parametrize("hide_usage", [False, True])
def test_a_stream_read_by_likeness_is_the_stream_read_by_parsing(
    monkeypatch: pytest.MonkeyPatch, *, hide_usage: bool
) -> None:
    streams = [stream(seed) for seed in range(400)]
    quick = [run(one, hide_usage=hide_usage) for one in streams]
    monkeypatch.setattr(rewrite, "_LESSONS", 0)
    assert quick == [run(one, hide_usage=hide_usage) for one in streams]


def test_most_chunks_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    read = rewrite._READ

    def counting(body: bytes) -> object:
        parsed.append(body)
        return read(body)

    monkeypatch.setattr(rewrite, "_READ", counting)
    words = [chunk(f'"낱말{number} "') for number in range(100)]
    assert len(run(words, hide_usage=False)) == 100
    assert len(parsed) == 2  # the first one, and the probe made of it


@pytest.mark.parametrize(
    "broken", [chunk('"\x01"'), chunk('"가"').replace("가".encode(), b"\xea\xb0"), chunk('"가"')[:-1]]
)
def test_what_is_no_json_is_not_let_through(broken: bytes) -> None:
    assert run([chunk('"가"'), broken], hide_usage=False) == "garbled"


@pytest.mark.parametrize(
    "odd",
    [
        chunk('"가"', "", ',"x":{"content":"나"}'),
        chunk('"가"').replace(b'"logprobs":null', b'"logprobs":{"tokens":["x"]}'),
        chunk('"\\uac00"'),
    ],
)
def test_a_chunk_in_which_the_words_stand_twice_is_parsed(odd: bytes) -> None:
    assert likeness_of(odd, Shouting(), hide_usage=False) is None
