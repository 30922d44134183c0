"""What passes between the desk and the process that does a job. Paths are texts: both are on one machine."""

from typing import Any

import msgspec


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    base: str
    base_licence: str
    training_file: str
    validation_file: str
    licence: str
    store: str
    plan: dict[str, Any]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`artifact` is empty when the job failed, and `code` and `message` say why."""

    artifact: str = ""
    tokens: int = 0
    losses: list[float] = []
    code: str = ""
    message: str = ""
