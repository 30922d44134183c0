"""Paths of providers that hanbok has no model of, and that settings allow one by one."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from hanbok.core.values import Destination, MicroWon
from hanbok.gateway.catalogue import Catalogue, ModelUnknown, Offer, Target
from hanbok.gateway.facts import unknown_facts
from hanbok.gateway.passthrough.errors import PassageNotAllowed

PREFIX: Final = "/passthrough/"
ANY: Final = "*"
"""Stands for one segment of a path."""
_SEGMENT: Final = re.compile(r"[A-Za-z0-9._~!$'()*+,=:@-]{1,200}")
_DOTS: Final = frozenset({".", ".."})


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One method and path that are allowed."""

    method: str
    path: tuple[str, ...]
    """Segments; `*` is any one."""
    price: MicroWon | None
    """Of one call; None: not declared, and calls are refused."""
    unread: frozenset[str]
    """Media types that pass though nobody reads them."""

    @property
    def name(self) -> str:
        """How the log calls it: the words of the settings, none of a client's."""
        return f"{self.method} /{'/'.join(self.path)}"

    def admits(self, method: str, path: Sequence[str]) -> bool:
        """Whether a request is one of those that are allowed."""
        return (
            method == self.method
            and len(path) == len(self.path)
            and all(wanted in (ANY, there) for wanted, there in zip(self.path, path, strict=True))
        )


class Place(NamedTuple):
    destination: Destination
    passages: tuple[Passage, ...]


def segments(path: str) -> tuple[str, ...]:
    """Return the segments of an absolute path; none for one that could be read as another."""
    parts = tuple(path.removeprefix("/").split("/"))
    return parts if all(_SEGMENT.fullmatch(one) and one not in _DOTS for one in parts) else ()


class Passages(Catalogue):
    """Offers are endpoints, as `passthrough/NAME`, which is the name that a key's list of models must hold."""

    def __init__(self, places: Mapping[str, Place]) -> None:
        super().__init__(
            {
                f"passthrough/{name}": Offer(
                    name=f"passthrough/{name}",
                    targets=(
                        Target(
                            endpoint=name,
                            destination=place.destination,
                            model=f"passthrough/{name}",
                            facts=unknown_facts(f"passthrough/{name}"),
                        ),
                    ),
                )
                for name, place in places.items()
            }
        )
        self._places = dict(places)

    def find(self, endpoint: str, method: str, path: str) -> Passage:
        """Return what allows a request. Raises PassageNotAllowed."""
        place, parts = self._places.get(endpoint), segments(path)
        for one in place.passages if place is not None and parts else ():
            if one.admits(method, parts):
                return one
        raise PassageNotAllowed(endpoint=endpoint[:50], method=method, path=path[:200])

    def offer(self, name: str) -> Offer:
        """Raise PassageNotAllowed, which does not tell which endpoints there are."""
        try:
            return super().offer(name)
        except ModelUnknown:
            raise PassageNotAllowed(endpoint=name.rpartition("/")[2][:50], method="", path="") from None
