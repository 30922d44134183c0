"""Gemini's answers, whole and streamed: the same shape, which becomes OpenAI's."""

import msgspec

from hanbok.core.values import Part, Usage
from hanbok.gateway.errors import UpstreamFailed
from hanbok.gateway.spelling.failure import foreign
from hanbok.gateway.spelling.gemini_request import OWN_CALL_ID
from hanbok.gateway.spelling.json_text import ABSENT, Json, Raw
from hanbok.gateway.spelling.openai_writer import Writer, choice, tool_call

_FINISH = {
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "LANGUAGE": "content_filter",
    "IMAGE_SAFETY": "content_filter",
}
_BROKEN = frozenset(
    {
        "MALFORMED_FUNCTION_CALL",
        "MALFORMED_RESPONSE",
        "MISSING_THOUGHT_SIGNATURE",
        "TOO_MANY_TOOL_CALLS",
        "UNEXPECTED_TOOL_CALL",
    }
)
"""Ends in which there is no answer."""
_OK = 200


class _FunctionCall(msgspec.Struct):
    name: str
    args: Raw = ABSENT
    id: str = ""


class _Part(msgspec.Struct, rename="camel"):
    text: str = ""
    thought: bool = False
    function_call: _FunctionCall | None = None
    thought_signature: str = ""


class _Content(msgspec.Struct):
    parts: list[_Part] = []


class _Token(msgspec.Struct, rename="camel"):
    token: str = ""
    log_probability: float = 0.0


class _Tokens(msgspec.Struct):
    candidates: list[_Token] = []


class _Logprobs(msgspec.Struct, rename="camel"):
    chosen_candidates: list[_Token] = []
    top_candidates: list[_Tokens] = []


class Candidate(msgspec.Struct, rename="camel"):
    index: int = 0
    content: _Content | None = None
    finish_reason: str | None = None
    logprobs_result: _Logprobs | None = None


class _Modality(msgspec.Struct, rename="camel"):
    modality: str = ""
    token_count: int = 0


class UsageText(msgspec.Struct, rename="camel"):
    prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    cached_content_token_count: int = 0
    tool_use_prompt_token_count: int = 0
    prompt_tokens_details: list[_Modality] = []
    tool_use_prompt_tokens_details: list[_Modality] = []
    cache_tokens_details: list[_Modality] = []
    candidates_tokens_details: list[_Modality] = []


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class Answer(msgspec.Struct, rename="camel"):
    candidates: list[Candidate] | None = None
    usage_metadata: UsageText | None = None
    prompt_feedback: _Feedback | None = None
    response_id: str = ""
    model_version: str = ""
    error: Raw = ABSENT


_DECODE = msgspec.json.Decoder(Answer).decode


def read(data: bytes, origin: str) -> Answer:
    """Read an answer or a piece of one. Raises UpstreamGarbled, UpstreamFailed."""
    try:
        answer = _DECODE(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise foreign(origin, "Gemini") from error
    for candidate in answer.candidates or ():
        if candidate.finish_reason in _BROKEN:
            raise UpstreamFailed(origin=origin, status=_OK, reason=candidate.finish_reason)
    return answer


def read_usage(text: UsageText | None) -> Usage | None:
    """Turn usage into the value; Gemini counts thoughts and the prompts of its own tools apart."""
    if text is None:
        return None
    return Usage(
        input=text.prompt_token_count + text.tool_use_prompt_token_count,
        output=text.candidates_token_count + text.thoughts_token_count,
        cached=text.cached_content_token_count,
        reasoning=text.thoughts_token_count,
        parts=_parts(text),
    )


def _parts(text: UsageText) -> dict[str, int]:
    asked = text.prompt_tokens_details + text.tool_use_prompt_tokens_details
    cached, answered = text.cache_tokens_details, text.candidates_tokens_details
    parts = {
        Part.AUDIO_INPUT: _of("AUDIO", asked) - _of("AUDIO", cached),
        Part.IMAGE_INPUT: _of("IMAGE", asked) - _of("IMAGE", cached),
        Part.AUDIO_OUTPUT: _of("AUDIO", answered),
        Part.IMAGE_OUTPUT: _of("IMAGE", answered),
    }
    return {part.value: count for part, count in parts.items() if count > 0}


def _of(modality: str, counts: list[_Modality]) -> int:
    return sum(one.token_count for one in counts if one.modality == modality)


def blocked(answer: Answer) -> bool:
    """Whether the prompt itself was refused, so that there is no candidate."""
    feedback = answer.prompt_feedback
    return not answer.candidates and feedback is not None and feedback.block_reason is not None


def finish_reason(reason: str, *, calls: bool) -> str:
    """Return OpenAI's word for why an answer ended."""
    return _FINISH.get(reason) or ("tool_calls" if calls else "stop")


def spoken(candidate: Candidate) -> tuple[str, str]:
    """Return text and reasoning."""
    parts = candidate.content.parts if candidate.content else []
    return (
        "".join(part.text for part in parts if not part.thought),
        "".join(part.text for part in parts if part.thought),
    )


def calls(candidate: Candidate, first: int = 0) -> list[Json]:
    """Return the tool calls; `first` is how many the candidate made before."""
    found: list[Json] = []
    for part in candidate.content.parts if candidate.content else []:
        if (called := part.function_call) is None:
            continue
        call_id = called.id or f"{OWN_CALL_ID}{candidate.index}_{first + len(found)}"
        call = tool_call(call_id, called.name, bytes(called.args or b"{}").decode())
        if part.thought_signature:
            # Where Gemini's own OpenAI form puts it; the next turn must give it back.
            call["extra_content"] = {"google": {"thought_signature": part.thought_signature}}
        found.append(call)
    return found


def logprobs(candidate: Candidate) -> Json | None:
    """Return the probabilities of the tokens."""
    result = candidate.logprobs_result
    if result is None:
        return None
    tops = [one.candidates for one in result.top_candidates]
    tops += [[]] * (len(result.chosen_candidates) - len(tops))
    content = [
        _token(chosen) | {"top_logprobs": [_token(one) for one in top]}
        for chosen, top in zip(result.chosen_candidates, tops, strict=False)
    ]
    return {"content": content, "refusal": None}


def _token(token: _Token) -> Json:
    return {"token": token.token, "logprob": token.log_probability, "bytes": list(token.token.encode())}


def whole(answer: Answer, usage: Usage | None, created: int) -> bytes:
    """Write an answer of OpenAI's shape."""
    writer = Writer(answer_id=answer.response_id, model=answer.model_version, created=created)
    if blocked(answer):
        return writer.whole([choice(0, content="", finish="content_filter")], usage)
    choices: list[Json] = []
    for candidate in answer.candidates or []:
        content, reasoning = spoken(candidate)
        made = calls(candidate)
        choices.append(
            choice(
                candidate.index,
                content=content,
                reasoning=reasoning,
                tool_calls=made,
                finish=finish_reason(candidate.finish_reason or "", calls=bool(made)),
                logprobs=logprobs(candidate),
            )
        )
    return writer.whole(choices, usage)
