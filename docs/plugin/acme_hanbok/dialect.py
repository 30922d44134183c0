"""Acme's own format: one question in, one text out. What it cannot say is refused by its name."""

import msgspec

from hanbok.core.values import Usage
from hanbok.gateway.call import Operation
from hanbok.gateway.dialect import WireAnswer, WireRequest
from hanbok.gateway.errors import UnsupportedRequest, UpstreamGarbled
from hanbok.gateway.head import Spans

encode = msgspec.json.encode


class _Message(msgspec.Struct):
    role: str
    content: str


class _Chat(msgspec.Struct):
    messages: list[_Message]
    tools: list[msgspec.Raw] | None = None


class _Said(msgspec.Struct):
    text: str
    asked: int
    answered: int

    @property
    def usage(self) -> Usage:
        return Usage(input=self.asked, output=self.answered)


class _Piece(msgspec.Struct):
    text: str = ""
    done: _Said | None = None


class _Problem(msgspec.Struct):
    problem: str = ""


class Words:
    def __init__(self, origin: str = "acme") -> None:
        self._origin = origin

    def request(
        self, operation: Operation, body: bytes, *, model: str, stream: bool, where: Spans | None = None
    ) -> WireRequest:
        if operation is not Operation.CHAT:
            raise UnsupportedRequest(dialect="acme", feature=operation.value)
        try:
            chat = msgspec.json.decode(body, type=_Chat)
        except msgspec.ValidationError as error:
            raise UnsupportedRequest(dialect="acme", feature="messages") from error
        if chat.tools:
            raise UnsupportedRequest(dialect="acme", feature="tools")
        turns = [f"{one.role}: {one.content}" for one in chat.messages]
        return WireRequest(path="/words", body=encode({"engine": model, "turns": turns, "stream": stream}))

    def answer(self, operation: Operation, body: bytes) -> WireAnswer:
        try:
            said = msgspec.json.decode(body, type=_Said)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UpstreamGarbled(origin=self._origin, why="no answer") from error
        message = {"role": "assistant", "content": said.text}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {
            "prompt_tokens": said.asked,
            "completion_tokens": said.answered,
            "total_tokens": said.asked + said.answered,
        }
        answer = {"id": "acme", "object": "chat.completion", "choices": [choice], "usage": usage}
        return WireAnswer(body=encode(answer), usage=said.usage)

    def failure(self, body: bytes) -> str:
        try:
            return msgspec.json.decode(body, type=_Problem).problem
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return ""

    def reader(self) -> "WordsReader":
        return WordsReader(self._origin)


class WordsReader:
    """Reads `{"text": ...}` as they come, and `{"done": ...}` at the end."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self.usage: Usage | None = None
        self.done = False

    def feed(self, event: str, data: bytes) -> list[bytes]:
        try:
            piece = msgspec.json.decode(data, type=_Piece)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise UpstreamGarbled(origin=self._origin, why="no piece") from error
        if piece.done is None:
            return [_chunk({"content": piece.text}, None)]
        self.usage, self.done = piece.done.usage, True
        return [_chunk({}, "stop")]


def _chunk(delta: dict[str, str], finish: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return encode({"id": "acme", "object": "chat.completion.chunk", "choices": [choice]})
