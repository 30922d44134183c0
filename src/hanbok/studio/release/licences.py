"""Whether the licences of base and data allow a release, and what must go with it."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from hanbok.core.values import Text
from hanbok.studio.release.errors import LicenceForbids

_UNKNOWN = Text(ko="어떤 이용허락인지 알 수 없습니다", en="it is not known what it permits")
Purpose = Literal["internal", "noncommercial", "commercial"]
"""`internal`: the model is used inside the organisation and not passed on."""


class Licence(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    forbids: Literal["", "sharing", "commerce", "closed"] = ""
    asks: tuple[str, ...] = ()
    family: str = ""
    ko: str
    en: str

    @property
    def why(self) -> Text:
        return Text(ko=self.ko, en=self.en)


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with a release because of one licence."""

    what: str
    licence: str
    title: str
    why: Text
    permission: str = ""
    """On what other ground it is used, where the licence alone would not do."""


def licence_of(name: str) -> Licence | None:
    """Return what is known of a licence; None: nothing."""
    said = name.strip().lower().replace(" ", "-").replace("_", "-")
    known = _known()
    best = max((one for one in known if said.startswith(one)), key=len, default=None)
    return known[best] if best else None


def duties(
    base: str, data: Mapping[str, int], purpose: Purpose, release: str, permissions: Mapping[str, str]
) -> list[Duty]:
    """Return what must go with a model made of a base and of rows under these licences, released under `release`.

    Raises LicenceForbids where one of them does not allow it and `permissions` (by the licence's name) has no ground.
    """
    found = [_duty("base", base, purpose, release, permissions)]
    found += [_duty("data", one, purpose, release, permissions) for one in sorted(data)]
    return found


def _duty(what: str, name: str, purpose: Purpose, release: str, permissions: Mapping[str, str]) -> Duty:
    ground = permissions.get(name or "unknown", "").strip()
    known = licence_of(name)
    if known is None:
        if not ground and purpose != "internal":
            raise LicenceForbids(what=what, licence=name or "?", why=_UNKNOWN)
        return Duty(what=what, licence=name or "?", title=name or "?", why=_UNKNOWN, permission=ground)
    if _stands_against(known, what, purpose, release) and not ground:
        raise LicenceForbids(what=what, licence=name, why=known.why)
    return Duty(what=what, licence=name, title=known.title, why=known.why, permission=ground)


def _stands_against(known: Licence, what: str, purpose: Purpose, release: str) -> bool:
    """Share-alike binds what is made of a base. Whether weights are an adaptation of their data is not settled: there
    it becomes a duty that the card tells.
    """
    if purpose == "internal":
        return False
    if known.forbids == "closed":
        return what == "base" and not release.lower().startswith(known.family)
    return known.forbids == "sharing" or (known.forbids == "commerce" and purpose == "commercial")


@cache
def _known() -> dict[str, Licence]:
    text = (files("hanbok.studio.release") / "licences.toml").read_text(encoding="utf-8")
    return {name: msgspec.convert(one, Licence) for name, one in tomllib.loads(text).items()}
