"""Virtual keys: what hanbok's callers hold instead of a provider's key."""

from dataclasses import dataclass
from datetime import datetime

from hanbok.core.errors import HanbokError
from hanbok.core.values import MicroWon, Principal, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a key may use. None: no limit."""

    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    """Of requests and answers together, cached ones too. What a call may use is held when it comes in."""
    concurrency: int | None = None
    """Calls under way at once."""
    won_per_day: MicroWon | None = None
    won_per_month: MicroWon | None = None
    """Days and months are Korean ones (UTC+9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One virtual key. The secret itself is shown once and kept nowhere; `digest` is its SHA-256 in hex."""

    id: str
    digest: str
    principal: Principal
    models: frozenset[str] = frozenset()
    """Names it may ask; empty: all."""
    limits: Limits = Limits()
    expires: datetime | None = None
    revoked: datetime | None = None


class KeyMissing(HanbokError):
    code = "key_missing"
    message = Text(ko="API 키가 없습니다", en="no API key was given")
    hint = Text(
        ko="`Authorization: Bearer hb-...` 헤더로 키를 보내십시오. 키는 `hanbok key create`로 만듭니다.",
        en="Send `Authorization: Bearer hb-...`. `hanbok key create` makes a key.",
    )


class KeyUnknown(HanbokError):
    code = "key_unknown"
    message = Text(ko="알 수 없는 API 키입니다", en="the API key is not known")
    hint = Text(
        ko="키를 끝까지 복사했는지, 이 서버의 키인지 확인하십시오.",
        en="Check that the key was copied whole and belongs to this server.",
    )


class KeyRevoked(HanbokError):
    code = "key_revoked"
    message = Text(ko="키 {key}은(는) 폐기되었습니다", en="key {key} has been revoked")
    hint = Text(ko="관리자에게 새 키를 받으십시오.", en="Ask the administrator for a new key.")


class KeyExpired(HanbokError):
    code = "key_expired"
    message = Text(ko="키 {key}의 사용 기간이 {expires}에 끝났습니다", en="key {key} expired at {expires}")
    hint = Text(ko="관리자에게 새 키를 받으십시오.", en="Ask the administrator for a new key.")


class ModelNotAllowed(HanbokError):
    code = "model_not_allowed"
    message = Text(
        ko="이 키로는 모델 {model!r}을(를) 쓸 수 없습니다", en="this key may not use the model {model!r}"
    )
    hint = Text(
        ko="`/v1/models`에 나오는 모델을 쓰거나 관리자에게 요청하십시오.",
        en="Use a model that `/v1/models` lists, or ask the administrator.",
    )
