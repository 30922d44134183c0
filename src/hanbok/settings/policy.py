"""`policy`: who may send what where."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, field

from hanbok.core.values import Grade
from hanbok.policy.circumstances import CSAP_GRADES, Circumstances, Use
from hanbok.settings.section import Section

DEFAULT_PACKS = ("pipa", "credit_information", "efsr", "n2sf", "network")


CsapGrade = Literal["none", "하", "중", "상"]


class CsapSettings(Section, frozen=True, kw_only=True):
    open: Annotated[CsapGrade, Meta(description="For open data (O), and for what was altered.")] = "하"
    sensitive: Annotated[CsapGrade, Meta(description="For sensitive data (S) as they are.")] = "중"
    classified: Annotated[CsapGrade, Meta(description="For classified data (C) in any form.")] = "상"


class UseSettings(Section, frozen=True, kw_only=True):
    public: Annotated[bool, Meta(description="People outside the organisation use it.")] = False
    reviewed: Annotated[
        bool, Meta(description="It was looked into whether it is high-impact AI (AI Basic Act art. 33).")
    ] = False
    high_impact: Annotated[bool, Meta(description="It is high-impact AI.")] = False
    notice: Annotated[
        bool, Meta(description="Its users are told beforehand that AI answers (art. 31 par. 1).")
    ] = False
    measures: Annotated[
        bool,
        Meta(
            description="Risk management, explanation, protection of users and documents are in place (art. 34)."
        ),
    ] = False
    overseer: Annotated[
        str, Meta(description="Title of the person who supervises it (art. 34); empty: nobody.")
    ] = ""


class PolicySettings(Section, frozen=True, kw_only=True):
    packs: Annotated[tuple[str, ...], Meta(description="Law packs in force, by name.")] = DEFAULT_PACKS
    extra: Annotated[
        tuple[Path, ...], Meta(description="Cedar files with the organisation's own policies.")
    ] = ()
    csap: Annotated[
        CsapSettings, Meta(description="CSAP grade that a cloud needs, asked by the pack `csap`.")
    ] = CsapSettings()
    uses: Annotated[
        dict[str, UseSettings],
        Meta(description="Register of uses by application, asked by the pack `ai_basic_act`."),
    ] = field(default_factory=dict[str, UseSettings])

    @property
    def circumstances(self) -> Circumstances:
        """What policies may ask about the organisation itself."""
        csap = self.csap
        asked = {Grade.OPEN: csap.open, Grade.SENSITIVE: csap.sensitive, Grade.CLASSIFIED: csap.classified}
        return Circumstances(
            uses={name: _use(one) for name, one in self.uses.items()},
            csap={grade: CSAP_GRADES.index(name) for grade, name in asked.items()},
        )


def _use(one: UseSettings) -> Use:
    return Use(
        public=one.public,
        reviewed=one.reviewed,
        high_impact=one.high_impact,
        notice=one.notice,
        measures=one.measures,
        overseer=bool(one.overseer),
    )
