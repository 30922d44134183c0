"""One call on its way through the steps, and the reply on its way back."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from hanbok.core.values import Form, Grade, Principal, Usage
from hanbok.evidence.entry import Hop
from hanbok.gateway.catalogue import Offer, Target
from hanbok.gateway.front import Front
from hanbok.gateway.head import Head, Spans
from hanbok.gateway.texts import Texts
from hanbok.guard.recogniser import Finding
from hanbok.policy.key import Key
from hanbok.policy.ruling import Ruling

_NONE: frozenset[str] = frozenset()


class Operation(StrEnum):
    """What is asked of a model; each has one OpenAI path and one spelling per dialect."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    IMAGES = "images"
    MODERATIONS = "moderations"
    PASSAGE = "passage"
    """A provider's path that hanbok has no model of; no dialect spells it."""
    PROMPT = "prompt"
    """A prompt of an MCP server: like a tool, no model's work, and no dialect spells it."""
    REALTIME = "realtime"
    """A response within a session over WebSocket, or what is said to it."""
    RERANK = "rerank"
    RESOURCE = "resource"
    """A resource of an MCP server."""
    SPEECH = "speech"
    TOOL = "tool"
    """A tool of an MCP server."""
    TRANSCRIPTION = "transcription"
    TRANSLATION = "translation"


OTHER_MEDIA: Final = frozenset({Operation.SPEECH, Operation.TRANSCRIPTION, Operation.TRANSLATION})
"""What answers these need not be JSON: it keeps the type that the provider gave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One destination that policy allows, the form in which data may go there, and the policies that said so."""

    target: Target
    form: Form
    policies: tuple[str, ...] = ()
    hop: Hop = field(init=False, compare=False)
    """The same, as the log writes it."""

    def __post_init__(self) -> None:
        """Write the hop once, not at each call."""
        there = self.target.destination
        hop = Hop(
            endpoint=there.endpoint,
            model=self.target.model,
            country=there.country,
            zone=there.zone,
            operator=there.operator,
            form=self.form,
            policies=self.policies,
        )
        object.__setattr__(self, "hop", hop)


@dataclass(slots=True, kw_only=True)
class Ending:
    """What the steps on the way back learn; the record step writes it down."""

    status: str = "failed"
    code: str = ""
    used: Planned | None = None
    usage: Usage | None = None
    tokens: int = 0
    """All that the call used, of every place that was asked."""
    cost: int = 0
    sent: str = ""
    received: str = ""
    reply_findings: dict[str, int] = field(default_factory=dict)
    attempts: list[str] = field(default_factory=list)
    steps: dict[str, str] = field(default_factory=dict)
    told: tuple[tuple[str, str], ...] = ()
    """Headers by which the client is told of it."""


@dataclass(slots=True, kw_only=True)
class Call:
    """What is known of a call. Each field names the step that fills it; later steps only read it."""

    id: str
    route: str
    operation: Operation
    body: bytes
    headers: Mapping[str, str]
    origin: str
    """Address of the client."""
    digest: str
    """SHA-256 of `body`, hex."""
    front: Front | None = None
    """How the client speaks; None: in OpenAI's words."""
    head: Head | None = None
    """What a front read."""
    # read from the body's head, by `http`
    as_key: str = ""
    """Id of the key that it is made for, where no client waits for it and shows a secret."""
    members: Spans | None = None
    """Where the members of `body` stand; None: not looked up."""
    model: str
    stream: bool
    wants_usage: bool = True
    """Whether the client asked for the usage chunk of a stream (`stream_options.include_usage`)."""
    choices: int = 1
    max_output: int | None = None
    weight: int | None = None
    """Bytes that bound the tokens of the request; None: those of `body`."""
    behalf: Principal | None = None
    """Whose data it holds, where the key is another's: policy must allow both."""
    # authenticate
    key: Key | None = None
    principal: Principal = field(default=Principal(organisation="", key=""))
    # admit
    offer: Offer | None = None
    reserved: int = 0
    # inspect
    texts: Texts | None = None
    """Every text of `body`; None until the inspect step ran. Findings are places in its `text`."""
    unread: tuple[str, ...] = ()
    """Types of what leaves and is no text, each once."""
    findings: tuple[Finding, ...] = ()
    """Values, which may have to be hidden."""
    topics: tuple[Finding, ...] = ()
    """What the text is about, where the law makes that matter; nothing to hide, but to decide by."""
    grade: Grade = Grade.OPEN
    # decide
    refusal: Ruling | None = None
    """Why the first target that policy rules out is ruled out, even when another one answers."""
    plan: tuple[Planned, ...] = ()
    # protect
    body_in: Callable[[Form], bytes] | None = None
    """Makes the body as it may leave in a form; None until the protect step ran."""
    hidden: tuple[tuple[str, str, str], ...] = ()
    """Pseudonym, label and real value of each value that was hidden."""
    # record
    recorded: bool = False
    """Whether the intent is in the log: from then on the call has an outcome, whatever happens."""
    # call, and the way back
    ending: Ending = field(default_factory=Ending)
    hooks: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of what was found in the request."""
        return frozenset(finding.kind for finding in self.found) if self.findings or self.topics else _NONE

    @property
    def found(self) -> tuple[Finding, ...]:
        """All that the guard found, in the order of the text."""
        if not self.topics:
            return self.findings
        return tuple(sorted((*self.findings, *self.topics), key=lambda one: one.start))

    @property
    def tally(self) -> dict[str, int]:
        """How many of each kind were found."""
        counts: dict[str, int] = {}
        for one in self.found:
            counts[one.kind] = counts.get(one.kind, 0) + 1
        return counts

    @property
    def weighs(self) -> int:
        """Bytes that bound the tokens of the request."""
        return len(self.body) if self.weight is None else self.weight

    def at_end(self, hook: Callable[[], object]) -> None:
        """Run `hook` when the call is over, however it ends; the last one registered runs first. It must not wait:
        a call that was cancelled ends as surely as any other.
        """
        self.hooks.append(hook)

    def finish(self) -> None:
        """Run the hooks, each once. Called by the path and by whoever closes the reply."""
        hooks = self.hooks
        try:
            while hooks:
                hooks.pop()()
        finally:
            if hooks:
                self.finish()
            # What the call held of people goes with it, at once: without these, only the collector could free it.
            self.texts = self.body_in = None
        self.hidden = ()


@dataclass(slots=True)
class Reply:
    """What goes back: a whole body, or chunks of OpenAI's streaming shape (JSON texts, without `data: `)."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    media: str = "application/json"
    """Type of `body`."""
    chunks: AsyncGenerator[list[bytes], None] | None = None
    """Batches as they arrived. Ends without error only when the model's answer ended properly."""
