"""Errors of tools that are reached through hanbok."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class ToolNotAllowed(HanbokError):
    """There is none, or it is not for this caller: an answer must not tell which."""

    code = "tool_not_allowed"
    message = Text(
        ko="이 키로 쓸 수 있는 도구 가운데 {tool!r}이(가) 없습니다", en="this key may use no tool {tool!r}"
    )
    hint = Text(
        ko="`tools/list`에 나오는 도구를 쓰거나, 관리자에게 `mcp.servers.*.allow`에 더해 달라고 하십시오.",
        en="Use a tool that `tools/list` shows, or ask the administrator for it in `mcp.servers.*.allow`.",
    )


class PromptNotAllowed(HanbokError):
    """There is none, or it is not for this caller: an answer must not tell which."""

    code = "prompt_not_allowed"
    message = Text(
        ko="이 키로 쓸 수 있는 프롬프트 가운데 {prompt!r}이(가) 없습니다",
        en="this key may use no prompt {prompt!r}",
    )
    hint = Text(
        ko="`prompts/list`에 나오는 프롬프트를 쓰거나, 관리자에게 `mcp.servers.*.allow`에 더해 달라고 하십시오.",
        en="Use a prompt that `prompts/list` shows, or ask the administrator for it in `mcp.servers.*.allow`.",
    )


class ResourceNotAllowed(HanbokError):
    """Its address is not repeated: it may name a person."""

    code = "resource_not_allowed"
    message = Text(
        ko="이 키로 읽을 수 있는 리소스의 주소가 아닙니다", en="this key may read no resource at this address"
    )
    hint = Text(
        ko="`resources/list`와 `resources/templates/list`에 나오는 주소를 쓰거나, 관리자에게 "
        "`mcp.servers.*.allow`에 더해 달라고 하십시오.",
        en="Use an address that `resources/list` or `resources/templates/list` shows, or ask the administrator for it "
        "in `mcp.servers.*.allow`.",
    )


class ToolResultRefused(HanbokError):
    """The tool was called; what it gave back does not go on."""

    code = "tool_result_refused"
    message = Text(
        ko="도구 {tool!r}의 결과에 {kinds}이(가) 있어 전하지 않았습니다",
        en="the result of the tool {tool!r} holds {kinds} and was not passed on",
    )
    hint = Text(
        ko="도구는 이미 실행되었습니다. 그 서버의 자료를 살펴보거나 `mcp.servers.*.refuse`를 바꾸십시오.",
        en="The tool did run. Look at that server's data, or change `mcp.servers.*.refuse`.",
    )


class ToolServerUnknown(HanbokError):
    code = "tool_server_unknown"
    message = Text(ko="MCP 서버 {server!r}이(가) 없습니다", en="there is no MCP server {server!r}")
    hint = Text(
        ko="설정의 `mcp.servers`에 있는 이름을 쓰십시오.", en="Use a name of `mcp.servers` in the settings."
    )


class ToolServerFailed(HanbokError):
    """What it said is not quoted: it may hold what it was sent."""

    code = "tool_server_failed"
    message = Text(
        ko="MCP 서버 {server!r}이(가) {what}(으)로 답했습니다",
        en="the MCP server {server!r} answered with {what}",
    )
    hint = Text(
        ko="그 서버의 로그와 설정의 `mcp.servers` 주소, 헤더를 확인하십시오.",
        en="Check that server's log, and the address and headers at `mcp.servers`.",
    )


class OriginForbidden(HanbokError):
    """MCP's transport, security warning: a page that a browser shows must not reach a server by another name."""

    code = "origin_forbidden"
    message = Text(
        ko="이 웹 페이지에서 온 MCP 요청은 받지 않습니다", en="MCP requests from this web page are not taken"
    )
    hint = Text(
        ko="브라우저에서 쓰려면 그 페이지의 출처를 설정의 `mcp.origins`에 적으십시오.",
        en="To use it in a browser, put the page's origin into `mcp.origins`.",
    )


class ToolExtraMissing(HanbokError):
    code = "tool_extra_missing"
    message = Text(
        ko="접근 토큰을 검증하는 패키지 {package}이(가) 없습니다",
        en="the package {package}, which verifies access tokens, is not installed",
    )
    hint = Text(ko="pip install 'hanbok[mcp]'", en="Run: pip install 'hanbok[mcp]'")
