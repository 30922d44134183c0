"""The contract of a front: how clients of another API ask, and how they are answered.

Within, a call is a chat of OpenAI's shape. What a client sent stays the bytes that it is until it leaves: the guard
reads those bytes, and an endpoint that speaks the same format gets them as they are. Only another one gets them in
OpenAI's words. A front does no I/O.
"""

from dataclasses import dataclass
from typing import Protocol

from hanbok.gateway.head import Head


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error as a client is told."""

    status: int
    kind: str
    """The `type` of OpenAI's shape."""
    code: str
    message: str
    hint: str
    field: str | None = None
    """The member of the request that it is about."""


class Teller(Protocol):
    """Tells one streamed answer. A new one for each."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Turn a chunk of OpenAI's shape into server-sent events, whole ones. Raises UpstreamGarbled."""
        ...

    def close(self) -> list[bytes]:
        """Return the events of a proper end."""
        ...

    def broken(self, told: Failure) -> bytes:
        """Return the event of an end that is none."""
        ...


class Front(Protocol):
    """How one API's clients speak."""

    name: str
    """Also that of the dialect whose requests have the same shape."""
    comments: bool
    """Whether its clients can read a stream with comments in it."""
    marks: tuple[bytes, ...]
    """What a request holds that brings in what others wrote (results of tools)."""

    def route(self, path: str) -> str:
        """Return a path as records and metrics name it: without a word that the client chose."""
        ...

    def head(self, body: bytes, path: str) -> Head:
        """Return what the gateway reads of a request. Raises InvalidJson, InvalidRequest, DuplicateField."""
        ...

    def chat(self, body: bytes, head: Head) -> bytes:
        """Put a request into OpenAI's words. Raises InvalidRequest, UnsupportedRequest."""
        ...

    def document(self, body: bytes) -> bool:
        """Whether the answer is asked for as a JSON document."""
        ...

    def answer(self, body: bytes, asked: bytes) -> bytes:
        """Put a whole answer to the request `asked` from OpenAI's words into the front's. Raises UpstreamGarbled."""
        ...

    def teller(self, asked: bytes) -> Teller:
        """Return the teller of one stream that answers the request `asked`."""
        ...

    def failure(self, failed: Failure) -> bytes:
        """Return the body of an error."""
        ...
