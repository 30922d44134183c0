"""Settings of doors before stand-ins: one abroad and one at home, or one in each provider's format."""

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

FORMATS = {"openai_compatible": "/v1", "anthropic": "/v1", "gemini": "/v1beta"}
"""Kinds of endpoint whose formats a scripted model speaks, and the paths at which it does."""
_ENDPOINT = """\
  {kind}:
    kind: {kind}
    url: {origin}{path}
    key: made-up
    country: KR
    zone: domestic
    operator: Stand-in
    data_use: {{trains: false, basis: 개인정보 보호법 제26조}}
"""
_MODEL = "  {kind}: {{targets: [{{endpoint: {kind}, model: real}}], {price}}}\n"


def in_each_format(origin: str) -> str:
    """Return settings with a model of each format, by the name of its kind, all answered by one stand-in."""
    endpoints = [_ENDPOINT.format(kind=kind, origin=origin, path=path) for kind, path in FORMATS.items()]
    models = [_MODEL.format(kind=kind, price=PRICE) for kind in FORMATS]
    return "".join(["server: {port: 0}\nstate: state\nendpoints:\n", *endpoints, "models:\n", *models])
