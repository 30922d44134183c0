"""Every kind of endpoint against its golden file: settings in, an address or a refusal out."""

import json
from pathlib import Path

import pytest

from hanbok.core.errors import HanbokError
from hanbok.core.plugin import load, names
from hanbok.testing.contracts import built, cases, check_endpoint
from stands import rsa_key

ENDPOINTS = "hanbok.gateway.endpoints"
GOLDEN = Path(__file__).parents[1] / "golden" / "endpoint"


FOUND = [(name, case) for name in names(ENDPOINTS) for case in cases(GOLDEN / f"{name}.jsonl")]


def keyed(case):
    return case | {"secret": case.get("secret", "").replace("RSA_KEY", json.dumps(rsa_key())[1:-1])}


def test_every_kind_has_a_golden_file_with_a_refusal():
    assert {path.stem for path in GOLDEN.glob("*.jsonl")} == set(names(ENDPOINTS))
    for name in names(ENDPOINTS):
        assert {bool(case["error"]) for one, case in FOUND if one == name} == {True, False}


@pytest.mark.parametrize(("name", "case"), FOUND, ids=[f"{name} {case['options']}" for name, case in FOUND])
def test_settings_give_an_address_or_a_refusal_with_a_hint(name, case, tmp_path):
    check_endpoint(load(ENDPOINTS, name), keyed(case), tmp_path)


@pytest.mark.parametrize("name", names(ENDPOINTS))
def test_an_unknown_option_is_answered_with_the_known_ones(name, tmp_path):
    with pytest.raises(HanbokError) as caught:
        built(
            load(ENDPOINTS, name),
            {"url": "http://a.example", "secret": "k", "options": {"no_such": "x"}},
            tmp_path,
        )
    assert caught.value.code == "endpoint_option_unknown"
    assert caught.value.facts["known"]
