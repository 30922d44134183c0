"""Batches as OpenAI's API shows them."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta


class LineProblem(msgspec.Struct, frozen=True, kw_only=True):
    code: str
    message: str
    line: int | None = None
    param: str | None = None


class LineProblems(msgspec.Struct, frozen=True, kw_only=True):
    data: list[LineProblem]
    object: str = "list"


class Counts(msgspec.Struct, kw_only=True):
    total: int = 0
    completed: int = 0
    failed: int = 0


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """What a client sends."""

    input_file_id: str
    endpoint: Literal["/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/moderations"]
    completion_window: Literal["24h"]
    metadata: Annotated[dict[str, Annotated[str, Meta(max_length=512)]], Meta(max_length=16)] | None = None


class Progress(msgspec.Struct, kw_only=True):
    """How far a batch is: times, numbers, names."""

    input_file_id: str
    endpoint: str
    created_at: int
    expires_at: int
    origin: str = ""
    """Address of the client that began it."""
    request_counts: Counts = msgspec.field(default_factory=Counts)
    errors: LineProblems | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    in_progress_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    endpoint: str
    input_file_id: str
    status: str
    created_at: int
    expires_at: int
    request_counts: Counts
    errors: LineProblems | None
    output_file_id: str | None
    error_file_id: str | None
    in_progress_at: int | None
    finalizing_at: int | None
    completed_at: int | None
    failed_at: int | None
    expired_at: int | None
    cancelling_at: int | None
    cancelled_at: int | None
    metadata: dict[str, str] | None
    completion_window: str = "24h"
    object: str = "batch"
