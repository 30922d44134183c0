import json
import time
from pathlib import Path

import pytest

from hanbok.guard.recognisers.address import Address
from hanbok.testing.korean import Identities

LAW = Path(__file__).resolve().parents[3] / "shared/data/law/law_articles.jsonl"


@pytest.fixture(scope="module")
def address() -> Address:
    return Address()


def found(address: Address, text: str) -> list[str]:
    return [text[one.start : one.end] for one in address.find(text)]


@pytest.mark.parametrize("kind", ["road", "lot"])
@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize(
    "sentence", ["주소: {}", "{}에 거주합니다.", "배송은 {}(으)로 부탁드려요", "{} / 010-0000-0000"]
)
def test_an_address_is_found_from_the_province_to_the_unit(address, kind, unit, sentence):
    values = Identities(7)
    right = 0
    for _ in range(100):
        value = values.address(kind, unit=unit)
        right += found(address, sentence.format(value)) == [value]
    assert right >= 97


@pytest.mark.parametrize(
    "text",
    [
        "서울 강남구에 산다",
        "부산진구와 해운대구",
        "테헤란로에서 만나요",
        "서울로 10명이 갔다",
        "경기도 인구 1360만 명",
        "강남구 3개 동",
        "종로 3시 약속",
        "수원시는 2024년 1월 1일",
        "제주도로 2박 3일",
    ],
)
def test_a_place_without_a_number_of_a_house_is_no_address(address, text):
    assert found(address, text) == []


def test_a_road_alone_counts_when_its_name_can_be_nothing_else(address):
    assert found(address, "테헤란로 152에 있는 회사") == ["테헤란로 152"]
    assert found(address, "회사로 152 보냄") == []
    assert found(address, "배송지: 국회대로 70") == ["국회대로 70"]


def test_a_cell_boundary_ends_an_address(address):
    assert found(address, "서울 강남구\x1e테헤란로\x1e152") == []
    assert found(address, "서울 마포구 양화로 45\x1e101동 202호") == ["서울 마포구 양화로 45"]


def test_two_addresses_in_a_row_stay_two(address):
    text = "출발 서울 강남구 테헤란로 152, 도착 부산 해운대구 우동 1408"
    assert found(address, text) == ["서울 강남구 테헤란로 152", "부산 해운대구 우동 1408"]


def test_long_rows_of_near_misses_take_no_quadratic_time(address):
    def seconds(text: str) -> float:
        start = time.process_time()
        assert sum(1 for _ in address.find(text)) >= 0
        return time.process_time() - start

    for unit in (
        "가로 1",
        "강남구 1동 1호",
        "가동1",
        "로1",
        "주소 가로 1-1 ",
        "서울 ",
        "서울 강남구 테헤란로 152 ",
    ):
        short, long = seconds(unit * 2000), seconds(unit * 8000)
        assert long < 12 * short + 0.2, unit


@pytest.mark.skipif(not LAW.exists(), reason="the shared data is not on this machine")
def test_statutes_hold_no_address(address):
    text = "\n".join(json.loads(line)["text"] for line in LAW.read_text(encoding="utf-8").splitlines())
    assert found(address, text) == []
