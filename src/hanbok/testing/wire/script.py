"""What a scripted model is told to do, and what it saw."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, cast


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """One request as it arrived."""

    method: str
    target: str
    """Path and query, as sent."""
    headers: dict[str, str]
    """Lower-case names; the last of repeated ones."""
    body: bytes
    raw: bytes
    """Every byte of the request, head and body."""
    at: float
    """`time.monotonic()` when it was complete."""

    @property
    def json(self) -> dict[str, Any]:
        """The body, parsed; an empty object when it is not a JSON object."""
        try:
            read = json.loads(self.body)
        except ValueError:
            return {}
        return dict(read) if isinstance(read, dict) else {}  # pyright: ignore[reportUnknownArgumentType] - JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as its wire format means it."""

    captured: Captured
    model: str
    text: str
    """The last user message."""
    stream: bool
    tools: tuple[str, ...] = ()
    """Names of the functions offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    name: str
    arguments: str
    """JSON text."""
    id: str = "call_1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One answer, in words that every format can spell."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning: str = ""
    finish: str = ""
    """OpenAI's finish reason; empty: `tool_calls` if there are any, else `stop`."""
    input: int | None = None
    """Tokens of the prompt; None: one a character of the last user message."""
    output: int | None = None
    """Tokens of the answer; None: one a character."""
    cached: int = 0


Speaker: TypeAlias = Callable[[Asked], Said]


def echo(asked: Asked) -> Said:
    """Say the last user message back."""
    return Said(text=asked.text)


def echo_tool(asked: Asked) -> Said:
    """Call the first function offered with the last user message as its argument `text`."""
    arguments = json.dumps({"text": asked.text}, ensure_ascii=False)
    return Said(tool_calls=(ToolCall(name=(*asked.tools, "echo")[0], arguments=arguments),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """How one request is answered. Counts of bytes begin at the first byte of the HTTP answer."""

    say: str | Said | Speaker = echo
    chunk: int = 4
    """Characters a streamed chunk."""
    delay: float = 0.0
    """Seconds before the first byte."""
    pace: float = 0.0
    """Seconds between chunks."""
    status: int = 200
    """Any other is answered with an error in the format's own shape."""
    retry_after: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    framing: str = "chunked"
    """How a stream is framed: `chunked` or `close`. Whole answers carry their length."""
    done: bool = True
    """Whether a stream ends with the format's last event."""
    error_after: int | None = None
    """A stream sends an error event after so many chunks, and ends."""
    cut_at: int | None = None
    """Closes the connection after so many bytes."""
    reset: bool = False
    """Cuts by reset, not by a normal close."""
    hang_at: int | None = None
    """Falls silent after so many bytes, until the client leaves."""
    write_size: int = 0
    """Writes at most so many bytes at once; 0: whole chunks."""
    raw: bytes | None = None
    """Sends these bytes instead of an answer, and closes."""

    def speak(self, asked: Asked) -> Said:
        """Return what to say."""
        if isinstance(self.say, str):
            return Said(text=self.say)
        return self.say if isinstance(self.say, Said) else self.say(asked)


def counts(asked: Asked, said: Said) -> tuple[int, int]:
    """Tokens of prompt and answer."""
    spoken = said.text + said.reasoning + "".join(call.arguments for call in said.tool_calls)
    return (
        len(asked.text) if said.input is None else said.input,
        len(spoken) if said.output is None else said.output,
    )


def plain(content: object) -> str:
    """Return the text of a message's content: a text, or a list of texts and of parts that may hold one."""
    if isinstance(content, str):
        return content
    parts = cast("list[object]", content) if isinstance(content, list) else []
    return "".join(
        part if isinstance(part, str) else str(cast("dict[str, object]", part).get("text") or "")
        for part in parts
        if isinstance(part, str | dict)
    )


def pieces(text: str, size: int) -> list[str]:
    """Cut a text into pieces of so many characters."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def sse(data: object, event: str = "") -> bytes:
    """Write one server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return (f"event: {event}\n" if event else "").encode() + f"data: {text}\n\n".encode()
