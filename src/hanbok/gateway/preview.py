"""What a preview tells of a call: found, graded, decided, and what would leave."""

import msgspec

from hanbok.core.values import Form, Grade, Text, Zone


class ShownFinding(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `start` and `end` are code points of the preview's `texts[text]`."""

    kind: str
    label: Text
    category: str
    article: str
    score: float
    why: tuple[str, ...]
    text: int
    start: int
    end: int


class ShownPolicy(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    article: str
    reason: Text
    effect: str
    """`permit` or `forbid`. A forbid in a plan rules out a less altered form."""


class ShownRefusal(msgspec.Struct, frozen=True, kw_only=True):
    message: Text
    hint: Text
    policies: tuple[ShownPolicy, ...]


class Leaving(msgspec.Struct, frozen=True, kw_only=True):
    """One destination in the order in which they would be tried, and what would be sent there."""

    endpoint: str
    model: str
    zone: Zone
    country: str
    operator: str
    form: Form
    altered: bool
    policies: tuple[ShownPolicy, ...]
    message: str
    """The last user message in this form."""
    body: str
    """The whole body, byte for byte, in the provider's wire format."""
    digest: str
    """SHA-256 of `body`, hex: what the outcome of the real call notes as `sent`."""
    problem: Text | None
    """Why the wire format cannot say it; null when it can."""


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    digest: str
    """SHA-256 of the request body, hex: what the intent of the real call notes as `digest`."""
    grade: Grade
    reasons: tuple[str, ...]
    """The kinds that alone would have brought the grade."""
    texts: tuple[str, ...]
    """The texts of the body that hold findings, as the guard read them."""
    findings: tuple[ShownFinding, ...]
    unread: tuple[str, ...]
    """Media types of files that are not text and were not read."""
    refused: bool
    refusal: ShownRefusal | None
    """Why policy refuses the call; of one that is not refused, why it rules out the first of its targets."""
    plan: tuple[Leaving, ...]


class _Message(msgspec.Struct):
    role: str = ""
    content: str | list[dict[str, object]] | None = None


class _Body(msgspec.Struct):
    messages: list[_Message] = []


def last_words(body: bytes) -> str:
    """Return the text of the last user message of a request in OpenAI's shape; empty when there is none."""
    try:
        messages = msgspec.json.decode(body, type=_Body).messages
    except msgspec.MsgspecError:
        return ""
    content = next((one.content for one in reversed(messages) if one.role == "user"), None)
    if isinstance(content, list):
        return "\n".join(str(part.get("text") or "") for part in content if part.get("type") == "text")
    return content or ""
