"""Errors of policy: rules that cannot be used, and calls that the rules or limits refuse."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.policy.ruling import Ruling


class PolicyInvalid(HanbokError):
    """A policy file cannot be put in force: the server does not start with it."""

    code = "policy_invalid"
    message = Text(
        ko="정책 파일 {file}의 {line}번째 줄을 쓸 수 없습니다: {why}",
        en="the policy file {file} cannot be used at line {line}: {why}",
    )
    hint = Text(
        ko="정책마다 @id, @in_force, @reason_ko, @reason_en이 있고 Cedar 스키마의 낱말만 써야 합니다.",
        en="Each policy needs @id, @in_force, @reason_ko and @reason_en, and only words of the Cedar schema.",
    )


class PolicyBroken(HanbokError):
    """The policies could not be evaluated: the call is refused, never waved through."""

    code = "policy_broken"
    message = Text(
        ko="정책을 평가하지 못해 요청을 막았습니다 ({policies})",
        en="the request is refused because policies could not be evaluated ({policies})",
    )
    hint = Text(
        ko="관리자에게 알려 그 정책을 고치게 하십시오.",
        en="Tell the administrator to correct those policies.",
    )


class Refused(HanbokError):
    """Policy lets the data go to no model."""

    code = "policy_refused"
    message = Text(ko="{reason_ko} ({grounds})", en="{reason_en} ({grounds})")
    hint = Text(
        ko="막힌 정보를 빼거나 조직 안의 모델에 물으십시오. 적용된 정책: {policies}",
        en="Leave that data out, or ask a model inside the organisation. Policies applied: {policies}",
    )

    @classmethod
    def by(cls, ruling: Ruling) -> "Refused":
        """Return the error that cites what a ruling rests on. `articles` is empty when only house rules forbid."""
        articles = ", ".join(dict.fromkeys(clause.article for clause in ruling.clauses if clause.article))
        policies = ", ".join(clause.id for clause in ruling.clauses)
        reasons = [clause.reason for clause in ruling.clauses] or [_NOTHING_PERMITS]
        return cls(
            articles=articles,
            grounds=articles or policies or "Cedar",
            policies=policies or "-",
            reason_ko=" ".join(reason.ko for reason in reasons),
            reason_en=" ".join(reason.en for reason in reasons),
        )


_NOTHING_PERMITS = Text(ko="이 요청을 허용하는 정책이 없습니다.", en="No policy permits this request.")


class RateLimited(HanbokError):
    """`retry_after` is in whole seconds, rounded up."""

    code = "rate_limited"
    message = Text(
        ko="이 키의 분당 요청 한도 {limit}건을 넘었습니다",
        en="this key's limit of {limit} requests a minute is used up",
    )
    hint = Text(ko="{retry_after}초 뒤에 다시 시도하십시오.", en="Try again in {retry_after} seconds.")


class TokenRateLimited(HanbokError):
    """`retry_after` is in whole seconds, rounded up."""

    code = "token_rate_limited"
    message = Text(
        ko="이 키의 분당 토큰 한도 {limit}개에 이 요청의 {tokens}개가 더 들어가지 않습니다",
        en="this key's limit of {limit} tokens a minute has no room for the {tokens} of this request",
    )
    hint = Text(
        ko="{retry_after}초 뒤에 다시 시도하십시오. max_tokens를 줄이면 더 일찍 들어갑니다.",
        en="Try again in {retry_after} seconds, or sooner with a smaller max_tokens.",
    )


class TokensOverLimit(HanbokError):
    """The request alone is more than the key may use in a minute: to try again does not help."""

    code = "tokens_over_limit"
    message = Text(
        ko="이 요청은 토큰 {tokens}개쯤이어서 이 키의 분당 토큰 한도 {limit}개보다 큽니다",
        en="this request is about {tokens} tokens, more than this key's limit of {limit} tokens a minute",
    )
    hint = Text(
        ko="다시 보내도 막힙니다. 요청을 나누거나 관리자에게 한도를 늘려 달라고 하십시오.",
        en="Sending it again does not help. Split the request, or ask the administrator for a higher limit.",
    )


class ConcurrencyExceeded(HanbokError):
    code = "concurrency_exceeded"
    message = Text(
        ko="이 키로 동시에 보낼 수 있는 요청 {limit}건이 모두 진행 중입니다",
        en="this key already has its {limit} calls under way",
    )
    hint = Text(
        ko="앞선 요청이 끝난 뒤 다시 시도하십시오.", en="Try again when one of the earlier calls has ended."
    )


class LimitsUnavailable(HanbokError):
    """What counts for all machines does not answer: no call comes in uncounted. `retry_after` is in seconds."""

    code = "limits_unavailable"
    message = Text(
        ko="여러 서버가 함께 쓰는 한도를 셀 수 없습니다: {why}",
        en="the limits that machines share cannot be counted: {why}",
    )
    hint = Text(
        ko="{retry_after}초 뒤에 다시 시도하십시오. 관리자는 `limits.shared.url`의 Redis(Valkey)를 확인하십시오. "
        "돌아오면 재시작하지 않아도 이어집니다.",
        en="Try again in {retry_after} seconds. The administrator sees whether the Redis (Valkey) of "
        "`limits.shared.url` answers; all goes on without a restart when it is back.",
    )


class LimitsLoginRefused(HanbokError):
    """`who`: Redis or Sentinel; `why`: in its words."""

    code = "limits_login_refused"
    message = Text(
        ko="여러 서버가 함께 쓰는 한도의 {who}가 접속을 거부했습니다: {why}",
        en="the {who} of the limits that machines share does not let us in: {why}",
    )
    hint = Text(
        ko="`limits.shared`의 `username`과 `password`(Sentinel은 `sentinel_username`과 `sentinel_password`), "
        "그리고 그 사용자에게 허용된 명령과 키를 확인하십시오.",
        en="Check `username` and `password` of `limits.shared` (for Sentinel `sentinel_username` and "
        "`sentinel_password`), and which commands and keys that user may use.",
    )


class LimitsMasterUnknown(HanbokError):
    code = "limits_master_unknown"
    message = Text(
        ko="Sentinel이 {master}(이)라는 마스터를 모릅니다",
        en="no Sentinel knows a master that is called {master}",
    )
    hint = Text(
        ko="`limits.shared.url` 끝의 이름은 Sentinel 설정의 `sentinel monitor NAME ...`에 적힌 이름과 같아야 합니다.",
        en="`limits.shared.url` must end with a name that the Sentinels have: `sentinel monitor NAME ...`.",
    )


class LimitsTlsFailed(HanbokError):
    """`why`: what was wrong with a certificate, or the file that cannot be read."""

    code = "limits_tls_failed"
    message = Text(
        ko="여러 서버가 함께 쓰는 한도의 Redis에 TLS로 연결할 수 없습니다: {why}",
        en="no TLS with the Redis of the limits that machines share: {why}",
    )
    hint = Text(
        ko="`limits.shared`의 `authorities`, `certificate`, `key` 파일을 확인하십시오. "
        "인증서에는 `url`이나 Sentinel, 클러스터가 알려 주는 호스트 이름이 있어야 합니다.",
        en="Check the files `authorities`, `certificate` and `key` of `limits.shared`. A server's certificate must "
        "name the host as `url`, the Sentinels or the cluster have it.",
    )


class LimitsKindWrong(HanbokError):
    """What answers is a Sentinel, a single server or a node of a cluster, and the address says otherwise."""

    code = "limits_kind_wrong"
    message = Text(
        ko="`limits.shared.url`에서 답하는 것은 주소가 말하는 종류의 Redis가 아닙니다",
        en="what answers at `limits.shared.url` is no Redis of the kind that the address says",
    )
    hint = Text(
        ko="서버 하나는 `redis://`, Sentinel은 `redis+sentinel://`, 클러스터는 `redis+cluster://`로 시작합니다. "
        "Sentinel의 포트는 보통 26379입니다.",
        en="Write `redis://` for one server, `redis+sentinel://` for Sentinels, `redis+cluster://` for a cluster. "
        "Sentinels mostly listen on port 26379.",
    )


class MachineUnknown(HanbokError):
    code = "machine_unknown"
    message = Text(
        ko="한도를 함께 세는 서버 가운데 {machine}은(는) 없습니다",
        en="{machine} is none of the machines that count limits together",
    )
    hint = Text(
        ko="`hanbok budget machines`가 이름을 보입니다.", en="`hanbok budget machines` shows their names."
    )


class MachineHeard(HanbokError):
    """What its calls hold is its own to give back."""

    code = "machine_heard"
    message = Text(ko="{machine} 서버는 아직 살아 있습니다", en="the machine {machine} is still there")
    hint = Text(
        ko="영영 잃은 서버의 것만 풉니다. 멈춘 지 `limits.shared.lease`초가 지난 뒤 다시 하십시오.",
        en="Only what a lost machine held is released: try again `limits.shared.lease` seconds after it stopped.",
    )


class LimitsNotShared(HanbokError):
    code = "limits_not_shared"
    message = Text(
        ko="이 설정에는 다른 서버와 함께 세는 한도가 없습니다",
        en="these settings share no limits with other machines",
    )
    hint = Text(
        ko="`limits.shared`가 있는 설정 파일을 `--config`로 주십시오.",
        en="Name the settings file that has `limits.shared` with `--config`.",
    )
