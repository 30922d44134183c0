"""What the register of processors must tell: the disclosure of transfers abroad and the list of processors.

PIPA art. 28-8 par. 2 (the five items of a transfer), art. 26 par. 1 to 3 (contract and publication of processors).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from hanbok.core.values import Language, Text, Zone
from hanbok.policy.paper import Grid, Heading, Paper, Sentence
from hanbok.policy.transfers import Basis, Controller, Ground, Placed, Processor

GROUNDS: Mapping[Ground, Text] = {
    Ground.CONSENT: Text(ko="정보주체의 별도 동의", en="separate consent of the person"),
    Ground.LAW: Text(ko="법률, 조약 또는 국제협정", en="an act, a treaty or an international agreement"),
    Ground.CONTRACT: Text(
        ko="계약의 체결·이행을 위한 처리위탁·보관(공개 또는 통지)",
        en="outsourcing or storage needed for a contract, disclosed or notified",
    ),
    Ground.CERTIFIED: Text(ko="이전받는 자의 인증", en="certification of the recipient"),
    Ground.ADEQUACY: Text(
        ko="보호 수준이 동등하다고 인정된 국가", en="a country recognised as giving equal protection"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """All that the two papers are made of."""

    controller: Controller
    processors: Mapping[str, Processor]
    places: Mapping[str, tuple[str, Placed]]
    """By endpoint: the name of its processor, or none, and what is on record."""

    def countries(self, name: str) -> tuple[str, ...]:
        """Return where data that goes to this processor may be."""
        own = [place.declared.country for one, place in self.places.values() if one == name]
        subs = [sub.country for sub in self.processors[name].sub_processors]
        return tuple(dict.fromkeys(own + subs)) or (self.processors[name].country,)

    def abroad(self, name: str, on: date) -> bool:
        """Whether data that goes to this processor leaves Korea."""
        zones = {place.on(on, records_only=False).zone for one, place in self.places.values() if one == name}
        return Zone.FOREIGN in zones


def disclosure(register: Register, on: date, language: Language) -> Paper:
    """Return the disclosure of the transfers abroad whose ground is in force."""

    def say(ko: str, en: str) -> str:
        return Text(ko=ko, en=en).of(language)

    parts: list[Heading | Sentence | Grid] = [
        Sentence(
            say(
                f"{register.controller.name or '(이름 미기재)'}은(는) 개인정보 보호법 제28조의8에 따라 개인정보를 "
                "아래와 같이 국외로 이전합니다.",
                f"Under article 28-8 of the Personal Information Protection Act, "
                f"{register.controller.name or '(no name on record)'} transfers personal data abroad as follows.",
            )
        )
    ]
    for name, record in register.processors.items():
        if register.abroad(name, on):
            for basis in (one for one in record.bases if one.holds(on)):
                parts += _transfer(register, name, basis, language)
    if len(parts) == 1:
        parts = [
            Sentence(say("국외로 이전하는 개인정보가 없습니다.", "No personal data is transferred abroad."))
        ]
    parts += _ending(register, on, language)
    title = say("개인정보의 국외 이전에 관한 고지", "Notice of transfers of personal data abroad")
    return Paper(language=language, title=title, parts=tuple(parts))


def _transfer(
    register: Register, name: str, basis: Basis, language: Language
) -> Iterator[Heading | Sentence | Grid]:
    def say(ko: str, en: str) -> str:
        return Text(ko=ko, en=en).of(language)

    record, nothing = register.processors[name], say("(기록 없음)", "(not on record)")
    when = ", ".join(one for one in (basis.when, basis.method) if one)
    countries = ", ".join(register.countries(name))
    rows = (
        (say("이전의 근거", "Ground"), f"{GROUNDS[basis.ground].of(language)} ({basis.ground.citation})"),
        (say("1. 이전하는 개인정보 항목", "1. Items transferred"), ", ".join(basis.items)),
        (
            say("2. 이전되는 국가, 시기와 방법", "2. Country, time and method"),
            f"{countries}; {when}" if when else "",
        ),
        (
            say("3. 이전받는 자의 이름과 연락처", "3. Recipient and contact"),
            f"{record.name} ({record.contact})" if record.contact else "",
        ),
        (
            say("4. 이용 목적과 보유·이용 기간", "4. Purpose, period of keeping and use"),
            f"{basis.purpose}; {basis.period}" if basis.purpose and basis.period else "",
        ),
        (say("5. 거부 방법·절차와 거부의 효과", "5. How to refuse, and what comes of it"), basis.refusal),
    )
    yield Heading(record.name)
    yield Grid(
        (say("항목", "Item"), say("내용", "Content")), tuple((title, text or nothing) for title, text in rows)
    )
    if record.sub_processors:
        yield Sentence(
            say("다시 맡기는 곳: ", "Passed on to: ")
            + ", ".join(
                f"{sub.name} ({sub.country}{', ' if sub.work else ''}{sub.work})"
                for sub in record.sub_processors
            )
        )


def processor_register(register: Register, on: date, language: Language) -> Paper:
    """Return the list of processors, their work and their proofs."""

    def say(ko: str, en: str) -> str:
        return Text(ko=ko, en=en).of(language)

    head = (
        say("수탁자", "Processor"),
        say("위탁 업무", "Outsourced work"),
        say("엔드포인트", "Endpoints"),
        say("국가", "Countries"),
        say("재수탁자", "Sub-processors"),
        say("계약", "Contract"),
        say("보관", "Keeps"),
        say("학습 금지 약정", "No-training pledge"),
        say("인증", "Certificates"),
        say("최근 감독", "Last supervision"),
    )
    rows = tuple(_processor(register, name, on, language) for name in register.processors)
    parts: list[Heading | Sentence | Grid] = [
        Sentence(
            say(
                "개인정보 보호법 제26조에 따라 개인정보 처리 업무를 맡긴 곳입니다.",
                "Whom the processing of personal data is outsourced to (PIPA article 26).",
            )
        )
    ]
    nobody = Sentence(say("처리를 맡긴 곳이 없습니다.", "Nothing is outsourced."))
    parts += [Grid(head, rows)] if rows else [nobody]
    parts += _ending(register, on, language)
    title = say("개인정보 처리위탁 현황", "Register of processors")
    return Paper(language=language, title=title, parts=tuple(parts))


def _processor(register: Register, name: str, on: date, language: Language) -> tuple[str, ...]:
    def say(ko: str, en: str) -> str:
        return Text(ko=ko, en=en).of(language)

    def spell(first: date, last: date | None, *, holds: bool) -> str:
        end = str(last) if last else say("기한 없음", "no end")
        return f"{first} ~ {end}" + ("" if holds else say(" (효력 없음)", " (not in force)"))

    record, none = register.processors[name], "-"
    contract, pledge = record.contract, record.no_training
    days = record.retention_days
    return (
        f"{record.name} ({record.contact})" if record.contact else record.name,
        record.work or none,
        ", ".join(endpoint for endpoint, (one, _) in register.places.items() if one == name) or none,
        ", ".join(register.countries(name)),
        ", ".join(f"{sub.name} ({sub.country})" for sub in record.sub_processors) or none,
        spell(contract.issued, contract.expires, holds=contract.holds(on)) if contract else none,
        none if days is None else say(f"{days}일", f"{days} days"),
        spell(pledge.issued, pledge.expires, holds=pledge.holds(on)) if pledge else none,
        ", ".join(
            f"{one.name} {spell(one.issued, one.expires, holds=one.holds(on))}" for one in record.certificates
        )
        or none,
        str(record.supervised or none),
    )


def _ending(register: Register, on: date, language: Language) -> list[Heading | Sentence | Grid]:
    controller = register.controller
    asked = " ".join(one for one in (controller.officer, controller.contact) if one)
    told = Text(ko=f"문의: {asked}", en=f"Contact: {asked}").of(language)
    day = Text(ko=f"기준일: {on}", en=f"As of {on}").of(language)
    return [*([Sentence(told)] if asked else []), Sentence(day)]
