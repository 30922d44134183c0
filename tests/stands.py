"""Settings of doors before stand-ins: one abroad and one at home, or one in each provider's format."""

import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SETTINGS = """\
language: ko
state: state
server: {{port: 0}}
endpoints:
  abroad:
    kind: openai_compatible
    url: {abroad}
    key: sk-stand-in
    country: US
    zone: foreign
    operator: Example Inc.
    data_use: {{trains: false, retention_days: 30}}
  home:
    kind: openai_compatible
    url: {home}
    country: KR
    zone: home
    operator: self
    data_use: {{trains: false}}
models:
  abroad: {{targets: [{{endpoint: abroad, model: gpt-x}}], {price}}}
  careful: {{targets: [{{endpoint: abroad, model: gpt-x}}], instead: house, {price}}}
  house: {{targets: [{{endpoint: home, model: local}}], {price}}}
"""
PRICE = "price: {input: 1000, output: 4000, as_of: 2026-11-01}"

FORMATS = {"openai_compatible": "/v1", "anthropic": "/v1", "gemini": "/v1beta", "bedrock": "", "vertex": ""}
"""Kinds of endpoint whose formats a scripted model speaks, and the paths at which it does."""
_OPTIONS = {
    "bedrock": "region: ap-northeast-2, access_key_id: AKIDEXAMPLE",
    "vertex": "location: asia-northeast3",
}
_ENDPOINT = """\
  {kind}:
    kind: {kind}
    url: {origin}{path}
    key: {key}
    options: {{{options}}}
    country: KR
    zone: domestic
    operator: Stand-in
    data_use: {{trains: false, basis: 개인정보 보호법 제26조}}
"""
_MODEL = "  {kind}: {{targets: [{{endpoint: {kind}, model: real}}], {price}}}\n"


@cache
def rsa_key() -> str:
    """Return a private key, PEM: none is written down."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def service_account(origin: str) -> str:
    """Return the key of a service account, whose tokens a stand-in gives."""
    account = {
        "client_email": "hanbok@example.iam.gserviceaccount.com",
        "private_key": rsa_key(),
        "private_key_id": "1",
        "project_id": "example",
        "token_uri": f"{origin}/oauth2/v2.0/token",
    }
    return json.dumps(account)


def in_each_format(origin: str) -> str:
    """Return settings with a model of each format, by the name of its kind, all answered by one stand-in."""
    endpoints = [
        _ENDPOINT.format(
            kind=kind,
            origin=origin,
            path=path,
            key=f"'{service_account(origin)}'" if kind == "vertex" else "made-up",
            options=_OPTIONS.get(kind, ""),
        )
        for kind, path in FORMATS.items()
    ]
    models = [_MODEL.format(kind=kind, price=PRICE) for kind in FORMATS]
    return "".join(["server: {port: 0}\nstate: state\nendpoints:\n", *endpoints, "models:\n", *models])
