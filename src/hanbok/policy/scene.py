"""Where models were reached when policies decided: noted with each change of the settings, so that decisions can be
made again later, by other policies, on the same facts.
"""

import msgspec

from hanbok.core.values import DataUse, Destination, Zone


class Spot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What held of an endpoint."""

    country: str
    zone: Zone
    operator: str
    trains: bool = False
    retention_days: int | None = None
    basis: str = ""
    certificates: tuple[str, ...] = ()
    lapsed: tuple[str, ...] = ()

    @classmethod
    def of(cls, there: Destination) -> "Spot":
        """Return what is to be noted."""
        use = there.data_use
        return cls(
            country=there.country,
            zone=there.zone,
            operator=there.operator,
            trains=use.trains,
            retention_days=use.retention_days,
            basis=use.basis,
            certificates=there.certificates,
            lapsed=there.lapsed,
        )

    def destination(self, endpoint: str) -> Destination:
        """Return it as it was asked about."""
        use = DataUse(trains=self.trains, retention_days=self.retention_days, basis=self.basis)
        return Destination(
            endpoint=endpoint,
            country=self.country,
            zone=self.zone,
            operator=self.operator,
            data_use=use,
            certificates=self.certificates,
            lapsed=self.lapsed,
        )


class Choices(msgspec.Struct, frozen=True, array_like=True):
    """What a name that clients ask for stood for: endpoints and the models' names there."""

    targets: tuple[tuple[str, str], ...]
    instead: tuple[tuple[str, str], ...] = ()


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    places: dict[str, Spot] = {}
    models: dict[str, Choices] = {}

    def facts(self) -> dict[str, str]:
        """Return it as facts of an entry."""
        return {
            "places": msgspec.json.encode(self.places, order="sorted").decode(),
            "models": msgspec.json.encode(self.models, order="sorted").decode(),
        }

    @classmethod
    def read(cls, facts: dict[str, str]) -> "Scene | None":
        """Return what an entry noted; None when it noted nothing, as before this was written down."""
        try:
            return cls(
                places=msgspec.json.decode(facts["places"], type=dict[str, Spot]),
                models=msgspec.json.decode(facts["models"], type=dict[str, Choices]),
            )
        except (KeyError, msgspec.MsgspecError):
            return None

    def targets(self, model: str) -> list[list[tuple[Destination, str]]]:
        """Return the two lists that are asked about one after the other; none for a model that was not there."""
        if model not in self.models:
            return []
        asked = self.models[model]
        return [
            [(self.places[endpoint].destination(endpoint), name) for endpoint, name in one]
            for one in (asked.targets, asked.instead)
            if one
        ]
