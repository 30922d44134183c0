"""What an answer that is passed through tells of its tokens, in the words of any provider."""

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.spelling import anthropic_answer, gemini_answer, openai_answer
from hanbok.gateway.spelling.json_text import ABSENT, Raw, given


class _Part(msgspec.Struct):
    usage: Raw = ABSENT


class _Answer(_Part):
    usage_metadata: gemini_answer.UsageText | None = msgspec.field(name="usageMetadata", default=None)
    message: _Part | None = None
    """Where Anthropic's streams begin."""
    response: _Part | None = None
    """Where streams of OpenAI's responses end."""


def told(data: bytes, known: Usage | None = None) -> Usage | None:
    """Return the usage that an answer or an event of one tells; what is known, where it tells none that we can read."""
    if b'"usage' not in data:
        return known
    try:
        answer = msgspec.json.decode(data, type=_Answer)
        if answer.usage_metadata is not None:
            return gemini_answer.read_usage(answer.usage_metadata)
        parts = (answer, answer.message, answer.response)
        text = next((one.usage for one in parts if one is not None and given(one.usage)), None)
        if text is None:
            return known
        openai = msgspec.json.decode(text, type=openai_answer.UsageText)
        if openai.prompt_tokens is not None or openai.total_tokens is not None:
            return openai_answer.read_usage(openai)
        return anthropic_answer.read_usage(msgspec.json.decode(text, type=anthropic_answer.UsageText), known)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return known
