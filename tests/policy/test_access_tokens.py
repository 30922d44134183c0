"""Which access tokens open the door, and every way in which one must not."""

import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hanbok.policy.access_tokens import AccessTokens, TokenKeysUnfit, TokenUnfit
from hanbok.policy.key import KeyUnknown, Limits
from hanbok.policy.token_rules import TokenRules

OURS, STRANGERS = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
NOW = datetime.now(UTC)
GOOD = {
    "iss": "https://login.example.kr",
    "aud": "https://ai.example.kr/mcp",
    "sub": "kim@example.kr",
    "exp": int((NOW + timedelta(days=1)).timestamp()),
    "scope": "tools profile",
}


class Nobody:
    def find(self, *_):
        raise KeyUnknown


def jwks(key=OURS, kid="one") -> str:
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key()))
    return json.dumps({"keys": [public | {"kid": kid, "alg": "ES256", "use": "sig"}]})


def tokens(keys: str = "") -> AccessTokens:
    rules = TokenRules(
        issuer=GOOD["iss"],
        audience=GOOD["aud"],
        scopes=("tools",),
        organisation="bank",
        team="agents",
        limits=Limits(requests_per_minute=7),
        jwks=keys or jwks(),
    )
    return AccessTokens(Nobody(), rules)


def signed(claims=None, *, key=OURS, algorithm="ES256", kid="one", without="") -> str:
    made = {name: one for name, one in (GOOD | (claims or {})).items() if name != without}
    return jwt.encode(made, key, algorithm=algorithm, headers={"kid": kid})


def test_a_good_token_stands_for_a_caller_of_the_organisation_with_limits_and_an_end():
    key = tokens().find(signed(), NOW)
    assert (key.principal.organisation, key.principal.team, key.limits.requests_per_minute) == (
        "bank",
        "agents",
        7,
    )
    assert key.expires is not None
    assert "kim" not in key.id
    assert tokens().find(signed(), NOW).id == key.id
    assert tokens().find(signed({"sub": "lee@example.kr"}), NOW).id != key.id


@pytest.mark.parametrize(
    "token",
    [
        signed({"aud": "https://other.example.kr"}),
        signed({"iss": "https://evil.test"}),
        signed({"exp": int((NOW - timedelta(minutes=1)).timestamp())}),
        signed({"scope": "profile"}),
        signed({"scope": "toolset"}),
        signed(without="aud"),
        signed(without="exp"),
        signed(without="sub"),
        signed(key=STRANGERS),
        signed(kid="two"),
        signed(key=None, algorithm="none"),
        signed(key="x" * 40, algorithm="HS256"),
        signed(key=rsa.generate_private_key(65537, 2048), algorithm="RS256"),
        signed()[:-4] + "AAAA",
        "a.b.c",
        "..",
    ],
)
def test_any_other_token_is_refused_and_never_quoted(token):
    with pytest.raises(TokenUnfit) as caught:
        tokens().find(token, NOW)
    assert "kim" not in str(caught.value)


def test_what_is_no_token_is_looked_for_among_the_keys():
    with pytest.raises(KeyUnknown):
        tokens().find("hb-notatoken", NOW)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"keys": []}', '{"keys": 3}'])
def test_a_file_that_holds_no_keys_is_refused(text):
    with pytest.raises(TokenKeysUnfit):
        tokens(text or " ")
