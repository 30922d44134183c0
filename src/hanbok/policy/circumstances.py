"""What an organisation has put on record of itself, and policies may ask about."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from hanbok.core.values import Grade

CSAP_GRADES: Final = ("none", "하", "중", "상")
"""Of the cloud security assurance program, from least to most. Their place is their rank."""
_CSAP: Final = "CSAP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """What the register of uses says of an application (AI Basic Act art. 31, 33, 34)."""

    registered: bool = True
    public: bool = False
    reviewed: bool = False
    high_impact: bool = False
    notice: bool = False
    measures: bool = False
    overseer: bool = False


UNREGISTERED: Final = Use(registered=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Facts that stay the same from call to call."""

    uses: Mapping[str, Use] = field(default_factory=dict[str, Use])
    """By name of the application."""
    csap: Mapping[Grade, int] = field(
        default_factory=lambda: {Grade.OPEN: 1, Grade.SENSITIVE: 2, Grade.CLASSIFIED: 3}
    )
    """The rank in CSAP_GRADES that a cloud needs for data of a grade."""

    @classmethod
    def read(cls, facts: Mapping[str, Any]) -> "Circumstances":
        """Return what `facts` told."""
        return cls(
            uses={name: Use(**use) for name, use in facts.get("uses", {}).items()},
            csap={Grade(grade): rank for grade, rank in facts.get("csap", {}).items()},
        )

    def facts(self) -> dict[str, object]:
        """Return all of it as JSON values."""
        return {
            "uses": {name: asdict(use) for name, use in sorted(self.uses.items())},
            "csap": {grade.value: rank for grade, rank in sorted(self.csap.items())},
        }


def csap_of(certificates: Iterable[str]) -> int:
    """Return the rank of the highest CSAP grade among certificates; one without a grade counts as the lowest."""
    ranks = [0]
    for one in certificates:
        name, _, grade = one.partition(":")
        if name == _CSAP:
            ranks.append(CSAP_GRADES.index(grade) if grade in CSAP_GRADES[1:] else 1)
    return max(ranks)
