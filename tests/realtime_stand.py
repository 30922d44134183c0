"""A provider of OpenAI's Realtime API on this machine: it says what the documentation of its events says."""

import json
import threading
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response
from websockets.sync.server import Server, ServerConnection, serve

USAGE = {
    "total_tokens": 250,
    "input_tokens": 130,
    "output_tokens": 120,
    "input_token_details": {
        "text_tokens": 30,
        "audio_tokens": 100,
        "cached_tokens": 40,
        "cached_tokens_details": {"text_tokens": 10, "audio_tokens": 30},
    },
    "output_token_details": {"text_tokens": 20, "audio_tokens": 100},
}
WRITTEN = {
    "type": "tokens",
    "total_tokens": 49,
    "input_tokens": 40,
    "output_tokens": 9,
    "input_token_details": {"audio_tokens": 30, "text_tokens": 10},
}
"""What one turn of speech uses in a session of transcription."""
LIVE = "gpt-live"
"""A model that writes while it hears."""
SOUND = b64encode(bytes(480)).decode()
HEARD_BY_VAD = 3
"""Events of sound after which it takes the speaker to have finished."""


class Provider:
    """`with Provider() as one:` listens on 127.0.0.1. What it is told decides how it behaves: 끊어 breaks off, 기다려
    begins and says no more, 거절 refuses, 도구 calls a tool, 혼자 speaks unasked, 엉망 says no event,
    실패 hears nothing.
    """

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        """All that clients sent, of all sessions."""
        self.handshakes: list[Request] = []
        self.hears = "안녕하세요"
        """What sound says, in sessions of transcription."""
        self.refuses = 0
        """The status that handshakes are answered with; 0: they are accepted."""
        self.closed = threading.Event()
        """Set when a session ended."""
        self._server: Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.socket.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        self._server = serve(self._serve, "127.0.0.1", 0, process_request=self._greet)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()

    def said(self, kind: str) -> list[dict[str, Any]]:
        """Return the events of a type that came."""
        return [one for one in self.events if one["type"] == kind]

    def _greet(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(request)
        return connection.respond(self.refuses, "no\n") if self.refuses else None

    def _serve(self, connection: ServerConnection) -> None:
        try:
            _Session(self, connection).run()
        except ConnectionClosed:
            pass
        finally:
            self.closed.set()


class _Session:
    def __init__(self, provider: Provider, connection: ServerConnection) -> None:
        self._provider = provider
        self._connection = connection
        self._number = 0
        self._heard = 0
        self._words = "안녕하세요"
        asked = connection.request
        self._writes = asked is not None and asked.path.endswith("?intent=transcription")
        kind = "transcription" if self._writes else "realtime"
        self._session: dict[str, Any] = {"type": kind, "object": f"realtime.{kind}_session", "id": "sess_1"}
        self._item = ""

    def run(self) -> None:
        self._tell("session.created", session=self._session)
        for message in self._connection:
            event = json.loads(message)
            self._provider.events.append(event)
            self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if kind == "session.update" and event["session"].get("type", "realtime") != self._session["type"]:
            self._tell(
                "error", error={"type": "invalid_request_error", "message": "another type", "event_id": None}
            )
        elif self._writes and kind in ("input_audio_buffer.append", "input_audio_buffer.commit"):
            self._write(committed=kind.endswith("commit"))
        elif kind == "session.update":
            self._session |= event["session"]
            self._tell("session.updated", session=self._session)
        elif kind == "conversation.item.create":
            item = {"id": self._id("item"), "object": "realtime.item", "status": "completed", **event["item"]}
            texts = [part.get("text", "") for part in item.get("content", [])] + [item.get("output", "")]
            self._words = " ".join(filter(None, texts))
            self._tell("conversation.item.added", previous_item_id=None, item=item)
            self._tell("conversation.item.done", previous_item_id=None, item=item)
            if "혼자" in self._words:
                self._respond({})
            elif "엉망" in self._words:
                self._connection.send("이벤트가 아님")
        elif kind == "input_audio_buffer.append":
            self._hear()
        elif kind == "response.create":
            self._respond(event)

    def _hear(self) -> None:
        self._heard += 1
        turns = self._session.get("audio", {}).get("input", {}).get("turn_detection", {"type": "server_vad"})
        if self._heard % HEARD_BY_VAD or turns is None:
            return
        item = self._id("item")
        self._tell("input_audio_buffer.speech_stopped", audio_end_ms=300, item_id=item)
        self._tell("input_audio_buffer.committed", previous_item_id=None, item_id=item)
        whole = "내 번호는 900101 다시 " + self._words
        for piece in _pieces(whole):
            kind = "conversation.item.input_audio_transcription.delta"
            self._tell(kind, item_id=item, content_index=0, delta=piece)
        self._tell(
            "conversation.item.input_audio_transcription.completed",
            item_id=item,
            content_index=0,
            transcript=whole,
            usage={"type": "duration", "seconds": 2.0},
        )
        self._respond({})

    def _write(self, *, committed: bool) -> None:
        """Take a turn when the client says so, or by itself where it may."""
        heard = self._session["audio"]["input"]
        manual, live = "turn_detection" in heard, heard["transcription"]["model"] == LIVE
        self._heard += not committed
        self._item = self._item or self._id("item")
        where = {"item_id": self._item, "content_index": 0}
        kind = "conversation.item.input_audio_transcription"
        if live and not committed:
            self._tell(f"{kind}.delta", **where, delta=self._provider.hears)
        if not committed if manual else self._heard % HEARD_BY_VAD:
            return
        words = f"{self._provider.hears} {heard['transcription'].get('prompt', '')}".strip()
        self._item = ""
        self._tell("input_audio_buffer.committed", previous_item_id=None, item_id=where["item_id"])
        if "끊어" in words:
            self._connection.socket.close()
            raise ConnectionClosed(None, None)
        if "실패" in words:
            self._tell(f"{kind}.failed", **where, error={"type": "server_error", "message": words})
            return
        for piece in () if live else _pieces(words):
            self._tell(f"{kind}.delta", **where, delta=piece)
        self._tell(f"{kind}.completed", **where, transcript=words, usage=WRITTEN)

    def _respond(self, event: dict[str, Any]) -> None:
        if "거절" in self._words:
            error = {
                "type": "invalid_request_error",
                "code": "busy",
                "message": "no",
                "event_id": event.get("event_id"),
            }
            self._tell("error", error=error)
            return
        response = self._id("resp")
        shape = {"id": response, "object": "realtime.response", "status": "in_progress", "output": []}
        self._tell("response.created", response=shape)
        if "기다려" in self._words:
            return
        where = {"response_id": response, "item_id": self._id("item"), "output_index": 0, "content_index": 0}
        item: dict[str, Any]
        if "도구" in self._words:
            whole = json.dumps({"to": self._words})
            item = {"type": "function_call", "name": "send", "call_id": "call_1", "arguments": whole}
            place = {name: one for name, one in where.items() if name != "content_index"} | {
                "call_id": "call_1"
            }
            for piece in _pieces(whole):
                self._tell("response.function_call_arguments.delta", **place, delta=piece)
            self._tell("response.function_call_arguments.done", **place, arguments=whole)
        else:
            whole = f"들은 말: {self._words}"
            for piece in _pieces(whole):
                self._tell("response.output_text.delta", **where, delta=piece)
                self._tell("response.output_audio.delta", **where, delta=SOUND)
                if "끊어" in self._words:
                    self._connection.socket.close()
                    raise ConnectionClosed(None, None)
            self._tell("response.output_text.done", **where, text=whole)
            self._tell("response.output_audio.done", **where)
            item = {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": whole}],
            }
        item |= {"id": where["item_id"], "status": "completed"}
        done = {**shape, "status": "completed", "output": [item], "usage": USAGE}
        self._tell("response.done", response=done)

    def _tell(self, kind: str, **members: Any) -> None:
        body = {"type": kind, "event_id": self._id("event"), **members}
        self._connection.send(json.dumps(body, ensure_ascii=False))

    def _id(self, what: str) -> str:
        self._number += 1
        return f"{what}_{self._number}"


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, len(text), 3):
        yield text[start : start + 3]
