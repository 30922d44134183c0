import json

import pytest

from hanbok.gateway.json_masks import JsonMasks

MASKS = ["[전화번호]", "[이름]", "[이름표]"]


@pytest.mark.parametrize(
    ("text", "stays"),
    [
        ('{"a": [이름], "b": [[전화번호], 12[전화번호]]}', '{"a": 0, "b": [0, 120]}'),
        ('{"a": "[이름]", "[이름]": [이름표]}', '{"a": "[이름]", "[이름]": 0}'),
        ('{"a": "\\"[이름]\\\\", "b": [이름]}', '{"a": "\\"[이름]\\\\", "b": 0}'),
        ('["\\u005b", [1], [이름]]', '["\\u005b", [1], 0]'),
    ],
)
def test_a_mask_outside_of_a_string_becomes_zero(text: str, stays: str):
    assert json.loads(stays)
    masks = JsonMasks(MASKS)
    assert masks.feed(text) + masks.close() == stays
    for cut in range(len(text)):
        # A mask comes in one piece.
        if any(start < cut < start + len(mask) for mask in MASKS for start in _places(text, mask)):
            continue
        masks = JsonMasks(MASKS)
        assert masks.feed(text[:cut]) + masks.feed("") + masks.feed(text[cut:]) == stays


def _places(text: str, part: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(part, at)]
