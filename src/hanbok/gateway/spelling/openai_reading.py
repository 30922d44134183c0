"""Answers of OpenAI's shape, read for those who tell them in other words."""

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.errors import UpstreamGarbled
from hanbok.gateway.spelling.failure import foreign
from hanbok.gateway.spelling.json_text import ABSENT, Raw
from hanbok.gateway.spelling.openai_answer import UsageText, read_usage


class FunctionText(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _Google(msgspec.Struct):
    thought_signature: str = ""


class _Extra(msgspec.Struct):
    google: _Google = msgspec.field(default_factory=_Google)


class CallText(msgspec.Struct):
    """A tool's call, or a piece of one."""

    index: int = 0
    id: str | None = None
    function: FunctionText = msgspec.field(default_factory=FunctionText)
    extra_content: _Extra | None = None

    @property
    def signature(self) -> str:
        """What Gemini wants given back with the call's result."""
        return self.extra_content.google.thought_signature if self.extra_content else ""


class Said(msgspec.Struct):
    """A message, or a delta of one."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    thinking_blocks: list[Raw] | None = None
    tool_calls: list[CallText] | None = None

    @property
    def thought(self) -> str:
        return self.reasoning_content or self.reasoning or ""

    @property
    def text(self) -> str:
        return self.content or self.refusal or ""


class ChoiceText(msgspec.Struct):
    index: int = 0
    message: Said | None = None
    delta: Said | None = None
    finish_reason: str | None = None
    logprobs: Raw = ABSENT


class AnswerText(msgspec.Struct):
    """A whole answer, or a chunk of one."""

    id: str = ""
    model: str = ""
    created: int = 0
    choices: list[ChoiceText] = []
    usage: UsageText | None = None

    @property
    def used(self) -> Usage | None:
        return read_usage(self.usage)


_DECODE = msgspec.json.Decoder(AnswerText, strict=False).decode


def read_answer(body: bytes) -> AnswerText:
    """Raise UpstreamGarbled for what is no answer of OpenAI's shape."""
    try:
        return _DECODE(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _garbled() from error


def _garbled() -> UpstreamGarbled:
    return foreign("chat", "OpenAI")
