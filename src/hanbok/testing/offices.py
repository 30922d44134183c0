"""Two offices for simulations, a bank and a ministry: their profiles, their staff and what they ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from hanbok.core.values import Language
from hanbok.policy.profile import write
from hanbok.testing.korean import Identities

Prompt = Callable[[Identities], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    team: str
    person: str
    models: tuple[str, ...]
    application: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """An organisation at work, set up from a profile of `hanbok init` as its how-to says."""

    id: str
    name: str
    profile: str
    place: str
    """The profile's endpoint outside."""
    fills: tuple[tuple[str, str], ...]
    """What the profile leaves open, and what the office writes there."""
    staff: tuple[Staff, ...]
    prompts: Mapping[str, tuple[Prompt, ...]]
    """What is asked of each model."""
    swap: str
    """The model that is replaced within the month."""
    use: str
    area: str
    """The area of high impact that its use falls into."""


_PROOF: Final = "issued: 2026-01-01, expires: 2027-12-31"
_NEXT: Final = """\
  next:
    targets: [{{endpoint: {place}, model: successor}}]
    price: {{input: 1000, output: 4000, as_of: 2026-10-01}}
"""


def _records(*certificates: str) -> tuple[str, str]:
    """Return the processor's records as a profile leaves them open, and as its office fills them in."""
    named = ", ".join(f"{{name: {one}, {_PROOF}}}" for one in certificates)
    contract = f"      contract: {{{_PROOF}, reference: 2026-001}}\n      no_training: {{{_PROOF}}}\n"
    return "      certificates: []\n", f"{contract}      retention_days: 0\n      certificates: [{named}]\n"


def _basis(items: str) -> tuple[str, str]:
    """Return the grounds of a transfer abroad as a profile leaves them open, and as its office fills them in."""
    how = "when: 질문할 때, method: 통신망, purpose: 답변 생성, period: 보관하지 않음, refusal: 담당 부서에 알림"
    return (
        "      bases: []\n",
        f"      bases: [{{ground: contract, issued: 2026-01-01, items: [{items}], {how}}}]\n",
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
        profile="bank-sandbox",
        place="designated",
        fills=(_records("혁신금융서비스", "SOC2", "ISO27017"), _basis("질문에 든 가명 정보")),
        staff=(
            Staff(team="여신심사부", person="loan-01", models=("designated", "house")),
            Staff(team="고객상담부", person="desk-07", models=("designated",)),
            Staff(team="디지털부", person="dev-03", models=("designated", "house", "next")),
        ),
        prompts={
            "designated": (*_PLAIN, *_PERSONAL, *_ACCOUNTS, *_STRICT, *_SECRETS),
            "house": (*_PLAIN, *_STRICT),
            "next": (*_PLAIN, *_STRICT),
        },
        swap="designated",
        use="loan-helper",
        area="rights",
    ),
    "ministry": Office(
        id="nuri-ministry",
        name="누리부",
        profile="public-internet",
        place="abroad",
        fills=(
            _records("SOC2"),
            _basis("공개 정보"),
            ("    example: {public: false}\n", "    minwon: {public: false, reviewed: true}\n"),
        ),
        staff=(
            Staff(team="민원과", person="civil-02", models=("public", "house"), application="minwon"),
            Staff(team="정책과", person="policy-11", models=("public", "next"), application="minwon"),
        ),
        prompts={
            "public": (*_PLAIN, *_PERSONAL, *_STRICT, *_SECRETS),
            "house": (*_PLAIN, *_STRICT),
            "next": (*_PLAIN, *_STRICT),
        },
        swap="public",
        use="minwon-helper",
        area="public",
    ),
}


def write_settings(office: Office, folder: Path, day: date) -> Path:
    """Write what `hanbok init` writes for the office's profile, filled in; return the settings file."""
    files = dict(write(office.profile, Language.KO, day).files)
    text = files["hanbok.yaml"] + _NEXT.format(place=office.place)
    for gap, filled in (
        *office.fills,
        ("state: state\n", f"state: {folder / 'state'}\nreports: {{name: {office.name}}}\n"),
    ):
        if text.count(gap) != 1:
            raise ValueError(f"the profile {office.profile} has no one place for {gap!r}")
        text = text.replace(gap, filled)
    for name, content in (files | {"hanbok.yaml": text}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder / "hanbok.yaml"
