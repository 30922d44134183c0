"""Access tokens of an authorization server (RFC 9068) that an organisation trusts, beside hanbok's own keys.

A token counts only when its issuer signed it, it is in force, and it names hanbok as its audience (RFC 8707): one that
was made for another service opens nothing here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import jwt

from hanbok.core.errors import HanbokError
from hanbok.core.values import Principal, Text
from hanbok.policy.key import Key
from hanbok.policy.keyring import Keys
from hanbok.policy.token_rules import TokenRules

_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "ES384", "EdDSA"]
"""With public keys only: none by which whoever can check could also sign."""
_DOTS: Final = 2


class TokenUnfit(HanbokError):
    code = "token_unfit"
    message = Text(ko="접근 토큰을 받을 수 없습니다: {why}", en="the access token is not accepted: {why}")
    hint = Text(
        ko="hanbok을 대상(audience)으로 하는 토큰을 인가 서버에서 새로 받으십시오.",
        en="Get a new token from the authorization server, with hanbok as its audience.",
    )


class TokenKeysUnfit(HanbokError):
    code = "token_keys_unfit"
    message = Text(ko="mcp.oauth.keys는 JWKS 파일이 아닙니다", en="mcp.oauth.keys is no JWKS file")
    hint = Text(
        ko="인가 서버의 `jwks_uri`에서 받은 파일을 그대로 두십시오.",
        en="Put there what the authorization server's `jwks_uri` gives, unchanged.",
    )


class AccessTokens:
    """Finds callers by a token, or by a key as before."""

    def __init__(self, keys: Keys, rules: TokenRules) -> None:
        """Raise TokenKeysUnfit."""
        self._keys = keys
        self._rules = rules
        try:
            self._set = jwt.PyJWKSet.from_json(rules.jwks)
        except (jwt.PyJWTError, ValueError, AttributeError) as error:
            raise TokenKeysUnfit from error

    def find(self, secret: str, now: datetime) -> Key:
        """Return the key that stands for the caller. Raises TokenUnfit, and what a key ring does."""
        if secret.count(".") != _DOTS:
            return self._keys.find(secret, now)
        claims = self._claims(secret)
        if not set(self._rules.scopes) <= set(str(claims.get("scope", "")).split()):
            raise TokenUnfit(why=Text(ko="권한 범위가 모자랍니다", en="a scope is missing"))
        # Who it is may be an address of mail: the log gets what is the same each time and tells nothing.
        name = sha256(f"{self._rules.issuer}\0{claims['sub']}".encode()).hexdigest()[:16]
        rules, id_ = self._rules, f"oauth_{name}"
        who = Principal(organisation=rules.organisation, key=id_, team=rules.team)
        expires = datetime.fromtimestamp(int(claims["exp"]), UTC)
        return Key(id=id_, digest="", principal=who, limits=rules.limits, expires=expires)

    def known(self, key: str, now: datetime) -> Key:
        """Return a key by its id: tokens have none that outlives them."""
        return self._keys.known(key, now)

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            named = jwt.get_unverified_header(token).get("kid")
            key = next((one for one in self._fit(named)), None)
            if key is None:
                raise TokenUnfit(why=Text(ko="모르는 서명 키입니다", en="its signing key is not known"))
            return jwt.decode(
                token,
                key,
                algorithms=_ALGORITHMS,
                audience=self._rules.audience,
                issuer=self._rules.issuer,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            name = type(error).__name__
            raise TokenUnfit(why=Text(ko=f"검증 실패({name})", en=f"it does not verify ({name})")) from None

    def _fit(self, named: object) -> Sequence[jwt.PyJWK]:
        keys = self._set.keys
        return [one for one in keys if one.key_id == named] if named or len(keys) > 1 else keys
