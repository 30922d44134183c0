"""What the server answers outside the administration, as the OpenAPI document tells it."""

from typing import Any

from hanbok.console.proof import CallProof
from hanbok.core.values import Text
from hanbok.gateway.preview import Preview
from hanbok.http.batch_operations import BATCHES
from hanbok.http.operation import Operation
from hanbok.http.optional_operations import OPTIONAL
from hanbok.http.shapes import (
    AnthropicError,
    ChatRequest,
    EmbeddingRequest,
    GeminiError,
    GenerateRequest,
    Health,
    ImageRequest,
    MessagesRequest,
    ModelShown,
    ModelsShown,
    ModerationRequest,
    Readiness,
    RerankRequest,
    ResponsesRequest,
    SpeechRequest,
    TokensShown,
    TokenTotal,
)
from hanbok.http.tuning_operations import TUNING

_CALL = (400, 401, 402, 403, 404, 408, 413, 429, 502, 503, 504)
_KEPT = (400, 401, 404, 410, 503)
"""What asking for something that is kept may end with."""
_TOOLS = (202, 400, 401, 403, 404, 408, 413)
"""What a message of MCP may end with, besides 200."""
_OBJECT = dict[str, Any]

OPERATIONS: tuple[Operation, ...] = (
    Operation(
        method="post",
        path="/v1/chat/completions",
        title=Text(
            ko="채팅. `stream`이면 서버 전송 이벤트로", en="Chat; as server-sent events with `stream`"
        ),
        takes=ChatRequest,
        gives=_OBJECT,
        media=("application/json", "text/event-stream"),
        errors=_CALL,
    ),
    Operation(
        method="post",
        path="/v1/embeddings",
        title=Text(ko="임베딩", en="Embeddings"),
        takes=EmbeddingRequest,
        gives=_OBJECT,
        errors=_CALL,
    ),
    Operation(
        method="post",
        path="/v1/images/generations",
        title=Text(ko="그림 만들기", en="Pictures"),
        takes=ImageRequest,
        gives=_OBJECT,
        errors=_CALL,
    ),
    Operation(
        method="post",
        path="/v1/moderations",
        title=Text(ko="유해성 분류", en="Moderation"),
        takes=ModerationRequest,
        gives=_OBJECT,
        errors=_CALL,
    ),
    Operation(
        method="post",
        path="/v1/rerank",
        title=Text(ko="문서 순위 매기기", en="Ranking of documents"),
        takes=RerankRequest,
        gives=_OBJECT,
        errors=_CALL,
    ),
    Operation(
        method="post",
        path="/v1/audio/speech",
        title=Text(ko="글을 소리로", en="Speech out of text"),
        takes=SpeechRequest,
        media=("audio/mpeg", "audio/wav"),
        errors=_CALL,
    ),
    *(
        Operation(
            method="post",
            path=path,
            title=title,
            gives=_OBJECT,
            media=("application/json", "text/plain"),
            errors=_CALL,
        )
        for path, title in (
            (
                "/v1/audio/transcriptions",
                Text(
                    ko="소리를 글로(multipart/form-data의 file과 model)",
                    en="Text out of speech (file and model, as multipart/form-data)",
                ),
            ),
            ("/v1/audio/translations", Text(ko="소리를 영어 글로", en="English text out of speech")),
        )
    ),
    Operation(
        method="post",
        path="/v1/messages",
        title=Text(
            ko="Anthropic Messages API 형식의 채팅", en="Chat in the shape of Anthropic's Messages API"
        ),
        takes=MessagesRequest,
        gives=_OBJECT,
        media=("application/json", "text/event-stream"),
        errors=_CALL,
        fails=AnthropicError,
    ),
    Operation(
        method="post",
        path="/v1/messages/count_tokens",
        title=Text(ko="토큰 수 어림. 나가는 것은 없습니다", en="An estimate of tokens; nothing leaves"),
        takes=MessagesRequest,
        gives=TokensShown,
        errors=(400, 401, 403, 404, 408, 413),
        fails=AnthropicError,
    ),
    Operation(
        method="post",
        path="/v1/responses",
        title=Text(ko="OpenAI Responses API 형식의 채팅", en="Chat in the shape of OpenAI's Responses API"),
        takes=ResponsesRequest,
        gives=_OBJECT,
        media=("application/json", "text/event-stream"),
        errors=_CALL,
    ),
    Operation(
        method="get",
        path="/v1/responses/{response}",
        title=Text(ko="보관한 응답", en="A response that is kept"),
        gives=_OBJECT,
        media=("application/json", "text/event-stream"),
        errors=_KEPT,
    ),
    Operation(
        method="delete",
        path="/v1/responses/{response}",
        title=Text(ko="보관한 응답 지우기", en="Delete a response"),
        gives=_OBJECT,
        errors=_KEPT,
    ),
    Operation(
        method="get",
        path="/v1/responses/{response}/input_items",
        title=Text(ko="응답을 만들 때 물은 것", en="What a response was asked with"),
        gives=_OBJECT,
        errors=_KEPT,
    ),
    Operation(
        method="post",
        path="/v1/responses/{response}/cancel",
        title=Text(ko="백그라운드 응답 취소", en="Cancel a response in the background"),
        gives=_OBJECT,
        errors=_KEPT,
    ),
    Operation(
        method="post",
        path="/v1beta/models/{model}:generateContent",
        title=Text(ko="Gemini API 형식의 채팅", en="Chat in the shape of Gemini's API"),
        takes=GenerateRequest,
        gives=_OBJECT,
        errors=_CALL,
        fails=GeminiError,
    ),
    Operation(
        method="post",
        path="/v1beta/models/{model}:streamGenerateContent",
        title=Text(
            ko="같은 것을 서버 전송 이벤트로(`alt=sse`)", en="The same as server-sent events (`alt=sse`)"
        ),
        takes=GenerateRequest,
        gives=_OBJECT,
        media=("application/json", "text/event-stream"),
        errors=_CALL,
        fails=GeminiError,
    ),
    Operation(
        method="post",
        path="/v1beta/models/{model}:countTokens",
        title=Text(ko="토큰 수 어림. 나가는 것은 없습니다", en="An estimate of tokens; nothing leaves"),
        takes=GenerateRequest,
        gives=TokenTotal,
        errors=(400, 401, 403, 404, 408, 413),
        fails=GeminiError,
    ),
    Operation(
        method="get",
        path="/v1beta/models",
        title=Text(
            ko="이 키로 쓸 수 있는 모델(Gemini 형식)",
            en="The models that this key may ask, in Gemini's shape",
        ),
        gives=_OBJECT,
        errors=(401,),
        fails=GeminiError,
    ),
    Operation(
        method="post",
        path="/mcp",
        title=Text(
            ko="MCP 서버들의 도구(JSON-RPC 2.0, Model Context Protocol)",
            en="Tools of MCP servers (JSON-RPC 2.0, Model Context Protocol)",
        ),
        takes=_OBJECT,
        gives=_OBJECT,
        media=("application/json", "text/event-stream"),
        errors=_TOOLS,
    ),
    Operation(
        method="delete",
        path="/mcp",
        title=Text(ko="MCP 세션 끝내기", en="End a session of MCP"),
        errors=(204, 401, 403, 404),
    ),
    Operation(
        method="post",
        path="/mcp/{server}",
        title=Text(ko="MCP 서버 하나의 도구", en="Tools of one MCP server"),
        takes=_OBJECT,
        gives=_OBJECT,
        media=("application/json", "text/event-stream"),
        errors=_TOOLS,
    ),
    Operation(
        method="get",
        path="/.well-known/oauth-protected-resource",
        title=Text(
            ko="`/mcp`에 쓸 토큰을 받을 곳(RFC 9728)", en="Where to get a token for `/mcp` (RFC 9728)"
        ),
        gives=_OBJECT,
        public=True,
        errors=(404,),
    ),
    Operation(
        method="get",
        path="/.well-known/oauth-protected-resource/mcp/{server}",
        title=Text(
            ko="서버 하나에 쓸 토큰을 받을 곳(RFC 9728)", en="Where to get a token for one server (RFC 9728)"
        ),
        gives=_OBJECT,
        public=True,
        errors=(404,),
    ),
    *TUNING,
    *BATCHES,
    *OPTIONAL,
    Operation(
        method="get",
        path="/v1/models",
        title=Text(ko="이 키로 쓸 수 있는 모델", en="The models that this key may ask"),
        gives=ModelsShown,
        errors=(401,),
    ),
    Operation(
        method="get",
        path="/v1/models/{model}",
        title=Text(ko="모델 하나", en="One model"),
        gives=ModelShown,
        errors=(401, 404),
    ),
    Operation(
        method="post",
        path="/console/preview",
        title=Text(ko="보내면 어떻게 될지: 나가는 것은 없습니다", en="What would be done; nothing leaves"),
        takes=ChatRequest,
        gives=Preview,
        errors=_CALL,
    ),
    Operation(
        method="get",
        path="/console/calls/{call}",
        title=Text(ko="자기 조직 호출 하나의 기록과 증명", en="The records of one call, with proof"),
        gives=CallProof,
        errors=(401, 404, 503),
    ),
    Operation(
        method="get",
        path="/log/checkpoint",
        title=Text(
            ko="로그가 서명한 가장 새로운 체크포인트(C2SP tlog-checkpoint)",
            en="The newest checkpoint that the log signed (C2SP tlog-checkpoint)",
        ),
        media=("text/plain",),
        public=True,
        errors=(404, 503),
    ),
    Operation(
        method="get",
        path="/log/witnessed",
        title=Text(
            ko="증인들이 함께 서명한 가장 새로운 체크포인트",
            en="The newest checkpoint that the witnesses cosigned",
        ),
        media=("text/plain",),
        public=True,
        errors=(404, 503),
    ),
    Operation(
        method="get",
        path="/log/key",
        title=Text(ko="로그의 공개 키(vkey), 오래된 것부터", en="The log's vkeys, oldest first"),
        media=("text/plain",),
        public=True,
        errors=(503,),
    ),
    Operation(
        method="get",
        path="/log/tile/{tile}",
        title=Text(
            ko="해시 타일(C2SP tlog-tiles)은 누구에게나, `entries/` 아래의 기록 묶음은 설치 전체의 감사인에게",
            en="Hash tiles (C2SP tlog-tiles) for anybody; bundles below `entries/` for the platform's auditors",
        ),
        media=("application/octet-stream",),
        public=True,
        errors=(401, 403, 404, 429, 503),
    ),
    Operation(
        method="get",
        path="/healthz",
        title=Text(ko="살아 있는지", en="Whether the process lives"),
        gives=Health,
        public=True,
    ),
    Operation(
        method="get",
        path="/readyz",
        title=Text(ko="요청을 받을 수 있는지", en="Whether calls are taken"),
        gives=Readiness,
        public=True,
        errors=(503,),
    ),
    Operation(
        method="get",
        path="/metrics",
        title=Text(ko="Prometheus 지표", en="Prometheus metrics"),
        media=("text/plain",),
        public=True,
    ),
    Operation(
        method="get",
        path="/",
        title=Text(ko="첫 화면", en="The first page"),
        media=("text/html",),
        public=True,
    ),
    Operation(
        method="get",
        path="/static/{file}",
        title=Text(ko="첫 화면의 파일", en="Files of the first page"),
        media=("text/css", "text/javascript", "image/svg+xml"),
        public=True,
        errors=(404,),
    ),
    Operation(
        method="get",
        path="/openapi.json",
        title=Text(ko="이 문서", en="This document"),
        gives=_OBJECT,
        public=True,
    ),
)
