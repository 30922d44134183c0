"""A model, a policy and calls, for what gives answers again; and calls that differ in what keeps answers apart."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from typing import Any

from hanbok.core.values import Destination, Form, Grade, Principal, Zone
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.catalogue import Caching, ModelFacts, Offer, Target
from hanbok.gateway.errors import UpstreamCut
from hanbok.gateway.step import Step
from hanbok.policy.ruling import Ruling

FACTS = ModelFacts(id="m", context=0, max_output=0, modalities=(), languages=(), licence="", price=None)
TARGET = Target(
    endpoint="abroad",
    destination=Destination(endpoint="abroad", country="US", zone=Zone.FOREIGN, operator="x"),
    model="m",
    facts=FACTS,
)
PLANNED = Planned(target=TARGET, form=Form.AS_IS)
BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'


class Policy:
    def __init__(self, version: str = "p1") -> None:
        self.version = version

    def rule(self, question: object) -> Ruling:  # noqa: ARG002 - the same for all
        return Ruling(allowed=True, clauses=())


class Model:
    """Counts how often it is asked; its answers differ each time."""

    def __init__(self) -> None:
        self.asked = 0
        self.status = 200
        self.breaks = False

    async def __call__(self, call: Call) -> Reply:
        self.asked += 1
        call.ending.used = call.plan[0]
        if call.stream:
            return Reply(chunks=self.chunks(self.asked))
        return Reply(status=self.status, headers=(("x-own", "1"),), body=b'{"n":%d}' % self.asked)

    async def chunks(self, number: int) -> AsyncGenerator[list[bytes], None]:
        yield [b'{"n":%d}' % number, b'{"a":1}']
        if self.breaks:
            raise UpstreamCut(origin="abroad")
        yield [b'{"b":2}']


def call(body: bytes = BODY, **facts: Any) -> Call:
    planned = facts.pop("planned", PLANNED)
    caching = facts.pop("caching", Caching(seconds=60))
    made = Call(
        id="1",
        route="/v1/chat/completions",
        operation=facts.pop("operation", Operation.CHAT),
        body=body,
        headers=facts.pop("headers", {}),
        origin="",
        digest="",
        model=facts.pop("model", "m"),
        stream=facts.pop("stream", False),
        principal=Principal(organisation=facts.pop("organisation", "a"), key=facts.pop("key", "k")),
        offer=Offer(name="m", targets=(TARGET,), caching=caching),
        grade=facts.pop("grade", Grade.OPEN),
        plan=(planned,),
    )
    assert not facts
    made.body_in = lambda _: body
    return made


async def said(step: Step, model: Model, asked: Call) -> list[list[bytes]] | bytes:
    reply = await step(asked, model)
    if reply.chunks is None:
        return reply.body
    return [batch async for batch in reply.chunks]


OTHERS: dict[str, Callable[[], Call]] = {
    "organisation": lambda: call(organisation="b"),
    "grade": lambda: call(grade=Grade.SENSITIVE, caching=Caching(seconds=60, grades=frozenset(Grade))),
    "name of the model": lambda: call(model="n"),
    "model": lambda: call(planned=replace(PLANNED, target=replace(TARGET, model="other"))),
    "place": lambda: call(planned=replace(PLANNED, target=replace(TARGET, endpoint="home"))),
    "form": lambda: call(planned=replace(PLANNED, form=Form.MASKED)),
    "stream": lambda: call(stream=True),
    "operation": lambda: call(operation=Operation.EMBEDDINGS),
    "task": lambda: call(headers={"x-hanbok-task": "report"}),
    "header": lambda: call(headers={"anthropic-beta": "more"}),
    "content": lambda: call(BODY.replace(b"hi", b"hello")),
    "order of the turns": lambda: call(BODY.replace(b'[{"role"', b'[{"role":"user","content":"x"},{"role"')),
    "member": lambda: call(BODY.replace(b'"model"', b'"temperature":1,"model"')),
}
