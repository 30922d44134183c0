"""Every kind of endpoint against its golden file: settings in, an address or a refusal out."""

import json
from pathlib import Path

import pytest

from hanbok.core.errors import HanbokError
from hanbok.core.plugin import load, names
from hanbok.core.values import Destination, Language, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.endpoint import EndpointConfig
from hanbok.gateway.upstreams.http1 import Http1
from stands import rsa_key

ENDPOINTS = "hanbok.gateway.endpoints"
GOLDEN = Path(__file__).parents[1] / "golden" / "endpoint"
HERE = Destination(endpoint="far", country="US", zone=Zone.FOREIGN, operator="Example")


def cases(*, refused):
    found = [
        (name, case)
        for name in names(ENDPOINTS)
        for case in map(json.loads, (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines())
        if bool(case["error"]) is refused
    ]
    return pytest.mark.parametrize(
        ("name", "case"), found, ids=[f"{name} {case['options']}" for name, case in found]
    )


def endpoint(name, case, state):
    config = EndpointConfig(
        destination=HERE,
        url=case.get("url", ""),
        secret=case.get("secret", "").replace("RSA_KEY", json.dumps(rsa_key())[1:-1]),
        options=case["options"],
        state=state,
    )
    return load(ENDPOINTS, name)(config, Http1())


def test_every_kind_has_a_golden_file_with_a_refusal():
    assert {path.stem for path in GOLDEN.glob("*.jsonl")} == set(names(ENDPOINTS))
    for name in names(ENDPOINTS):
        lines = (GOLDEN / f"{name}.jsonl").read_text("utf-8").splitlines()
        assert {bool(json.loads(line)["error"]) for line in lines} == {True, False}


@cases(refused=False)
async def test_settings_give_an_address(name, case, tmp_path):
    built = endpoint(name, case, tmp_path)
    assert built.destination is HERE
    assert built.dialect.failure(b"") == ""
    if "address" in case:
        address = await built.address(Operation.CHAT, case.get("model", "m"))
        assert address.url == case["address"]["url"]
        assert [list(pair) for pair in address.headers] == case["address"]["headers"]
        assert address.query == case["address"]["query"]


@cases(refused=True)
def test_settings_that_cannot_be_meant_are_refused_with_a_hint(name, case, tmp_path):
    with pytest.raises(HanbokError) as caught:
        endpoint(name, case, tmp_path)
    assert caught.value.code == case["error"]
    for language in Language:
        assert "far" in caught.value.say(language)
        assert caught.value.advise(language)


@pytest.mark.parametrize("name", names(ENDPOINTS))
def test_an_unknown_option_is_answered_with_the_known_ones(name, tmp_path):
    with pytest.raises(HanbokError) as caught:
        endpoint(name, {"url": "http://a.example", "secret": "k", "options": {"no_such": "x"}}, tmp_path)
    assert caught.value.code == "endpoint_option_unknown"
    assert caught.value.facts["known"]
