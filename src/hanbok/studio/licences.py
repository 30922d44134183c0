"""What is known of licences: one table for the texts, the bases and the releases of every stage."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import msgspec

from hanbok.core.values import Text

REFERENCE: Final = "LicenseRef-"
_VERSION: Final = re.compile(r"^(cc-by(?:-nc)?(?:-sa|-nd)?)-\d\.\d(?:-[a-z]{2,3})?$")
_AI: Final = "+ai"
"""Marks a KOGL type whose owner allows training whatever else the type says."""


class Licence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a licence allows and asks; `licences.toml` says what each mark means."""

    ko: str
    en: str
    commercial: bool = True
    derivatives: bool = True
    passed_on: bool = True
    attribution: bool = False
    share_alike: bool = False
    begins: bool = False
    duty_ko: str = ""
    duty_en: str = ""
    id: str = ""

    @property
    def title(self) -> Text:
        """Its name."""
        return Text(ko=self.ko, en=self.en)

    @property
    def duty(self) -> Text:
        """What it asks of whoever makes something of its work, or forbids."""
        if self.duty_ko:
            return Text(ko=self.duty_ko, en=self.duty_en)
        said = list(self._marks())
        if not said:
            return Text(ko="조건이 없습니다", en="no conditions")
        return Text(ko=", ".join(one.ko for one in said), en=", ".join(one.en for one in said))

    def forbids(self, *, commercial: bool) -> Text | None:
        """Return why it does not allow to make a model of its work, None where it does."""
        if not self.derivatives:
            return Text(ko="변경을 금지합니다", en="it forbids derivatives")
        if commercial and not self.commercial:
            return Text(ko="상업적 이용을 금지합니다", en="it forbids commercial use")
        return None

    def _marks(self) -> Iterator[Text]:
        if self.attribution:
            yield Text(ko="출처를 밝혀야 합니다", en="name the source")
        if self.share_alike:
            yield Text(
                ko="2차적저작물은 같은 조건으로 나누어야 합니다", en="adaptations carry the same licence"
            )
        if not self.commercial:
            yield Text(ko="상업적 이용을 금지합니다", en="it forbids commercial use")
        if not self.derivatives:
            yield Text(ko="변경을 금지합니다", en="it forbids derivatives")


def licence_of(name: str) -> Licence | None:
    """Return what is known of a licence however its name is written; None: nothing."""
    said = name.strip().lower().replace(" ", "-").replace("_", "-").removeprefix(REFERENCE.lower())
    table = _table()
    if said.startswith("kogl-") and said.endswith(_AI) and (known := table.get(said.removesuffix(_AI))):
        return msgspec.structs.replace(
            known, ko=f"{known.ko} + AI유형", en=f"{known.en} + AI type", commercial=True, derivatives=True
        )
    if found := table.get(said) or ((version := _VERSION.match(said)) and table.get(version[1])):
        return found
    return next((one for key, one in table.items() if one.begins and said.startswith(key)), None)


@cache
def _table() -> Mapping[str, Licence]:
    text = files("hanbok.studio").joinpath("licences.toml").read_text(encoding="utf-8")
    return {
        key.lower().removeprefix(REFERENCE.lower()): msgspec.convert({**row, "id": key}, Licence)
        for key, row in tomllib.loads(text).items()
    }
