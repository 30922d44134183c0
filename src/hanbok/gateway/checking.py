"""What a model at an endpoint can do, found out by asking it small questions of our own, as any call would."""

import secrets
from collections.abc import Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Final

import msgspec

from hanbok.core.values import Form
from hanbok.gateway.asking import FAILURES, Asking
from hanbok.gateway.call import Call, Operation, Planned
from hanbok.gateway.catalogue import Target
from hanbok.gateway.errors import UnsupportedRequest


class Result(StrEnum):
    WORKS = "works"
    LACKS = "lacks"
    """It answers, but does not do this."""
    FAILS = "fails"
    """It does not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of one question."""

    endpoint: str
    model: str
    feature: str
    result: Result
    code: str
    """Why it does not work: an error's code, or what is missing from the answer."""
    seconds: float
    tokens: int
    cost: int
    """Micro-won; 0 where no price is known."""


class _Function(msgspec.Struct):
    name: str = ""
    arguments: str = ""


class _Tool(msgspec.Struct):
    function: _Function


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[_Tool] | None = None


class _Choice(msgspec.Struct):
    message: _Message = msgspec.field(default_factory=_Message)
    delta: _Message = msgspec.field(default_factory=_Message)


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []


class _Embedding(msgspec.Struct):
    embedding: list[float]


class _Embeddings(msgspec.Struct):
    data: list[_Embedding]


class _City(msgspec.Struct):
    city: str


_ANSWER: Final = msgspec.json.Decoder(_Answer).decode
_SCHEMA: Final = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


def _chat(text: str, **more: object) -> dict[str, object]:
    return {"messages": [{"role": "user", "content": text}], "max_completion_tokens": 512, **more}


_WORDS: Final = _chat("하나부터 셋까지 세어 주세요.")
_TOOLS: Final = _chat(
    "서울의 날씨를 도구로 알아봐 주세요.",
    tools=[
        {
            "type": "function",
            "function": {"name": "weather", "description": "도시의 날씨", "parameters": _SCHEMA},
        }
    ],
)
_STRUCTURED: Final = _chat(
    "대한민국의 수도를 JSON으로 답해 주세요.",
    response_format={
        "type": "json_schema",
        "json_schema": {"name": "capital", "strict": True, "schema": _SCHEMA},
    },
)


def _says(answer: bytes) -> str:
    message = _ANSWER(answer).choices[0].message
    return "" if message.content or message.reasoning_content else "no words"


def _calls(answer: bytes) -> str:
    tools = _ANSWER(answer).choices[0].message.tool_calls or []
    if not tools:
        return "no tool call"
    msgspec.json.decode(tools[0].function.arguments, type=_City)
    return "" if tools[0].function.name == "weather" else "another tool"


def _fills(answer: bytes) -> str:
    msgspec.json.decode(_ANSWER(answer).choices[0].message.content or "", type=_City)
    return ""


def _embeds(answer: bytes) -> str:
    rows = msgspec.json.decode(answer, type=_Embeddings).data
    return "" if len(rows) == 1 and rows[0].embedding else "no vector"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    feature: str
    body: dict[str, object]
    lack: Callable[[bytes], str]
    """Tells what an answer lacks; raises MsgspecError or IndexError for one of another shape."""
    operation: Operation = Operation.CHAT
    stream: bool = False


_OF_WRITERS: Final = (
    _Question(feature="chat", body=_WORDS, lack=_says),
    _Question(feature="stream", body=_WORDS | {"stream": True}, lack=_says, stream=True),
    _Question(feature="tools", body=_TOOLS, lack=_calls),
    _Question(feature="structured output", body=_STRUCTURED, lack=_fills),
)
_OF_EMBEDDERS: Final = (
    _Question(
        feature="embeddings",
        body={"input": ["안녕하세요"]},
        lack=_embeds,
        operation=Operation.EMBEDDINGS,
    ),
)
NEEDED: Final = frozenset({"chat", "stream", "embeddings"})
"""What a model that lacks it cannot serve."""


async def check(asking: Asking, target: Target) -> list[Checked]:
    """Ask a model all that its kind should be able to do, one question after the other."""
    facts = target.facts
    embeds = bool(facts.context and not facts.max_output)  # such models write no answers
    return [await _put(asking, target, one) for one in (_OF_EMBEDDERS if embeds else _OF_WRITERS)]


async def _put(asking: Asking, target: Target, question: _Question) -> Checked:
    body = msgspec.json.encode({"model": target.model, **question.body})
    call = Call(
        id=f"check-{secrets.token_hex(8)}",
        route="models check",
        operation=question.operation,
        body=body,
        headers={},
        origin="",
        digest="",
        model=target.model,
        stream=question.stream,
        body_in=lambda _: body,
    )
    began = perf_counter()
    try:
        result, code = await _judged(asking, call, target, question)
    finally:
        call.finish()
    usage = call.ending.usage
    return Checked(
        endpoint=target.endpoint,
        model=target.model,
        feature=question.feature,
        result=result,
        code=code,
        seconds=round(perf_counter() - began, 3),
        tokens=usage.input + usage.output if usage else 0,
        cost=call.ending.cost,
    )


async def _judged(asking: Asking, call: Call, target: Target, question: _Question) -> tuple[Result, str]:
    try:
        reply = await asking.ask(call, Planned(target=target, form=Form.AS_IS))
        if reply.status != 200:  # noqa: PLR2004 - the provider's refusal
            return Result.FAILS if question.feature in NEEDED else Result.LACKS, f"status {reply.status}"
        answer = reply.body
        if reply.chunks is not None:
            async with aclosing(reply.chunks) as batches:
                answer = _joined([chunk async for batch in batches for chunk in batch])
        lack = question.lack(answer)
    except UnsupportedRequest as error:
        return Result.LACKS, error.code
    except FAILURES as error:
        return Result.FAILS, error.code
    except (msgspec.MsgspecError, UnicodeDecodeError, IndexError):
        return Result.LACKS, "another shape"
    return (Result.LACKS, lack) if lack else (Result.WORKS, "")


def _joined(chunks: Iterable[bytes]) -> bytes:
    """Return the words of a stream as a whole answer."""
    deltas = [choice.delta for chunk in chunks for choice in _ANSWER(chunk).choices]
    words = "".join((delta.content or "") + (delta.reasoning_content or "") for delta in deltas)
    return msgspec.json.encode(_Answer(choices=[_Choice(message=_Message(content=words))]))
