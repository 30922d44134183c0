"""A conversation as turns of user and assistant, for formats that ask for them, and what those formats cannot say."""

from collections.abc import Callable, Sequence

from hanbok.gateway.spelling.json_text import Json, Raw
from hanbok.gateway.spelling.openai_request import ChatRequest, Message, unsupported


def turns_of(
    messages: Sequence[Message],
    parts: Callable[[Message], list[Json]],
    blocks: Callable[[Message], list[Json | Raw]],
) -> tuple[list[Json], list[Json]]:
    """Return the system texts, spelled by `parts`, and the turns, spelled by `blocks`; neighbours of one role become
    one turn, as tool results must.
    """
    system: list[Json] = []
    turns: list[Json] = []
    for message in messages:
        if message.role in {"system", "developer"}:
            system += parts(message)
            continue
        role = "assistant" if message.role == "assistant" else "user"
        spelled = blocks(message)
        if not spelled:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] += spelled
        else:
            turns.append({"role": role, "content": spelled})
    return system, turns


def refuse(request: ChatRequest, dialect: str) -> None:
    """Raise UnsupportedRequest for what no format of turns can say."""
    wanted = {
        "n": (request.n or 1) > 1,
        "logprobs": request.logprobs,
        "top_logprobs": request.top_logprobs,
        "seed": request.seed is not None,
        "presence_penalty": request.presence_penalty,
        "frequency_penalty": request.frequency_penalty,
        "temperature > 1": (request.temperature or 0) > 1,
    }
    for feature, asked in wanted.items():
        if asked:
            raise unsupported(dialect, feature)
