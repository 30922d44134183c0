"""Two offices for simulations, a bank and a ministry: their settings, their staff and what they ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from hanbok.testing.korean import Identities

Prompt = Callable[[Identities], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    team: str
    person: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An organisation at work. `settings` holds `{outside}` and `{home}`, where its models are."""

    id: str
    name: str
    settings: str
    staff: tuple[Staff, ...]
    prompts: Mapping[str, tuple[Prompt, ...]]
    """What is asked of each model."""
    swap: str
    """The model that is replaced within the month."""
    use: str
    area: str
    """The area of high impact that its use falls into."""


_PRICE: Final = "price: {{input: 1000, output: 4000, as_of: 2026-09-01}}"

_HOME: Final = """\
  home:
    kind: openai_compatible
    url: {home}
    country: KR
    zone: home
    operator: self
    data_use: {{trains: false}}
"""

_BANK: Final = (
    """\
language: ko
state: state
reports: {{name: 가온은행}}
marking: {{field: true}}
policy: {{packs: [pipa, credit_information, efsr, n2sf, network]}}
endpoints:
  outside:
    kind: openai_compatible
    url: {outside}
    key: sk-stand-in
    country: US
    zone: foreign
    operator: Example Inc.
    data_use: {{trains: false, retention_days: 0, basis: "개인정보 보호법 제28조의8제1항제3호"}}
    certificates: [SOC2, ISO27017]
"""
    + _HOME
    + f"""\
models:
  abroad: {{{{targets: [{{{{endpoint: outside, model: gpt-x}}}}], {_PRICE}}}}}
  house: {{{{targets: [{{{{endpoint: home, model: local}}}}], {_PRICE}}}}}
  next: {{{{targets: [{{{{endpoint: outside, model: gpt-y}}}}], {_PRICE}}}}}
"""
)

_MINISTRY: Final = (
    """\
language: ko
state: state
reports: {{name: 누리부}}
policy: {{packs: [pipa, n2sf, network]}}
endpoints:
  outside:
    kind: openai_compatible
    url: {outside}
    key: sk-stand-in
    country: KR
    zone: domestic
    operator: 누리클라우드
    data_use: {{trains: false, retention_days: 0, basis: "개인정보 보호법 제26조"}}
    certificates: ["CSAP:중", ISMS-P]
"""
    + _HOME
    + f"""\
models:
  cloud: {{{{targets: [{{{{endpoint: outside, model: solar-x}}}}], instead: house, {_PRICE}}}}}
  house: {{{{targets: [{{{{endpoint: home, model: local}}}}], {_PRICE}}}}}
  next: {{{{targets: [{{{{endpoint: outside, model: solar-y}}}}], {_PRICE}}}}}
"""
)

_PLAIN: Final[tuple[Prompt, ...]] = (
    lambda _: "회의에서 나온 의견 세 가지를 표로 정리해 줘: 속도, 정확도, 비용.",
    lambda _: "보도자료의 첫 문단을 두 문장으로 줄여 줘. 제도를 쉽게 바꾼다는 내용이야.",
    lambda _: "엑셀에서 날짜를 요일로 바꾸는 수식을 알려 줘.",
)
_PERSONAL: Final[tuple[Prompt, ...]] = (
    lambda who: f"고객 휴대전화는 {who.mobile()}입니다. 약속을 바꾸는 문자를 써 줘.",
    lambda who: f"담당자 전자우편은 {who.email()}입니다. 감사 인사를 두 문장으로 써 줘.",
)
_STRICT: Final[tuple[Prompt, ...]] = (
    lambda who: f"주민등록번호 {who.rrn()} 고객의 서류에서 빠진 것을 알려 줘.",
    lambda who: f"여권번호 {who.passport()} 신청자의 처리 상태를 정리해 줘.",
)
_ACCOUNTS: Final[tuple[Prompt, ...]] = (
    lambda who: f"신한은행 계좌번호 {who.account('신한은행')}로 입금을 확인했다는 안내를 써 줘.",
)
_SECRETS: Final[tuple[Prompt, ...]] = (lambda who: f"이 키로 접속이 안 돼: {who.secret()}. 원인을 찾아 줘.",)

OFFICES: Final[Mapping[str, Office]] = {
    "bank": Office(
        id="gaon-bank",
        name="가온은행",
        settings=_BANK,
        staff=(
            Staff(team="여신심사부", person="loan-01", models=("abroad", "house")),
            Staff(team="고객상담부", person="desk-07", models=("abroad",)),
            Staff(team="디지털부", person="dev-03", models=("abroad", "house", "next")),
        ),
        prompts={
            "abroad": (*_PLAIN, *_PERSONAL, *_ACCOUNTS, *_STRICT, *_SECRETS),
            "house": (*_PLAIN, *_STRICT),
            "next": _PLAIN,
        },
        swap="abroad",
        use="loan-helper",
        area="rights",
    ),
    "ministry": Office(
        id="nuri-ministry",
        name="누리부",
        settings=_MINISTRY,
        staff=(
            Staff(team="민원과", person="civil-02", models=("cloud", "house")),
            Staff(team="정책과", person="policy-11", models=("cloud", "next")),
        ),
        prompts={
            "cloud": (*_PLAIN, *_PERSONAL, *_STRICT, *_SECRETS),
            "house": (*_PLAIN, *_STRICT),
            "next": _PLAIN,
        },
        swap="cloud",
        use="minwon-helper",
        area="public",
    ),
}
