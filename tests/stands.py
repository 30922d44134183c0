"""Settings of a door between a model abroad and one at home, both stand-ins."""

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
