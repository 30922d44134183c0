"""Contracts of fronts, steps and routers, as checks; those of endpoints and dialects are in `contracts.py`.

class TestAcmeFront(FrontContract):
kind = AcmeFront
golden = Path(__file__).parent / "acme_front.jsonl"
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Destination, Form, Grade, Language, Principal, Zone
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.catalogue import Offer, Target
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.facts import unknown_facts
from hanbok.gateway.front import Failure, Front
from hanbok.gateway.order import Order
from hanbok.gateway.step import Step
from hanbok.testing.contracts import Case, GoldenContract, cases, holds, same

_KINDS: Final = frozenset({"heard", "refused", "told", "streamed", "failed"})


def check_heard(front: Front, case: Case) -> None:
    """Check that a request is put into OpenAI's words, and its head read. Raises AssertionError."""
    body = _bytes(case["in"])
    head = front.head(body, case.get("path", ""))
    same(json.loads(front.chat(body, head)), case["out"], "the request")
    same(head.model, case["out"]["model"], "the model")
    same(bool(head.stream), case["out"].get("stream", False), "whether it streams")
    same(front.document(body), "response_format" in case["out"], "whether a document is asked for")


def check_refused(front: Front, case: Case) -> None:
    """Check that what cannot be said is refused with this code, by its name. Raises AssertionError."""
    body = _bytes(case["in"])
    try:
        front.chat(body, front.head(body, case.get("path", "")))
    except HanbokError as error:
        same(error.code, case["code"], "the error's code")
        _told(error)
        holds(case["names"] in str(error), f"that {case['names']!r} is named")
        return
    raise AssertionError(f"this request was not refused: {case['in']}")


def check_told(front: Front, case: Case) -> None:
    """Check that a whole answer is put into the front's words. Raises AssertionError."""
    told = json.loads(front.answer(_bytes(case["in"]), _bytes(case["asked"])))
    same(_undated(told), case["out"], "the answer")


def check_streamed(front: Front, case: Case) -> None:
    """Check that a stream is told as these events. Raises AssertionError."""
    teller = front.teller(_bytes(case["asked"]))
    frames = [frame for chunk in case["in"] for frame in teller.feed(_bytes(chunk))]
    same(_events([*frames, *teller.close()]), case["out"], "the events")


def check_failed(front: Front, case: Case) -> None:
    """Check that an error is told, whole and in a stream. Raises AssertionError."""
    failure = Failure(**case["in"])
    same(json.loads(front.failure(failure)), case["out"], "the error")
    broken = json.dumps(_events([front.teller(_bytes(case["asked"])).broken(failure)]), ensure_ascii=False)
    holds(failure.message in broken, "that a broken stream tells why")


class FrontContract(GoldenContract):
    """The contract of a front, as far as its golden file reaches."""

    def test_case(self, case: Case) -> None:
        """A case of the golden file."""
        check = {
            "heard": check_heard,
            "refused": check_refused,
            "told": check_told,
            "streamed": check_streamed,
            "failed": check_failed,
        }[case["kind"]]
        check(type(self).kind(), case)

    def test_the_golden_file_has_every_kind_of_case(self) -> None:
        """Requests that are heard and refused, answers whole and streamed, and errors."""
        holds({case["kind"] for case in cases(type(self).golden)} >= _KINDS, "that every kind is there")

    def test_a_front_has_a_name_and_one_route(self) -> None:
        """What records and metrics name holds no word that the client chose."""
        front = type(self).kind()
        holds(bool(front.name), "that it has a name")
        holds("seoul" not in front.route("/models/seoul:ask"), "that the route holds no word of a client")


def places(*zones: Zone) -> tuple[Planned, ...]:
    """Return a plan with a place in each of these zones."""
    return tuple(
        Planned(
            target=Target(
                endpoint=f"place-{number}",
                destination=Destination(
                    endpoint=f"place-{number}",
                    country="US" if zone is Zone.FOREIGN else "KR",
                    zone=zone,
                    operator="Example",
                ),
                model="m",
                facts=unknown_facts("m"),
            ),
            form=Form.AS_IS,
        )
        for number, zone in enumerate(zones)
    )


def call_with(plan: Sequence[Planned], facts: Mapping[str, str]) -> Call:
    """Return a call with this plan. `facts` may set `organisation`, `team`, `person`, `grade` and `text`."""
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": facts.get("text", "안녕")}]})
    return Call(
        id="call-contract",
        route="/v1/chat/completions",
        operation=Operation.CHAT,
        body=body.encode(),
        headers={},
        origin="",
        digest="",
        model="m",
        stream=False,
        principal=Principal(
            organisation=facts.get("organisation", "default"),
            key="key",
            team=facts.get("team", ""),
            person=facts.get("person", ""),
        ),
        offer=Offer(name="m", targets=tuple(one.target for one in plan)),
        grade=Grade(facts.get("grade", Grade.OPEN)),
        plan=tuple(plan),
    )


def check_order(order: Order, facts: Mapping[str, str]) -> None:
    """Check that a router leaves out or moves places, and neither adds nor doubles any. Raises AssertionError."""
    for plan in (places(Zone.FOREIGN), places(*Zone, *Zone), places(Zone.DOMESTIC, Zone.FOREIGN, Zone.HOME)):
        ordered = list(order.ordered(call_with(plan, facts), plan))
        holds(all(one in plan for one in ordered), "that all places are of the plan")
        same(len({one.target.endpoint for one in ordered}), len(ordered), "places without doubles")


class OrderContract:
    """Subclass it and name the `kind`; `facts` are the callers it is tried with."""

    kind: ClassVar[type[Any]]
    facts: ClassVar[Iterable[Mapping[str, str]]] = ({}, {"person": "hong", "team": "sales", "grade": "S"})

    def test_it_only_leaves_out_and_moves(self) -> None:
        """Policy chose the places."""
        for one in type(self).facts:
            check_order(type(self).kind(), one)


def check_step(step: Step, facts: Mapping[str, str], code: str) -> None:
    """Check that a step passes a call on and its answer back, or refuses it with this code. Raises AssertionError."""
    passed: list[Call] = []
    call, reply = call_with(places(Zone.HOME), facts), Reply(body=b"{}")

    async def onward(one: Call) -> Reply:
        passed.append(one)
        return reply

    try:
        asyncio.run(_run(step, call, onward))
    except HanbokError as error:
        same(error.code, code, "the error's code")
        _told(error)
        same(len(passed), 0, "calls that left though they were refused")
        return
    same("", code, "the refusal")
    same(len(passed), 1, "how often the call was passed on")
    holds(set(passed[0].plan) <= {*places(Zone.HOME)}, "that no place was added")

    async def failing(_: Call) -> Reply:
        raise EndpointUnavailable(endpoint="place-0", why="down")

    try:
        asyncio.run(_run(step, call_with(places(Zone.HOME), facts), failing))
    except EndpointUnavailable:
        return
    raise AssertionError("what failed behind the step looked well before it")


async def _run(step: Step, call: Call, onward: Callable[[Call], Any]) -> Reply:
    try:
        return await step(call, onward)
    finally:
        call.finish()


class StepContract:
    """Subclass it, name the `kind`, its `options`, and `callers`: their facts, and the code of a refusal or nothing."""

    kind: ClassVar[type[Any]]
    options: ClassVar[Mapping[str, str]] = {}
    callers: ClassVar[Sequence[tuple[Mapping[str, str], str]]] = (({}, ""),)

    def test_it_passes_on_or_refuses(self) -> None:
        """Once, unchanged, or not at all."""
        for facts, code in type(self).callers:
            check_step(type(self).kind(type(self).options), facts, code)


def _told(error: HanbokError) -> None:
    for language in Language:
        holds(bool(error.say(language) and error.advise(language)), "that it says why, and what to do")


def _events(frames: Sequence[bytes]) -> list[dict[str, Any]]:
    """Parse what a client would see."""
    read: list[dict[str, Any]] = []
    for frame in b"".join(frames).decode().strip().split("\n\n"):
        data: dict[str, Any] = json.loads(frame.rpartition("data: ")[2])
        read.append(data | {"response": _undated(data["response"])} if "response" in data else data)
    return read


def _undated(answer: Case) -> dict[str, Any]:
    """Drop the times that an answer gets when it is told."""
    return {key: value for key, value in answer.items() if key not in {"created_at", "completed_at"}}


def _bytes(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
