"""Which HTTP status tells which error. The only place where hanbok's errors meet HTTP."""

from http import HTTPStatus

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text

_STATUSES: dict[str, HTTPStatus] = {
    "above_you": HTTPStatus.FORBIDDEN,
    "answer_unjudged": HTTPStatus.SERVICE_UNAVAILABLE,
    "judge_forbidden": HTTPStatus.SERVICE_UNAVAILABLE,
    "approval_expired": HTTPStatus.CONFLICT,
    "approval_kind_unknown": HTTPStatus.BAD_REQUEST,
    "approval_mismatch": HTTPStatus.CONFLICT,
    "approval_not_independent": HTTPStatus.FORBIDDEN,
    "approval_not_yours": HTTPStatus.FORBIDDEN,
    "approval_required": HTTPStatus.FORBIDDEN,
    "approval_settled": HTTPStatus.CONFLICT,
    "approval_unknown": HTTPStatus.NOT_FOUND,
    "arguments_unfit": HTTPStatus.BAD_REQUEST,
    "batch_over": HTTPStatus.CONFLICT,
    "batch_unknown": HTTPStatus.NOT_FOUND,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "body_too_slow": HTTPStatus.REQUEST_TIMEOUT,
    "budget_exceeded": HTTPStatus.PAYMENT_REQUIRED,
    "call_unknown": HTTPStatus.NOT_FOUND,
    "changed_meanwhile": HTTPStatus.PRECONDITION_FAILED,
    "concurrency_exceeded": HTTPStatus.TOO_MANY_REQUESTS,
    "contents_not_kept": HTTPStatus.BAD_REQUEST,
    "contents_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "contents_unknown": HTTPStatus.NOT_FOUND,
    "data_key_destroyed": HTTPStatus.GONE,
    "duplicate_field": HTTPStatus.BAD_REQUEST,
    "event_unfit": HTTPStatus.BAD_REQUEST,
    "endpoint_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "grant_exists": HTTPStatus.CONFLICT,
    "grant_unknown": HTTPStatus.NOT_FOUND,
    "guard_failed": HTTPStatus.SERVICE_UNAVAILABLE,
    "invalid_id": HTTPStatus.BAD_REQUEST,
    "invalid_json": HTTPStatus.BAD_REQUEST,
    "invalid_model_name": HTTPStatus.BAD_REQUEST,
    "invalid_party_id": HTTPStatus.BAD_REQUEST,
    "invalid_request": HTTPStatus.BAD_REQUEST,
    "key_expired": HTTPStatus.UNAUTHORIZED,
    "key_idle": HTTPStatus.FORBIDDEN,
    "key_missing": HTTPStatus.UNAUTHORIZED,
    "key_not_found": HTTPStatus.NOT_FOUND,
    "key_provider_failed": HTTPStatus.SERVICE_UNAVAILABLE,
    "key_revoked": HTTPStatus.UNAUTHORIZED,
    "key_too_old": HTTPStatus.FORBIDDEN,
    "key_unknown": HTTPStatus.UNAUTHORIZED,
    "key_withdrawn": HTTPStatus.SERVICE_UNAVAILABLE,
    "limits_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "locked_out": HTTPStatus.TOO_MANY_REQUESTS,
    "client_secret_unknown": HTTPStatus.UNAUTHORIZED,
    "entry_too_large": HTTPStatus.BAD_REQUEST,
    "log_broken": HTTPStatus.SERVICE_UNAVAILABLE,
    "log_rolled_back": HTTPStatus.SERVICE_UNAVAILABLE,
    "log_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "method_not_allowed": HTTPStatus.METHOD_NOT_ALLOWED,
    "model_not_allowed": HTTPStatus.FORBIDDEN,
    "model_unknown": HTTPStatus.NOT_FOUND,
    "model_unpriced": HTTPStatus.PAYMENT_REQUIRED,
    "not_a_person": HTTPStatus.FORBIDDEN,
    "not_in_log": HTTPStatus.NOT_FOUND,
    "not_ready": HTTPStatus.SERVICE_UNAVAILABLE,
    "not_to_yourself": HTTPStatus.FORBIDDEN,
    "organisation_exists": HTTPStatus.CONFLICT,
    "organisation_unknown": HTTPStatus.NOT_FOUND,
    "passage_answer_not_read": HTTPStatus.BAD_GATEWAY,
    "passage_not_allowed": HTTPStatus.FORBIDDEN,
    "passage_not_read": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "party_ended": HTTPStatus.CONFLICT,
    "party_exists": HTTPStatus.CONFLICT,
    "party_unknown": HTTPStatus.NOT_FOUND,
    "permission_missing": HTTPStatus.FORBIDDEN,
    "policy_broken": HTTPStatus.SERVICE_UNAVAILABLE,
    "policy_refused": HTTPStatus.FORBIDDEN,
    "pseudonym_unknown": HTTPStatus.NOT_FOUND,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "realtime_full": HTTPStatus.SERVICE_UNAVAILABLE,
    "realtime_not_offered": HTTPStatus.BAD_REQUEST,
    "reason_missing": HTTPStatus.BAD_REQUEST,
    "request_unfit": HTTPStatus.BAD_REQUEST,
    "response_unfit": HTTPStatus.BAD_REQUEST,
    "response_unknown": HTTPStatus.NOT_FOUND,
    "role_implied": HTTPStatus.BAD_REQUEST,
    "route_unknown": HTTPStatus.NOT_FOUND,
    "second_person_needed": HTTPStatus.FORBIDDEN,
    "session_over": HTTPStatus.SERVICE_UNAVAILABLE,
    "sound_not_allowed": HTTPStatus.FORBIDDEN,
    "stopping": HTTPStatus.SERVICE_UNAVAILABLE,
    "store_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "unsupported_request": HTTPStatus.BAD_REQUEST,
    "endpoint_cannot_tune": HTTPStatus.BAD_REQUEST,
    "file_unfit": HTTPStatus.BAD_REQUEST,
    "file_unknown": HTTPStatus.NOT_FOUND,
    "identifiers_in_data": HTTPStatus.BAD_REQUEST,
    "job_over": HTTPStatus.CONFLICT,
    "job_unfit": HTTPStatus.BAD_REQUEST,
    "job_unknown": HTTPStatus.NOT_FOUND,
    "row_unreadable": HTTPStatus.BAD_REQUEST,
    "studio_extra_missing": HTTPStatus.SERVICE_UNAVAILABLE,
    "origin_forbidden": HTTPStatus.FORBIDDEN,
    "token_rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "token_unfit": HTTPStatus.UNAUTHORIZED,
    "prompt_not_allowed": HTTPStatus.FORBIDDEN,
    "resource_not_allowed": HTTPStatus.FORBIDDEN,
    "tokens_over_limit": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "tool_not_allowed": HTTPStatus.FORBIDDEN,
    "tool_result_refused": HTTPStatus.FORBIDDEN,
    "tool_server_failed": HTTPStatus.BAD_GATEWAY,
    "tool_server_unknown": HTTPStatus.NOT_FOUND,
    "webrtc_not_served": HTTPStatus.NOT_IMPLEMENTED,
    "upgrade_required": HTTPStatus.UPGRADE_REQUIRED,
    "upstream_cut": HTTPStatus.BAD_GATEWAY,
    "upstream_failed": HTTPStatus.BAD_GATEWAY,
    "upstream_garbled": HTTPStatus.BAD_GATEWAY,
    "upstream_timeout": HTTPStatus.GATEWAY_TIMEOUT,
    "upstream_unreachable": HTTPStatus.BAD_GATEWAY,
}
_TYPES = {
    HTTPStatus.BAD_REQUEST: "invalid_request_error",
    HTTPStatus.UNAUTHORIZED: "authentication_error",
    HTTPStatus.PAYMENT_REQUIRED: "insufficient_quota",
    HTTPStatus.FORBIDDEN: "permission_error",
    HTTPStatus.NOT_FOUND: "not_found_error",
    HTTPStatus.METHOD_NOT_ALLOWED: "invalid_request_error",
    HTTPStatus.REQUEST_TIMEOUT: "invalid_request_error",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "invalid_request_error",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limit_error",
}


class RouteUnknown(HanbokError):
    code = "route_unknown"
    message = Text(ko="{method} {path!r} 경로가 없습니다", en="there is no route {method} {path!r}")
    hint = Text(
        ko="쓸 수 있는 경로는 참조 문서에 있습니다. 모르는 /v1 경로는 내보내지 않습니다.",
        en="The reference lists the routes. An unknown /v1 path is never passed on.",
    )


class MethodNotAllowed(HanbokError):
    code = "method_not_allowed"
    message = Text(ko="{path!r}에는 {method}을(를) 쓸 수 없습니다", en="{path!r} does not take {method}")
    hint = Text(ko="쓸 수 있는 메서드: {allowed}", en="It takes: {allowed}")


class NotReady(HanbokError):
    code = "not_ready"
    message = Text(ko="아직 준비되지 않았습니다: {what}", en="not ready yet: {what}")
    hint = Text(ko="잠시 뒤 다시 시도하십시오.", en="Try again in a moment.")


class Stopping(HanbokError):
    code = "stopping"
    message = Text(ko="서버가 멈추는 중입니다", en="the server is stopping")
    hint = Text(ko="다른 서버로 다시 보내십시오.", en="Send the request again to another server.")


class Internal(HanbokError):
    """A slip of ours. The server's own log has its trace; the client and the evidence get its name at most."""

    code = "internal_error"
    message = Text(ko="hanbok 안에서 오류가 났습니다 ({call})", en="an error inside hanbok ({call})")
    hint = Text(ko="이 번호와 함께 운영자에게 알려 주십시오.", en="Tell the operator, and quote this number.")


def status_of(error: HanbokError) -> HTTPStatus:
    """Return the status that tells this error; 500 for what no client should meet."""
    if error.code == "upstream_failed" and error.facts.get("status") == HTTPStatus.TOO_MANY_REQUESTS:
        return HTTPStatus.TOO_MANY_REQUESTS
    codes = (
        one.code for one in type(error).__mro__ if issubclass(one, HanbokError)
    )  # its own, then its parents'
    return next((_STATUSES[code] for code in codes if code in _STATUSES), HTTPStatus.INTERNAL_SERVER_ERROR)


def type_of(status: HTTPStatus) -> str:
    """Return the `type` that OpenAI's error shape gives a status."""
    return _TYPES.get(status, "server_error")
