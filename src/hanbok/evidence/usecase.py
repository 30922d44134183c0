"""A use of AI as the register of the AI Basic Act knows it (인공지능기본법 art. 31, 33 to 35)."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec

from hanbok.core.values import Text


class Area(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One area in which AI is of high impact: a question of the questionnaire."""

    key: str
    law: str
    text: Text


class Impact(StrEnum):
    """What the questionnaire says of a use."""

    UNKNOWN = "unknown"
    """Not all questions are answered."""
    NONE = "none"
    HIGH = "high"


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A document kept for the use: five years (decree of the AI Basic Act, art. 26)."""

    kind: str
    name: str
    digest: str
    """SHA-256 of the file, hex."""
    added: str
    keep_until: str


class UseCase(msgspec.Struct, frozen=True, kw_only=True):
    """One use. `answers` holds, for each area, whether the use falls into it."""

    id: str
    organisation: str
    name: str
    purpose: str
    models: tuple[str, ...] = ()
    created: str
    answers: dict[str, bool] = {}
    assessor: str = ""
    assessed: str = ""
    notice: str = ""
    """What users are told before they use it, and where."""
    supervisor: str = ""
    """Name or office of the person who can step in."""
    contact: str = ""
    internal_reason: str = ""
    """Why no notice is due: only for work inside the organisation (decree art. 23)."""
    documents: tuple[Document, ...] = ()
    closed: str = ""

    @property
    def impact(self) -> Impact:
        """Return high when any area applies, none when all were denied."""
        if any(self.answers.values()):
            return Impact.HIGH
        return Impact.NONE if areas().keys() <= self.answers.keys() else Impact.UNKNOWN


@cache
def areas() -> Mapping[str, Area]:
    """Return the areas of art. 2 (4), by key."""
    text = (files("hanbok.evidence") / "high_impact.toml").read_text(encoding="utf-8")
    found = msgspec.convert(tomllib.loads(text)["area"], tuple[Area, ...])
    return {one.key: one for one in found}
