"""The register of processors: who gets data, in which country, on what legal basis, with which proofs and until when.

Every record has a last day. From the midnight after it (in Korea) what it stood for is gone: a basis no longer lifts
the rule on transfers abroad, and an endpoint with a lapsed certificate or pledge gets nothing at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from msgspec import Meta, Struct

from hanbok.core.values import DataUse, Destination, Text, Zone
from hanbok.evidence.entry import Transfer

NO_TRAINING: Final = "no_training"
"""How a lapsed pledge not to train is called among the lapsed records."""
_OUTSOURCING: Final = "개인정보 보호법 제26조제1항"
_HERE: Final = "KR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """The organisation that answers for the data (개인정보처리자)."""

    name: str = ""
    officer: str = ""
    contact: str = ""


class Ground(StrEnum):
    """What lets personal data go abroad (PIPA art. 28-8 par. 1)."""

    CONSENT = "consent"
    LAW = "law"
    CONTRACT = "contract"
    CERTIFIED = "certified"
    ADEQUACY = "adequacy"

    @property
    def citation(self) -> str:
        """The item of article 28-8 paragraph 1."""
        return f"개인정보 보호법 제28조의8제1항제{_ITEMS[self]}호"


_ITEMS = {one: number for number, one in enumerate(Ground, start=1)}


class _Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class _Dated(_Part, frozen=True, kw_only=True):
    issued: Annotated[date, Meta(description="First day on which it holds.")]
    expires: Annotated[
        date | None, Meta(description="Last day on which it holds, in Korea; none: without end.")
    ] = None
    reference: Annotated[str, Meta(description="Where the document itself is kept.")] = ""

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for a time that ends before it begins."""
        if self.expires is not None and self.expires < self.issued:
            raise ValueError("`expires` is before `issued`")

    def holds(self, on: date) -> bool:
        """Whether it is in force on this day."""
        return self.issued <= on and not self.over(on)

    def over(self, on: date) -> bool:
        """Whether its last day is past."""
        return self.expires is not None and self.expires < on


class Proof(_Dated, frozen=True, kw_only=True):
    """A pledge not to train on what is sent."""


class Certificate(_Dated, frozen=True, kw_only=True):
    name: Annotated[
        str, Meta(min_length=1, description="Name, as policies write it: `SOC2`, `ISMS-P`, `CSAP:중`.")
    ]


class Contract(_Dated, frozen=True, kw_only=True):
    """A contract of outsourcing (PIPA art. 26 par. 1)."""


class Basis(_Dated, frozen=True, kw_only=True):
    """A ground for transfers abroad (PIPA art. 28-8 par. 1), with what its paragraph 2 wants told."""

    ground: Annotated[
        Ground,
        Meta(
            description="`consent` (separate), `law` (or treaty), `contract` (necessity, with disclosure), "
            "`certified` (recipient), `adequacy` (of the country)."
        ),
    ]
    cites: Annotated[
        tuple[str, ...],
        Meta(description="Further provisions that it fulfils, such as `신용정보법 제32조제1항`."),
    ] = ()
    disclosed: Annotated[
        date | None,
        Meta(description="Day on which it was disclosed or notified; `contract` holds only from then on."),
    ] = None
    items: Annotated[tuple[str, ...], Meta(description="Items of personal data that are transferred.")] = ()
    when: Annotated[str, Meta(description="When it is transferred.")] = ""
    method: Annotated[str, Meta(description="How it is transferred.")] = ""
    purpose: Annotated[str, Meta(description="What the recipient uses it for.")] = ""
    period: Annotated[str, Meta(description="How long the recipient keeps and uses it.")] = ""
    refusal: Annotated[
        str, Meta(description="How a person refuses the transfer, and what comes of refusing.")
    ] = ""

    def holds(self, on: date) -> bool:
        """Whether it is in force on this day: necessity for a contract needs its disclosure, too (item 3)."""
        told = self.disclosed is not None and self.disclosed <= on
        return (self.issued <= on and not self.over(on)) and (told or self.ground is not Ground.CONTRACT)

    def missing(self) -> list[str]:
        """Return the fields that the disclosure needs and that are empty."""
        needed = ("items", "when", "method", "purpose", "period", "refusal")
        return [name for name in needed if not getattr(self, name)]


class SubProcessor(_Part, frozen=True, kw_only=True):
    name: Annotated[str, Meta(min_length=1, description="Its name.")]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="Country, ISO 3166-1 alpha-2.")] = _HERE
    work: Annotated[str, Meta(description="What it does with the data.")] = ""
    contact: Annotated[str, Meta(description="How it is reached.")] = ""
    consent: Annotated[
        date | None, Meta(description="Day on which you agreed to it (PIPA art. 26 par. 6).")
    ] = None


class Processor(_Part, frozen=True, kw_only=True):
    """Who runs endpoints and gets data there."""

    name: Annotated[str, Meta(min_length=1, description="Name of the company.")]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="Its country, ISO 3166-1 alpha-2.")]
    contact: Annotated[str, Meta(description="How the one in charge of information is reached.")] = ""
    work: Annotated[str, Meta(description="The work that is outsourced to it.")] = ""
    retention_days: Annotated[
        Annotated[int, Meta(ge=0)] | None, Meta(description="Days that it keeps contents; none: not known.")
    ] = None
    contract: Annotated[Contract | None, Meta(description="Contract of outsourcing.")] = None
    supervised: Annotated[date | None, Meta(description="Day of the latest supervision.")] = None
    sub_processors: Annotated[tuple[SubProcessor, ...], Meta(description="Whom it passes data on to.")] = ()
    no_training: Annotated[Proof | None, Meta(description="Pledge not to train on inputs.")] = None
    certificates: Annotated[tuple[Certificate, ...], Meta(description="Certificates with their days.")] = ()
    bases: Annotated[tuple[Basis, ...], Meta(description="Grounds for transfers abroad.")] = ()

    @property
    def passes_abroad(self) -> bool:
        """Whether anyone it passes data on to is outside Korea."""
        return any(one.country != _HERE for one in self.sub_processors)

    def certificates_on(self, day: date) -> tuple[str, ...]:
        """Return the names of the certificates in force."""
        return tuple(dict.fromkeys(one.name for one in self.certificates if one.holds(day)))

    def lapsed_on(self, day: date) -> tuple[str, ...]:
        """Return the certificates, and the pledge, whose time has run out without a successor."""
        gone = {one.name for one in self.certificates if one.over(day)} - {*self.certificates_on(day)}
        pledge = {NO_TRAINING} if self.no_training is not None and self.no_training.over(day) else set[str]()
        return tuple(sorted(gone | pledge))

    def cited_on(self, day: date) -> tuple[str, ...]:
        """Return the provisions that the records in force fulfil."""
        cited = [_OUTSOURCING] if self.contract is not None and self.contract.holds(day) else []
        for basis in self.bases:
            if basis.holds(day):
                cited += [basis.ground.citation, *basis.cites]
        return tuple(dict.fromkeys(cited))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An endpoint as the settings declare it, and the record of its processor."""

    declared: Destination
    processor: Processor | None = None

    def on(self, day: date, *, records_only: bool) -> Destination:
        """Return what holds of it on this day.

        A dated record goes before a declaration without a day. With `records_only` such declarations count for
        nothing outside the organisation: what has no record is not there.
        """
        to, record = self.declared, self.processor
        if to.zone is Zone.HOME:
            return to
        if record is None:
            return replace(to, data_use=DataUse(), certificates=()) if records_only else to
        named = {one.name for one in record.certificates}
        declared = () if records_only else tuple(one for one in to.certificates if one not in named)
        basis = () if records_only or not to.data_use.basis else (to.data_use.basis,)
        use = DataUse(
            trains=self._trains(record, day, records_only=records_only),
            retention_days=to.data_use.retention_days
            if record.retention_days is None
            else record.retention_days,
            basis=", ".join((*basis, *record.cited_on(day))),
        )
        return replace(
            to,
            # What is passed on abroad is not in Korea, wherever the first machine stands.
            zone=Zone.FOREIGN if record.passes_abroad else to.zone,
            data_use=use,
            certificates=(*declared, *record.certificates_on(day)),
            lapsed=record.lapsed_on(day),
        )

    def _trains(self, record: Processor, day: date, *, records_only: bool) -> bool:
        if record.no_training is not None:
            return not record.no_training.holds(day)
        return records_only or self.declared.data_use.trains


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something of the register that must be looked after."""

    processor: str
    what: str
    """Name of the record, such as `SOC2`, `no_training`, `contract` or `basis:consent`."""
    why: Text
    days: int | None = None
    """Days that are left; negative: lapsed; None: not a matter of time."""


def dated(record: Processor) -> Iterator[tuple[str, _Dated]]:
    """Yield every record of a processor that has a last day, newest last."""
    if record.contract is not None:
        yield "contract", record.contract
    if record.no_training is not None:
        yield NO_TRAINING, record.no_training
    for certificate in record.certificates:
        yield certificate.name, certificate
    for basis in record.bases:
        yield f"basis:{basis.ground}", basis


def running_out(processors: Mapping[str, Processor], day: date, within: int) -> list[Concern]:
    """Return the records that lapsed, or lapse within so many days, soonest first. One of which another of its name
    lasts longer is no concern.
    """
    found: list[Concern] = []
    for name, record in processors.items():
        ends: dict[str, list[date | None]] = {}
        for what, one in dated(record):
            ends.setdefault(what, []).append(one.expires)
        for what, days in ends.items():
            known = [one for one in days if one is not None]
            if len(known) == len(days) and (left := (max(known) - day).days) <= within:
                found.append(Concern(processor=name, what=what, why=_why(max(known), left), days=left))
    return sorted(found, key=lambda one: (one.days or 0, one.processor, one.what))


def _why(end: date, left: int) -> Text:
    if left < 0:
        return Text(ko=f"{end}에 기한이 지났습니다", en=f"it lapsed after {end}")
    return Text(ko=f"{end}까지이며 {left}일 남았습니다", en=f"it lasts until {end}, {left} days from now")


def incomplete(
    processors: Mapping[str, Processor], places: Mapping[str, tuple[str, Placed]], day: date
) -> Iterator[Concern]:
    """Yield what the register lacks. `places` are the endpoints: the name of the processor (or none) and the facts."""
    used = {name for name, _ in places.values()}
    foreign = {
        name for name, place in places.values() if place.on(day, records_only=False).zone is Zone.FOREIGN
    }
    for endpoint, (name, place) in places.items():
        if place.declared.zone is not Zone.HOME and not name:
            why = Text(
                ko=f"엔드포인트 {endpoint!r}의 수탁자 기록이 없습니다",
                en=f"endpoint {endpoint!r} has no processor on record",
            )
            yield Concern(processor="", what=endpoint, why=why)
    for name, record in processors.items():
        if name not in used:
            yield Concern(
                processor=name,
                what="endpoint",
                why=Text(ko="어느 엔드포인트도 쓰지 않습니다", en="no endpoint refers to it"),
            )
        yield from _lacks(name, record, day, foreign=name in foreign)


def _lacks(name: str, record: Processor, day: date, *, foreign: bool) -> Iterator[Concern]:
    def concern(what: str, ko: str, en: str) -> Concern:
        return Concern(processor=name, what=what, why=Text(ko=ko, en=en))

    if not record.work:
        yield concern("work", "위탁하는 업무가 적혀 있지 않습니다", "the outsourced work is not told")
    if record.contract is None:
        yield concern("contract", "위탁 계약 기록이 없습니다", "no contract of outsourcing is on record")
    if record.no_training is None:
        yield concern(
            NO_TRAINING, "학습에 쓰지 않는다는 약정 기록이 없습니다", "no pledge not to train is on record"
        )
    if foreign and not any(basis.holds(day) for basis in record.bases):
        yield concern(
            "basis",
            "국외 이전의 근거가 없어 개인정보가 그대로 나가지 않습니다",
            "there is no ground for transfers abroad: personal data does not leave as it is",
        )
    for basis in record.bases:
        if basis.ground is Ground.CONTRACT and basis.disclosed is None:
            yield concern(
                f"basis:{basis.ground}",
                "공개하거나 알린 날이 없어 근거가 되지 못합니다",
                "the day of its disclosure is missing, so it is no ground",
            )
        if missing := basis.missing():
            names = ", ".join(missing)
            yield concern(f"basis:{basis.ground}", f"빠진 고지 항목: {names}", f"not told: {names}")
    yield from (
        concern(one.name, "재위탁 동의 기록이 없습니다", "no consent to this sub-processor is on record")
        for one in record.sub_processors
        if one.consent is None
    )


def days_left(processors: Mapping[str, Processor], day: date) -> dict[tuple[str, str], int]:
    """Return for each record with a last day how many days are left, for the metric."""
    ends = running_out(processors, day, within=10**6)
    return {(one.processor, one.what): one.days for one in ends if one.days is not None}


def transfer_act(place: Placed, there: Destination, day: date, at: str) -> Transfer:
    """Return the entry that tells on what ground data may go to a place abroad from now on; none: an empty basis."""
    record = place.processor
    bases = [one for one in record.bases if one.holds(day)] if record else []
    ends = [one.expires for one in bases if one.expires is not None]
    return Transfer(
        at=at,
        actor="hanbok",
        verb="transfer",
        object=there.endpoint,
        recipient=record.name if record else there.operator,
        country=there.country,
        basis=there.data_use.basis,
        items=tuple(dict.fromkeys(item for one in bases for item in one.items)),
        until=str(min(ends)) if ends else "",
    )
