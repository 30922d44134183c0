"""A scanner that did not come from us asks the running server everything that its OpenAPI document promises."""

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from administered import Stand, administered
from hanbok.core.values import Language, Principal
from hanbok.http.openapi import document
from hanbok.http.operations import OPERATIONS as DESCRIBED
from hanbok.http.optional_operations import OPTIONAL
from hanbok.policy.organisations import Register
from hanbok.policy.parties import PartyKind
from hanbok.policy.people import People

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
DOCUMENT = document("0", Language.EN)
SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)
OPERATIONS = {found.ok().label: found.ok() for found in SCHEMA.get_all_operations()}
EXAMPLES = 8
# It would end the key that all other requests need: `test_admin_api.py` asks it.
ROTATE = "POST /admin/v1/me/key"


def can_be_wrong(label: str) -> bool:
    """Tell whether an operation takes more than an address, which may hold anything."""
    method, _, path = label.partition(" ")
    told = DOCUMENT["paths"][path][method.lower()]
    return "requestBody" in told or "parameters" in told


CASES = [
    (label, mode)
    for label in sorted(OPERATIONS.keys() - {ROTATE})
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or can_be_wrong(label)
]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with administered(tmp_path_factory.mktemp("scanned"), "bank") as running:
        yield running


@pytest.fixture(scope="module")
def there(stand: Stand) -> dict[str, str]:
    """What may stand in an address and is really there."""
    with stand.store() as store:
        for kind in PartyKind:
            People(store).add("bank", kind, "guest", actor="test")
        spare = Register(store).create_key(Principal(organisation="bank", key=""), actor="test")
        grants = People(store).grants("bank")
    asked = stand.ask(
        "POST",
        "/admin/v1/organisations/bank/approvals",
        {"kind": "reveal", "arguments": {"call": "call-1"}, "reason": "민원"},
        key="bank/operator",
    )
    said = {"model": "house", "messages": [{"role": "user", "content": "안녕하세요"}]}
    call = stand.ask("POST", "/v1/chat/completions", said, key="platform")
    return {
        "organisation": "bank",
        "person": "guest",
        "team": "guest",
        "application": "guest",
        "key": spare.key.id,
        "grant": grants[0].id,
        "approval": asked.json["id"],
        "model": "house",
        "call": call.headers["x-hanbok-call"],
    }


@pytest.fixture(scope="module")
def answered() -> dict[str, set[int]]:
    return defaultdict(set)


@pytest.mark.parametrize(("label", "mode"), CASES, ids=lambda one: getattr(one, "value", one))
def test_every_answer_is_as_the_document_says(
    stand: Stand, there: dict[str, str], answered: dict[str, set[int]], label: str, mode: GenerationMode
) -> None:
    headers = {"authorization": f"Bearer {stand.secrets['platform']}"}
    strict = mode is GenerationMode.NEGATIVE and "/admin/" in label
    checks = [*CHECKS, negative_data_rejection] if strict else CHECKS
    count = 0

    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def scan(case: schemathesis.Case) -> None:
        nonlocal count
        count += 1
        if count % 2 and mode is GenerationMode.POSITIVE:
            # Every other time something that is there, so that more than the way in is asked for.
            case.path_parameters = {name: there.get(name, old) for name, old in case.path_parameters.items()}
            if isinstance(case.body, dict) and "model" in case.body:
                case.body["model"] = there["model"]
        answer = case.call(base_url=stand.url, headers=headers)
        answered[label].add(answer.status_code)
        case.validate_response(answer, checks=checks)

    scan()


def test_the_scanner_got_through_to_most_operations(answered: dict[str, set[int]]) -> None:
    if not answered:
        pytest.skip("runs after the scan, in the same process")
    shut = {f"{one.method.upper()} {one.path}" for one in OPTIONAL}
    through = {label for label, statuses in answered.items() if statuses & {200, 201}}
    assert len(through) > 0.6 * len(answered.keys() - shut), sorted(answered.keys() - through)
    assert not any(status >= 500 and status != 503 for statuses in answered.values() for status in statuses)


def test_every_route_of_the_door_is_in_the_document() -> None:
    from hanbok.http import door  # noqa: PLC0415 - what is compared

    told = {(path, method.upper()) for path, item in DOCUMENT["paths"].items() for method in item}
    for path, methods in door.ROUTES.items():
        assert {(path, method) for method in methods} <= told
    for prefix in door._BELOW:
        assert any(path.startswith(prefix) for path, _ in told), prefix


def test_every_route_is_described_once() -> None:
    described = [(one.method, re.sub(r"\{\w+\}", "", one.path)) for one in DESCRIBED]
    assert len(described) == len(set(described))
