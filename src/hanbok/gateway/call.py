"""One call on its way through the steps, and the reply on its way back."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hanbok.core.values import Form, Grade, Principal, Usage
from hanbok.gateway.catalogue import Target
from hanbok.guard.recogniser import Finding
from hanbok.policy.key import Key


class Operation(StrEnum):
    """What is asked of a model; each has one OpenAI path and one spelling per dialect."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One destination that policy allows, the form in which data may go there, and the policies that said so."""

    target: Target
    form: Form
    policies: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Ending:
    """What the steps on the way back learn; the record step writes it down."""

    status: str = "failed"
    code: str = ""
    used: Planned | None = None
    usage: Usage | None = None
    cost: int = 0
    sent: str = ""
    received: str = ""
    reply_findings: dict[str, int] = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)
    steps: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Call:
    """What is known of a call. Each field names the step that fills it; later steps only read it."""

    id: str
    route: str
    operation: Operation
    body: bytes
    headers: Mapping[str, str]
    origin: str
    # read from the body's head, by `http`
    model: str
    stream: bool
    wants_usage: bool = True
    """Whether the client asked for the usage chunk of a stream (`stream_options.include_usage`)."""
    choices: int = 1
    max_output: int | None = None
    # authenticate
    key: Key | None = None
    principal: Principal = field(default=Principal(organisation="", key=""))
    # admit
    targets: tuple[Target, ...] = ()
    reserved: int = 0
    # inspect
    findings: tuple[Finding, ...] = ()
    grade: Grade = Grade.OPEN
    # decide
    plan: tuple[Planned, ...] = ()
    # call, and the way back
    ending: Ending = field(default_factory=Ending)


@dataclass(slots=True)
class Reply:
    """What goes back: a whole body, or chunks of OpenAI's streaming shape (JSON texts, without `data: `)."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    chunks: AsyncIterator[list[bytes]] | None = None
    """Batches as they arrived. Ends without error only when the model's answer ended properly."""
