"""What an answer says, read from a whole body or from the chunks of a stream, in OpenAI's shape."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec


class _Function(msgspec.Struct):
    name: str | None = ""
    arguments: str | None = ""


class _Tool(msgspec.Struct):
    index: int = 0
    function: _Function = msgspec.field(default_factory=_Function)


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_Tool] | None = None


class _Token(msgspec.Struct):
    logprob: float = 0.0


class _Logprobs(msgspec.Struct):
    content: list[_Token] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    message: _Message | None = None
    delta: _Message | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice] = []


_ANSWER = msgspec.json.Decoder(_Answer)
_OPEN = msgspec.json.Decoder(dict[str, Any])


@dataclass(slots=True)
class Heard:
    """One choice of an answer."""

    text: str = ""
    refusal: str = ""
    finish: str = ""
    tools: dict[int, str] = field(default_factory=dict[int, str])
    """Arguments of the tools that it calls."""
    logprobs: list[float] = field(default_factory=list[float])

    def add(self, said: _Message) -> None:
        self.text += said.content or ""
        self.refusal += said.refusal or ""
        for at, tool in enumerate(said.tool_calls or ()):
            where = tool.index or at
            self.tools[where] = self.tools.get(where, "") + (tool.function.arguments or "")


def heard(parts: Iterable[bytes]) -> list[Heard]:
    """Return the choices of a body or of chunks; none where they cannot be read."""
    found: dict[int, Heard] = {}
    try:
        for part in parts:
            for choice in _ANSWER.decode(part).choices:
                one = found.setdefault(choice.index, Heard())
                said = choice.message or choice.delta
                if said is not None:
                    one.add(said)
                one.finish = choice.finish_reason or one.finish
                if choice.logprobs is not None:
                    one.logprobs += [token.logprob for token in choice.logprobs.content or ()]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []
    return [found[index] for index in sorted(found)]


def without_logprobs(part: bytes) -> bytes:
    """Return a body or a chunk without the probabilities that its client has not asked for. What cannot be read is
    returned as it is.
    """
    if b'"logprobs"' not in part:
        return part
    try:
        shape = _OPEN.decode(part)
        choices = msgspec.convert(shape.get("choices"), list[dict[str, Any]])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return part
    for choice in choices:
        choice.pop("logprobs", None)
    shape["choices"] = choices
    return msgspec.json.encode(shape)
