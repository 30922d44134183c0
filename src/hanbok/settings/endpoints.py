"""`endpoints`: the places where models are reached."""

from datetime import date, time
from decimal import Decimal
from typing import Annotated, Final, Literal, TypeAlias, get_args

from msgspec import Meta, field

from hanbok.core.secret import Secret
from hanbok.core.values import Zone
from hanbok.gateway.maintenance import Window
from hanbok.settings.section import Count, Section

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEK: Final[tuple[Weekday, ...]] = get_args(Weekday)
_CLOCK: Final = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"


class DataUseSettings(Section, frozen=True, kw_only=True):
    trains: Annotated[bool, Meta(description="Whether the operator may train on what it is sent.")] = True
    retention_days: Annotated[
        Count | None, Meta(description="Days that it keeps contents; none: not known.")
    ] = None
    basis: Annotated[
        str, Meta(description="Legal basis on record for provision or outsourcing, as a citation.")
    ] = ""


class TimeoutSettings(Section, frozen=True, kw_only=True):
    connect: Annotated[float, Meta(gt=0, description="Seconds to connect.")] = 5
    first: Annotated[
        float,
        Meta(
            gt=0, description="Seconds from the request sent to the answer's head, and on to the first token."
        ),
    ] = 120
    idle: Annotated[float, Meta(gt=0, description="Seconds between two reads of an answer.")] = 60
    total: Annotated[float, Meta(gt=0, description="Seconds for the whole exchange.")] = 600


class WindowSettings(Section, frozen=True, kw_only=True):
    begins: Annotated[
        str, Meta(pattern=_CLOCK, description="Time of day in Korea at which it begins, `HH:MM`.")
    ]
    ends: Annotated[
        str,
        Meta(pattern=_CLOCK, description="Time at which it ends; not later than `begins`: on the next day."),
    ]
    days: Annotated[tuple[Weekday, ...], Meta(description="Days on which it begins; none: every day.")] = ()
    day: Annotated[date | None, Meta(description="The only day on which it begins.")] = None

    def window(self) -> Window:
        """Return the window itself."""
        return Window(
            begins=time.fromisoformat(self.begins),
            ends=time.fromisoformat(self.ends),
            days=frozenset(_WEEK.index(day) for day in self.days),
            day=self.day,
        )


class PassageSettings(Section, frozen=True, kw_only=True):
    method: Annotated[
        Literal["GET", "POST", "PUT", "PATCH", "DELETE"], Meta(description="The method that is allowed.")
    ]
    path: Annotated[
        str,
        Meta(
            pattern=r"^(/([A-Za-z0-9._~-]+|\*))+$",
            description="The path that is allowed, behind the endpoint's `url`; `*` stands for one segment.",
        ),
    ]
    price: Annotated[
        Decimal | None, Meta(description="Won of one call; none: not declared, and calls are refused.")
    ] = None
    unread: Annotated[
        tuple[str, ...],
        Meta(description="Media types of bodies and answers that pass though nobody can inspect them."),
    ] = ()

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for what cannot be."""
        if self.price is not None and self.price < 0:
            raise ValueError("a price cannot be negative")
        if {".", ".."} & set(self.path.split("/")):
            raise ValueError("a path has no dots alone in a segment")


class EndpointSettings(Section, frozen=True, kw_only=True):
    kind: Annotated[str, Meta(description="How it is reached: a name from `hanbok models kinds`.")]
    url: Annotated[str, Meta(description="Base address; none: the kind's own.")] = ""
    key: Annotated[Secret, Meta(description="The provider's key, best as `${NAME}`.")] = field(
        default_factory=Secret
    )
    keys: Annotated[
        tuple[Secret, ...],
        Meta(description="Several keys in place of `key`, used in turn; a refused one is left out a while."),
    ] = ()
    country: Annotated[
        str, Meta(pattern=r"^[A-Z]{2}$", description="Country of the machines, ISO 3166-1 alpha-2.")
    ] = "KR"
    zone: Annotated[Zone, Meta(description="`home`, `domestic` (a cloud in Korea) or `foreign`.")]
    operator: Annotated[
        str, Meta(min_length=1, description="Who runs it: the processor in the sense of PIPA art. 26.")
    ]
    processor: Annotated[
        str, Meta(description="Its record in `transfers.processors`; none: only what is declared here holds.")
    ] = ""
    private: Annotated[
        bool | None,
        Meta(
            description="Whether its name may lead to a private address (a dedicated line, a proxy); "
            "none: only in the zone `home`."
        ),
    ] = None
    data_use: Annotated[DataUseSettings, Meta(description="What its operator may do with the data.")] = (
        DataUseSettings()
    )
    certificates: Annotated[
        tuple[str, ...], Meta(description="Certificates, such as `CSAP:중`, `ISMS-P`, `SOC2`.")
    ] = ()
    timeouts: Annotated[TimeoutSettings, Meta(description="Time limits.")] = TimeoutSettings()
    maintenance: Annotated[
        tuple[WindowSettings, ...], Meta(description="Times at which it is not asked.")
    ] = ()
    passthrough: Annotated[
        tuple[PassageSettings, ...],
        Meta(description="Paths of it that pass through `/passthrough/NAME/`; none: nothing does."),
    ] = ()
    options: Annotated[dict[str, str], Meta(description="What only this kind knows, as `api_version`.")] = (
        field(default_factory=dict)
    )

    def __post_init__(self) -> None:
        """Raise ValueError, which becomes a problem of the file, for a place that cannot be."""
        if self.keys and (self.key.reveal() or not all(key.reveal() for key in self.keys)):
            raise ValueError("`keys` stands in place of `key`, and none of them may be empty")
        if self.zone is not Zone.FOREIGN and self.country != "KR":
            raise ValueError("an endpoint outside KR is in the zone `foreign`")
