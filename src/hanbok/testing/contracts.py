"""Contracts that plug-ins keep, as checks: hanbok's own tests run them, and so can the tests of any other package.

    class TestAcme(EndpointContract):
        kind = Acme
        golden = Path(__file__).parent / "acme.jsonl"

A golden file has one case a line. Some must pass and some must not: a plug-in that refuses nothing was not tested.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from hanbok.core.errors import HanbokError
from hanbok.core.values import Destination, Language, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import Dialect
from hanbok.gateway.endpoint import Endpoint, EndpointConfig
from hanbok.gateway.errors import UnsupportedRequest, UpstreamFailed, UpstreamGarbled
from hanbok.gateway.upstream import Upstream
from hanbok.gateway.upstreams.http1 import Http1

HERE = Destination(endpoint="far", country="US", zone=Zone.FOREIGN, operator="Example")
_ODD = (b"", b"null", b"[]", b"[[]]", b"\xff", b"7", b'{"error":null}', b"[" * 3000)

Case = Mapping[str, Any]
EndpointKind = Callable[[EndpointConfig, Upstream], Endpoint]


def cases(golden: Path) -> list[dict[str, Any]]:
    """Return the cases of a golden file."""
    return [json.loads(line) for line in golden.read_text("utf-8").splitlines() if line]


def built(kind: EndpointKind, case: Case, state: Path) -> Endpoint:
    """Build an endpoint as a case's settings say. It may keep files in the folder `state`."""
    config = EndpointConfig(
        destination=HERE,
        url=case.get("url", ""),
        secret=case.get("secret", ""),
        options=case["options"],
        state=state,
    )
    return kind(config, Http1())


def check_endpoint(kind: EndpointKind, case: Case, state: Path) -> None:
    """Check that settings give an address, or a refusal that names the endpoint and a way on. Raises AssertionError."""
    if case["error"]:
        same(_refusal(kind, case, state).code, case["error"], "the error's code")
        return
    endpoint = built(kind, case, state)
    same(endpoint.destination, HERE, "the destination")
    same(endpoint.dialect.failure(b""), "", "the reason in an empty error")
    if wanted := case.get("address"):
        address = asyncio.run(endpoint.address(Operation.CHAT, case.get("model", "m")))
        told = {
            "url": address.url,
            "headers": [list(pair) for pair in address.headers],
            "query": address.query,
        }
        same(told, dict(wanted), "the address")


def _refusal(kind: EndpointKind, case: Case, state: Path) -> HanbokError:
    try:
        built(kind, case, state)
    except HanbokError as error:
        for language in Language:
            holds("far" in error.say(language), "a refusal names the endpoint")
            holds(bool(error.advise(language)), "a refusal says what to do")
        return error
    raise AssertionError(f"these settings were not refused: {case}")


def check_request(dialect: Dialect, case: Case) -> None:
    """Check that a request is spelled, or refused by the name of what cannot be said. Raises AssertionError."""
    try:
        stream = case.get("stream", False)
        wire = dialect.request(
            Operation(case["operation"]), _bytes(case["in"]), model=case.get("model", "m"), stream=stream
        )
    except UnsupportedRequest as error:
        same(error.facts.get("feature"), case.get("feature"), "what cannot be said")
        return
    holds("feature" not in case, "the request was not refused")
    same(wire.path, case["path"], "the path")
    same(json.loads(wire.body), case["out"], "the body")


def check_answer(dialect: Dialect, case: Case) -> None:
    """Check that an answer is read in OpenAI's shape, its usage as the provider counted it. Raises AssertionError."""
    answer = dialect.answer(Operation(case["operation"]), _bytes(case["in"]))
    same(_undated(json.loads(answer.body)), _undated(case["out"]), "the answer")
    usage = answer.usage and [
        answer.usage.input,
        answer.usage.output,
        answer.usage.cached,
        answer.usage.reasoning,
    ]
    same(usage, case["usage"], "the usage")


def check_oddities(dialect: Dialect) -> None:
    """Check that what is no answer is told apart, and any error body is survived. Raises AssertionError."""
    for body in _ODD:
        same(dialect.failure(body), "", f"the reason in {body[:9]!r}")
    for body in (b"", b"<html>", b"[]", b"{}"):
        try:
            dialect.answer(Operation.CHAT, body)
        except (UpstreamGarbled, UpstreamFailed):
            continue
        raise AssertionError(f"{body!r} was read as an answer")


class GoldenContract:
    """Subclass one of these in a test module, name the `kind` and its `golden` file, and pytest runs the contract."""

    kind: ClassVar[type[Any]]
    golden: ClassVar[Path]

    def pytest_generate_tests(self, metafunc: Any) -> None:  # noqa: ANN401 - pytest is no dependency of hanbok
        """Make one test of each case."""
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", cases(type(self).golden))


class EndpointContract(GoldenContract):
    """The contract of an endpoint."""

    def test_case(self, case: Case, tmp_path: Path) -> None:
        """A case of the golden file."""
        check_endpoint(type(self).kind, case, tmp_path)

    def test_the_golden_file_passes_some_and_refuses_some(self) -> None:
        """Both kinds of cases are there."""
        same({bool(case["error"]) for case in cases(type(self).golden)}, {True, False}, "the kinds of cases")

    def test_oddities(self, tmp_path: Path) -> None:
        """Its dialect survives what is no answer."""
        case = next(case for case in cases(type(self).golden) if not case["error"])
        check_oddities(built(type(self).kind, case, tmp_path).dialect)


class DialectContract(GoldenContract):
    """The same for a dialect: cases of the kinds `request` and `answer`."""

    def test_case(self, case: Case) -> None:
        """A case of the golden file."""
        check = {"request": check_request, "refused": check_request, "answer": check_answer}[case["kind"]]
        check(type(self).kind(), case)

    def test_the_golden_file_spells_refuses_and_reads(self) -> None:
        """Each kind of case is there."""
        holds(
            {case["kind"] for case in cases(type(self).golden)} >= {"request", "refused", "answer"},
            "the kinds",
        )

    def test_oddities(self) -> None:
        """It survives what is no answer."""
        check_oddities(type(self).kind())


def _bytes(value: object) -> bytes:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode()


def _undated(answer: Case) -> dict[str, Any]:
    """Drop the date, which an answer of another format gets when it is read."""
    return {name: value for name, value in answer.items() if name != "created"}


def same(told: object, wanted: object, what: str) -> None:
    """Raise AssertionError unless they are equal."""
    if told != wanted:
        raise AssertionError(f"{what}: {told!r} instead of {wanted!r}")


def holds(claim: bool, what: str) -> None:  # noqa: FBT001 - a claim
    """Raise AssertionError unless it does."""
    if not claim:
        raise AssertionError(what)
