"""A model that says what a test tells it to, behind a real HTTP server on this machine.

It speaks OpenAI's, Anthropic's, Gemini's and Bedrock's APIs and misbehaves on demand: slow, cut, silent, garbled,
refusing.

    async with ScriptedModel(Script(say="안녕하세요")) as model:
        client = openai.AsyncOpenAI(base_url=model.url, api_key="x")
        ...
        assert model.captured[0].json["model"] == "gpt"

`with` instead of `async with` runs it in a thread of its own, for tests of other processes.
"""

import asyncio
import json
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Self

from hanbok.testing.wire import anthropic, bedrock, gemini, openai, others
from hanbok.testing.wire.line import Cut, Left, Line
from hanbok.testing.wire.script import Asked, Captured, Said, Script, ToolCall, echo, echo_tool

__all__ = [
    "Asked",
    "Cancelled",
    "Captured",
    "Said",
    "Script",
    "ScriptedModel",
    "ToolCall",
    "echo",
    "echo_tool",
]

_OK = 200
_REASONS = {200: "OK", 400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 429: "Too Many Requests"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """An answer that the client did not wait for."""

    at: float
    """`time.monotonic()` when the client was seen to leave."""
    sent: int
    """Bytes of the answer sent until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """Pieces of an answer's body; a stream writes each of them apart."""

    pieces: list[bytes]
    streamed: bool = False
    media: str = ""
    """Empty: JSON, or events where it is streamed."""


class ScriptedModel:
    """Listens on 127.0.0.1 at a port of the system's choice."""

    def __init__(
        self,
        script: Script | None = None,
        *,
        models: tuple[str, ...] = ("scripted",),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Answer every request by `script`, except those that `then` gives another."""
        self.script = script or Script()
        self.models = models
        self.captured: list[Captured] = []
        self.cancelled: list[Cancelled] = []
        self.token_seconds = 3600
        """Life of the access tokens that its `/oauth2/v2.0/token` gives."""
        self.connections = 0
        """Connections accepted so far."""
        self.origin = ""
        """`http://127.0.0.1:PORT`."""
        self._tls = tls
        self._next: deque[Script] = deque()
        self._lines: set[Line] = set()
        self._server: asyncio.Server | None = None
        self._thread: threading.Thread | None = None
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        """Base URL of its OpenAI and Anthropic forms; Gemini's is `{origin}/v1beta`."""
        return f"{self.origin}/v1"

    def then(self, *scripts: Script) -> None:
        """Answer the next requests by these scripts, one each."""
        self._next.extend(scripts)

    def drop(self) -> None:
        """Close all connections at once, as a server that is restarted. For the `async with` form."""
        for line in list(self._lines):
            line.close()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._line, "127.0.0.1", 0, ssl=self._tls)
        port = self._server.sockets[0].getsockname()[1]
        self.origin = f"{'https' if self._tls else 'http'}://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            self.drop()
            await asyncio.gather(*(line.over() for line in list(self._lines)))
            await self._server.wait_closed()

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(ready)), daemon=True)
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    async def _serve(self, ready: threading.Event) -> None:
        self._stop, self._loop = asyncio.Event(), asyncio.get_running_loop()
        async with self:
            ready.set()
            await self._stop.wait()

    def _line(self) -> Line:
        self.connections += 1
        return Line(self._answer, self._lines)

    async def _answer(self, line: Line, captured: Captured) -> None:
        self.captured.append(captured)
        script = self._next.popleft() if self._next else self.script
        line.begin(script)
        try:
            await line.pause(script.delay)
            if script.raw is None:
                await self._write(line, captured, script)
            else:
                await line.send(script.raw)
                line.end(reset=script.reset)
        except Left:
            self.cancelled.append(Cancelled(at=time.monotonic(), sent=line.sent))
        except Cut:
            line.end(reset=script.reset)

    async def _write(self, line: Line, captured: Captured, script: Script) -> None:
        answer = self._spell(captured, script)
        head = [f"HTTP/1.1 {script.status} {_REASONS.get(script.status, 'Scripted')}"]
        head += [f"{name}: {value}" for name, value in script.headers]
        if script.retry_after:
            head.append(f"retry-after: {script.retry_after}")
        chunked = answer.streamed and script.framing == "chunked"
        kind = answer.media or ("text/event-stream" if answer.streamed else "application/json")
        head.append(f"content-type: {kind}")
        if chunked:
            head.append("transfer-encoding: chunked")
        elif answer.streamed:
            head.append("connection: close")
        else:
            head.append(f"content-length: {sum(map(len, answer.pieces))}")
        await line.send("\r\n".join([*head, "", ""]).encode("latin-1"))
        for piece in answer.pieces:
            await line.send(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await line.pause(script.pace)
        if chunked:
            await line.send(b"0\r\n\r\n")
        elif answer.streamed:
            raise Cut

    def _spell(self, captured: Captured, script: Script) -> _Answer:
        path = captured.target.partition("?")[0]
        for speaks, spell in (
            (path.endswith(("/messages", ":rawPredict", ":streamRawPredict")), _spell_anthropic),
            (bedrock.verb(captured), _spell_bedrock),
            (gemini.verb(captured), _spell_gemini),
        ):
            if speaks:
                return spell(captured, script)
        if script.status != _OK:
            return _whole(openai.error(script.status))
        if path.endswith("/oauth2/v2.0/token"):
            token = f"token-{sum(one.target == captured.target for one in self.captured)}"
            return _whole({"token_type": "Bearer", "expires_in": self.token_seconds, "access_token": token})
        if path.endswith("/models"):
            return _whole(openai.models(self.models))
        return _spell_openai(captured, script)


def _spell_openai(captured: Captured, script: Script) -> _Answer:
    other = others.spell(captured)
    if isinstance(other, str):
        return _Answer(pieces=[other.encode()], media="text/plain; charset=utf-8")
    if other is not None:
        return _Answer(pieces=[other], media="audio/wav") if isinstance(other, bytes) else _whole(other)
    ask = openai.asked(captured)
    if captured.target.partition("?")[0].endswith("/embeddings"):
        return _whole(openai.embeddings(ask))
    said = script.speak(ask)
    if not ask.stream:
        return _whole(openai.chat(ask, said))
    return _stream(openai.stream(ask, said, script), openai.error_event(), script)


def _spell_anthropic(captured: Captured, script: Script) -> _Answer:
    if script.status != _OK:
        return _whole(anthropic.error(script.status))
    ask = anthropic.asked(captured)
    said = script.speak(ask)
    if not ask.stream:
        return _whole(anthropic.message(ask, said))
    return _stream(anthropic.stream(ask, said, script), anthropic.error_event(), script)


def _spell_gemini(captured: Captured, script: Script) -> _Answer:
    if script.status != _OK:
        return _whole(gemini.error(script.status))
    if gemini.verb(captured) == "predict":
        return _whole(gemini.predictions(captured))
    if gemini.verb(captured) == "batchEmbedContents":
        return _whole(gemini.embeddings(captured))
    ask = gemini.asked(captured)
    said = script.speak(ask)
    if not ask.stream:
        return _whole(gemini.answer(ask, said))
    return _stream(gemini.stream(ask, said, script), gemini.error_event(), script)


def _spell_bedrock(captured: Captured, script: Script) -> _Answer:
    if script.status != _OK:
        return _whole(bedrock.error(script.status))
    ask = bedrock.asked(captured)
    said = script.speak(ask)
    if not ask.stream:
        return _whole(bedrock.answer(ask, said))
    return _stream(bedrock.stream(ask, said, script), bedrock.error_event(), script, bedrock.MEDIA)


def _stream(events: list[bytes], failure: bytes, script: Script, media: str = "") -> _Answer:
    if script.error_after is not None:
        events = [*events[: script.error_after], failure]
    return _Answer(pieces=events, streamed=True, media=media)


def _whole(body: dict[str, Any]) -> _Answer:
    return _Answer(pieces=[json.dumps(body, ensure_ascii=False).encode()])
