"""A call, made of what was asked: by a client who waits, or for a key in whose name something goes on."""

import hashlib
import os
import secrets
from collections.abc import Mapping
from itertools import count
from typing import Final

from hanbok.gateway.call import Call, Operation
from hanbok.gateway.front import Front
from hanbok.gateway.head import read_head

_process = secrets.token_hex(8)
_MOST_CHOICES: Final = 1 << 16
"""Answers that money is held for; more no provider gives, and no record holds their price."""
_COUNT: Final = count()
"""Ids are unique over processes and starts, at no cost in randomness a call."""


def _renamed() -> None:
    global _process  # noqa: PLW0603 - a forked process counts from the same number
    _process = secrets.token_hex(8)


os.register_at_fork(after_in_child=_renamed)


def fresh_id() -> str:
    """Return the id of a new call."""
    return f"call-{_process}{next(_COUNT):08x}"


def call_of(
    operation: Operation,
    body: bytes,
    *,
    path: str,
    headers: Mapping[str, str],
    origin: str,
    front: Front | None = None,
    as_key: str = "",
) -> Call:
    """Return the call. Raises InvalidJson, InvalidRequest, DuplicateField and what else a front refuses."""
    head, members = read_head(body) if front is None else (front.head(body, path), None)
    stream = operation is Operation.CHAT and bool(head.stream)
    return Call(
        id=fresh_id(),
        route=path if front is None else front.route(path),
        operation=operation,
        body=body,
        headers=headers,
        origin=origin,
        digest=hashlib.sha256(body).hexdigest(),
        front=front,
        head=head,
        as_key=as_key,
        members=members,
        model=head.model,
        stream=stream,
        wants_usage=not stream
        or front is not None
        or bool(head.stream_options and head.stream_options.include_usage),
        choices=min(max(1, head.n or 1), _MOST_CHOICES),
        max_output=head.max_completion_tokens or head.max_tokens,
    )
