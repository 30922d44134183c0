"""What hanbok reads and writes outside the administration, as types: the OpenAPI document is made from them."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from hanbok.gateway.head import Head


class ChatMessage(Struct, frozen=True, kw_only=True):
    role: str
    content: str | list[dict[str, Any]] | None = None


class ChatRequest(Head, frozen=True, kw_only=True):
    """What hanbok reads of it. Every other field reaches the provider as it came."""

    messages: Annotated[list[ChatMessage], Meta(min_length=1)]


class EmbeddingRequest(Struct, frozen=True, kw_only=True):
    """As `ChatRequest`."""

    model: str
    input: str | list[str]


class MessagesRequest(Struct, frozen=True, kw_only=True):
    """As `ChatRequest`, in the shape of Anthropic's Messages API."""

    model: str
    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    max_tokens: int | None = None
    stream: bool | None = None


class ResponsesRequest(Struct, frozen=True, kw_only=True):
    """As `ChatRequest`, in the shape of OpenAI's Responses API."""

    model: str
    input: str | list[dict[str, Any]]
    stream: bool | None = None


class GenerateRequest(Struct, frozen=True, kw_only=True):
    """As `ChatRequest`, in the shape of Gemini's API."""

    contents: Annotated[list[dict[str, Any]], Meta(min_length=1)]


class TokensShown(Struct, frozen=True, kw_only=True):
    """An estimate."""

    input_tokens: int


class TokenTotal(Struct, frozen=True, kw_only=True, rename="camel"):
    """An estimate."""

    total_tokens: int


class ImageRequest(Struct, frozen=True, kw_only=True):
    """As `ChatRequest`."""

    model: str
    prompt: str


class ModerationRequest(Struct, frozen=True, kw_only=True):
    """As `ChatRequest`."""

    model: str
    input: str | list[str]


class RerankRequest(Struct, frozen=True, kw_only=True):
    """As `ChatRequest`."""

    model: str
    query: str
    documents: list[str]


class SpeechRequest(Struct, frozen=True, kw_only=True):
    """As `ChatRequest`."""

    model: str
    input: str
    voice: str


class ModelFacts(Struct, frozen=True, kw_only=True):
    zone: str
    country: str
    context: int
    languages: list[str]
    licence: str


class ModelShown(Struct, frozen=True, kw_only=True):
    id: str
    object: str
    created: int
    owned_by: str
    hanbok: ModelFacts


class ModelsShown(Struct, frozen=True, kw_only=True):
    object: str
    data: list[ModelShown]


class Health(Struct, frozen=True, kw_only=True):
    status: str
    version: str


class Readiness(Struct, frozen=True, kw_only=True):
    status: str


class OpenaiFailure(Struct, frozen=True, kw_only=True):
    message: str
    type: str
    param: str | None
    code: str
    hint: str


class OpenaiError(Struct, frozen=True, kw_only=True):
    """An error inside `/v1`."""

    error: OpenaiFailure


class Problem(Struct, frozen=True, kw_only=True):
    """An error anywhere else (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    hint: str


class AnthropicFailure(Struct, frozen=True, kw_only=True):
    type: str
    message: str
    code: str
    hint: str


class AnthropicError(Struct, frozen=True, kw_only=True):
    """An error of the routes for clients of Anthropic's API."""

    type: str
    error: AnthropicFailure


class GeminiFailure(Struct, frozen=True, kw_only=True):
    code: int
    message: str
    status: str
    reason: str
    hint: str


class GeminiError(Struct, frozen=True, kw_only=True):
    """An error of the routes for clients of Gemini's API."""

    error: GeminiFailure


class SecretShown(Struct, frozen=True, kw_only=True):
    """A secret that opens realtime sessions for minutes, as OpenAI's API has it. It is shown once."""

    value: str
    expires_at: int
    session: dict[str, Any]
