"""Whether the licences of base and data allow a release, and what must go with it."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from hanbok.core.values import Text
from hanbok.studio.licences import Licence, licence_of
from hanbok.studio.release.errors import LicenceForbids

_UNKNOWN = Text(ko="어떤 이용허락인지 알 수 없습니다", en="it is not known what it permits")
Purpose = Literal["internal", "noncommercial", "commercial"]
"""`internal`: the model is used inside the organisation and not passed on."""


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """What goes with a release because of one licence."""

    what: str
    licence: str
    title: Text
    why: Text
    permission: str = ""
    """On what other ground it is used, where the licence alone would not do."""


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
        return Duty(
            what=what,
            licence=name or "?",
            title=Text(ko=name or "?", en=name or "?"),
            why=_UNKNOWN,
            permission=ground,
        )
    if _stands_against(known, what, purpose, release) and not ground:
        raise LicenceForbids(what=what, licence=name, why=known.duty)
    return Duty(what=what, licence=name, title=known.title, why=known.duty, permission=ground)


def _stands_against(known: Licence, what: str, purpose: Purpose, release: str) -> bool:
    """Share-alike binds what is made of a base. Whether weights are an adaptation of their data is not settled: there
    it becomes a duty that the card tells.
    """
    if purpose == "internal":
        return False
    if known.share_alike and what == "base" and not release.lower().startswith(known.id.lower()):
        return True
    return not known.passed_on or known.forbids(commercial=purpose == "commercial") is not None
