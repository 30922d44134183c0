"""Acme's own clients: they ask `{"engine": ..., "question": ...}` and are told `{"reply": ...}`."""

import msgspec

from hanbok.gateway.front import Failure
from hanbok.gateway.head import Head, InvalidRequest, spans
from hanbok.gateway.spelling.openai_reading import read_answer

encode = msgspec.json.encode


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    engine: str
    question: str
    stream: bool = False


class Desk:
    name = "acme"
    comments = False
    marks: tuple[bytes, ...] = ()

    def route(self, path: str) -> str:
        return "/acme/*"

    def head(self, body: bytes, path: str) -> Head:
        spans(body)  # refuses what is no JSON object, and a member that is there twice
        asked = _read(body)
        return Head(model=asked.engine, stream=asked.stream)

    def chat(self, body: bytes, head: Head) -> bytes:
        messages = [{"role": "user", "content": _read(body).question}]
        chat = {"model": head.model, "messages": messages}
        return encode(chat | {"stream": True} if head.stream else chat)

    def document(self, body: bytes) -> bool:
        return False

    def answer(self, body: bytes, asked: bytes) -> bytes:
        said = [choice.message for choice in read_answer(body).choices]
        return encode({"reply": said[0].text if said and said[0] else ""})

    def teller(self, asked: bytes) -> "DeskTeller":
        return DeskTeller()

    def failure(self, failed: Failure) -> bytes:
        return encode({"sorry": failed.message, "code": failed.code})


class DeskTeller:
    def feed(self, chunk: bytes) -> list[bytes]:
        deltas = [choice.delta for choice in read_answer(chunk).choices]
        return [_event({"piece": one.text}) for one in deltas if one and one.text]

    def close(self) -> list[bytes]:
        return [_event({"end": True})]

    def broken(self, told: Failure) -> bytes:
        return _event({"sorry": told.message, "code": told.code})


def _read(body: bytes) -> _Asked:
    try:
        return msgspec.json.decode(body, type=_Asked)
    except msgspec.ValidationError as error:
        raise InvalidRequest(field="question") from error


def _event(data: dict[str, object]) -> bytes:
    return b"data: %b\n\n" % encode(data)
