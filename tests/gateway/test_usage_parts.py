"""What a provider tells of a use is charged part by part, the same sum streamed and not, and told on as it was."""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hanbok.core.values import Part, Usage
from hanbok.gateway.call import Operation
from hanbok.gateway.catalogue import Price
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.dialects.anthropic import Anthropic
from hanbok.gateway.dialects.gemini import Gemini
from hanbok.gateway.dialects.openai import Openai
from hanbok.gateway.fronts.anthropic import Anthropic as AnthropicFront
from hanbok.gateway.fronts.gemini import Gemini as GeminiFront
from hanbok.gateway.price import cost

PRICE = Price(
    input=Decimal(10),
    output=Decimal(100),
    cached=Decimal(1),
    as_of=date(2026, 1, 1),
    parts={
        Part.CACHE_WRITE: Decimal("12.5"),
        Part.CACHE_WRITE_HOUR: Decimal(20),
        Part.AUDIO_INPUT: Decimal(40),
        Part.IMAGE_INPUT: Decimal(15),
        Part.REASONING: Decimal(50),
        Part.AUDIO_OUTPUT: Decimal(300),
        Part.IMAGE_OUTPUT: Decimal(400),
    },
)

OPENAI = {
    "prompt_tokens": 1000,
    "completion_tokens": 500,
    "total_tokens": 1500,
    "prompt_tokens_details": {"cached_tokens": 200, "audio_tokens": 50, "cache_write_tokens": 30},
    "completion_tokens_details": {"reasoning_tokens": 300, "audio_tokens": 100},
}
ANTHROPIC = {
    "input_tokens": 100,
    "cache_read_input_tokens": 200,
    "cache_creation_input_tokens": 700,
    "cache_creation": {"ephemeral_5m_input_tokens": 600, "ephemeral_1h_input_tokens": 100},
    "output_tokens": 500,
}
GEMINI = {
    "promptTokenCount": 1000,
    "candidatesTokenCount": 200,
    "thoughtsTokenCount": 300,
    "cachedContentTokenCount": 200,
    "promptTokensDetails": [
        {"modality": "TEXT", "tokenCount": 850},
        {"modality": "AUDIO", "tokenCount": 100},
        {"modality": "IMAGE", "tokenCount": 50},
    ],
    "cacheTokensDetails": [{"modality": "TEXT", "tokenCount": 180}, {"modality": "AUDIO", "tokenCount": 20}],
    "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 150}],
}


def of_openai(usage: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"content": "네"}, "finish_reason": "stop"}], "usage": usage}


OPENAI_STREAM: list[object] = [
    {"choices": [{"index": 0, "delta": {"content": "네"}, "finish_reason": "stop"}], "usage": None},
    {"choices": [], "usage": OPENAI},
]
ANTHROPIC_STREAM: list[object] = [
    {"type": "message_start", "message": {"content": [], "usage": ANTHROPIC | {"output_tokens": 1}}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 500}},
    {"type": "message_stop"},
]
# As newer servers end: the sums once more, without how long the cache is kept.
ANTHROPIC_REPEATS = [
    ANTHROPIC_STREAM[0],
    {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"input_tokens": 100, "cache_read_input_tokens": 200, "output_tokens": 500},
    },
    ANTHROPIC_STREAM[2],
]
GEMINI_STREAM: list[object] = [
    {"candidates": [{"content": {"parts": [{"text": "네"}]}}], "usageMetadata": {"promptTokenCount": 1000}},
    {"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}], "usageMetadata": GEMINI},
]
CASES: dict[str, tuple[Dialect, object, list[object], int]] = {
    # 1000 in: 200 cached, 30 written, 50 of sound, 720 plain; 500 out: 300 thought, 100 of sound, 100 plain.
    "openai": (
        Openai(),
        of_openai(OPENAI),
        OPENAI_STREAM,
        200 + 375 + 2000 + 7200 + 15_000 + 30_000 + 10_000,
    ),
    # 1000 in: 200 cached, 600 and 100 written, 100 plain; 500 out.
    "anthropic": (
        Anthropic(),
        {"content": [], "usage": ANTHROPIC},
        ANTHROPIC_STREAM,
        200 + 7500 + 2000 + 1000 + 50_000,
    ),
    "anthropic, repeated": (
        Anthropic(),
        {"content": [], "usage": ANTHROPIC},
        ANTHROPIC_REPEATS,
        200 + 7500 + 2000 + 1000 + 50_000,
    ),
    # 1000 in: 200 cached, 80 of sound, 50 of pictures, 670 plain; 500 out: 300 thought, 150 of pictures, 50 plain.
    "gemini": (
        Gemini(),
        {"candidates": [{"content": {"parts": [{"text": "네"}]}}], "usageMetadata": GEMINI},
        GEMINI_STREAM,
        200 + 3200 + 750 + 6700 + 15_000 + 60_000 + 5000,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_sum_is_the_same_streamed_and_not(name: str) -> None:
    dialect, whole, stream, expected = CASES[name]
    reader = dialect.reader()
    for event in stream:
        reader.feed("", msgspec.json.encode(event))
    used = dialect.answer(Operation.CHAT, msgspec.json.encode(whole)).usage
    assert used is not None
    assert reader.usage == used
    assert cost(used, PRICE) == expected


def test_pictures_and_responses_tell_their_parts_by_the_other_names() -> None:
    usage = {
        "input_tokens": 50,
        "output_tokens": 40,
        "total_tokens": 90,
        "input_tokens_details": {"text_tokens": 10, "image_tokens": 40, "cached_tokens": 5},
        "output_tokens_details": {"reasoning_tokens": 8, "image_tokens": 32},
    }
    told = Openai().answer(Operation.IMAGES, msgspec.json.encode({"data": [], "usage": usage})).usage
    assert told == Usage(
        input=50, output=40, cached=5, reasoning=8, parts={"image_input": 40, "image_output": 32}
    )


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (Usage(input=10, parts={"audio_input": 50}), 400),  # more sound than input: all of it is sound
        (Usage(input=10, cached=8, parts={"cache_write": 50}), 8 + 25),
        (Usage(input=10, parts={"audio_input": -5}), 100),
        (Usage(input=10, parts={"of tomorrow": 5}), 100),
        (Usage(output=10, reasoning=10, parts={"audio_output": 10}), 500),
    ],
)
def test_parts_that_make_no_sense_are_charged_within_their_side(usage: Usage, expected: int) -> None:
    assert cost(usage, PRICE) == expected


def test_anthropic_clients_of_anthropic_are_told_what_was_written_to_the_cache() -> None:
    body = msgspec.json.encode({"content": [], "usage": ANTHROPIC})
    told = AnthropicFront().answer(Anthropic().answer(Operation.CHAT, body).body, b"")
    assert msgspec.json.decode(told)["usage"] == ANTHROPIC


def test_gemini_clients_of_gemini_are_told_the_modalities() -> None:
    _, whole, _, _ = CASES["gemini"]
    told = GeminiFront().answer(Gemini().answer(Operation.CHAT, msgspec.json.encode(whole)).body, b"")
    usage = msgspec.json.decode(told)["usageMetadata"]
    assert usage["promptTokensDetails"] == [
        {"modality": "AUDIO", "tokenCount": 80},
        {"modality": "IMAGE", "tokenCount": 50},
    ]
    assert usage["candidatesTokensDetails"] == [{"modality": "IMAGE", "tokenCount": 150}]
