"""Ordinary text stays silent, hostile text stays quick, threads share one guard."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hanbok.guard.guard import Guard
from hanbok.guard.kinds import kinds

DATA = Path(__file__).resolve().parents[3] / "shared/data"
GUARD = Guard.load(kinds=frozenset(kinds()) - {"PERSON", "ADDRESS"})
SENTENCE = re.compile(r"(?<=[.다])\s|\n")


@pytest.mark.skipif(not DATA.exists(), reason="needs ../shared/data")
@pytest.mark.parametrize(
    ("file", "share"),
    [
        ("law/law_articles.jsonl", 0.001),
        ("cls/nsmc_sentiment.jsonl", 0.001),
        ("curation/raw_ko.jsonl", 0.002),
    ],
)
def test_statutes_reviews_and_petitions_are_silent(file, share):
    rows = [json.loads(line) for line in (DATA / file).read_text(encoding="utf-8").split("\n") if line]
    sentences = [one for row in rows for one in SENTENCE.split(row["text"]) if one.strip()]
    assert sum(bool(GUARD.find(one)) for one in sentences) <= share * len(sentences)


@pytest.mark.parametrize(
    "text",
    [
        "대법원 2019. 11. 14. 선고 2017다12345 판결",
        "주문번호 2024-0115-1234567은 오늘 출고됩니다",
        "ISBN 979-11-6303-315-8",
        "2024-01-15T09:00:00+09:00",
        "특허 제10-2345678-0000호",
        "e30c9a2f-7b1d-4c8e-9f3a-2b6d8e1f0a4c",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8",
        "구구단 이일은 이 이이는 사 이삼은 육",
        "3.1운동 4.19혁명 6·25 전쟁 8·15 광복",
        "| 품목 | 수량 |\n| A | 1234 |\n| B | 5678 |",
        "신한은행 2023년 4분기 실적은 1234567890원",
        "쿠폰번호 1234-5678-9012-3456",
    ],
)
def test_numbers_of_daily_life_are_silent(text):
    assert GUARD.find(text) == []


@pytest.mark.parametrize(
    "seed",
    [
        "1",
        "0 ",
        "a@",
        "01-",
        "일이삼사",
        "0\u200b",
        "&#48;",
        "eyJ",
        "password=",
        "1.1.",
        "::",
        "생년,",
        "12345\n",
        "A",
    ],
)
def test_the_cost_of_hostile_text_grows_with_its_length_only(seed):
    def seconds(size):
        text = seed * (size // len(seed))
        start = time.process_time()
        GUARD.find(text)
        return time.process_time() - start

    small = min(seconds(20_000) for _ in range(2))
    assert seconds(80_000) < 16 * small + 0.05


def test_threads_share_one_guard():
    texts = [f"연락처 010-2345-{number:04d}입니다" for number in range(200)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(GUARD.find, texts))
    assert [text[one[0].start : one[0].end] for text, one in zip(texts, found, strict=True)] == [
        f"010-2345-{number:04d}" for number in range(200)
    ]
