"""Which models there are, where each is reached, and what is known of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from math import lcm
from typing import Final

from hanbok.core.errors import HanbokError
from hanbok.core.values import Destination, Grade, MicroWon, Part, Text, Zone


class ModelUnknown(HanbokError):
    code = "model_unknown"
    message = Text(ko="모델 {model!r}이(가) 없습니다", en="there is no model {model!r}")
    hint = Text(ko="쓸 수 있는 모델: {known}", en="Models that may be asked: {known}")


_TEXTS = frozenset({Part.CACHE_WRITE, Part.CACHE_WRITE_HOUR, Part.REASONING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Won per million tokens, as exact decimals. `cached` is the price of cached input, `parts` are the prices of
    parts that cost something else than the input or output that they belong to.
    """

    input: Decimal
    output: Decimal
    cached: Decimal
    as_of: date
    parts: Mapping[Part, Decimal] = field(default_factory=dict[Part, Decimal])
    whole: tuple[int, int, int] = field(init=False, repr=False, compare=False)
    """The three prices as whole numbers of 1/`scale` won: as exact, and many times quicker to reckon with."""
    more: tuple[tuple[Part, int], ...] = field(init=False, repr=False, compare=False)
    """What a token of each part costs more (or less) than others of its side, in the same unit."""
    dearest: tuple[int, int] = field(init=False, repr=False, compare=False)
    """The most that a token of a text can cost, asked and answered, in the same unit."""
    scale: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Take the prices apart."""
        prices = (self.input, self.output, self.cached, *self.parts.values())
        ratios = [one.as_integer_ratio() for one in prices]
        scale = lcm(*(below for _, below in ratios))
        first, second, third, *own = (above * (scale // below) for above, below in ratios)
        more = tuple(
            (part, price - (second if part.answered else first))
            for part, price in zip(self.parts, own, strict=True)
        )
        object.__setattr__(self, "whole", (first, second, third))
        object.__setattr__(self, "more", more)
        texts = [(part, price) for part, price in zip(self.parts, own, strict=True) if part in _TEXTS]
        of_input = max(first, third, *(price for part, price in texts if not part.answered), 0)
        of_output = max(second, *(price for part, price in texts if part.answered), 0)
        object.__setattr__(self, "dearest", (of_input, of_output))
        object.__setattr__(self, "scale", scale)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a model, from `gateway/models/*.toml`."""

    id: str
    context: int
    """Tokens, prompt and answer together; 0: not known."""
    max_output: int
    modalities: tuple[str, ...]
    languages: tuple[str, ...]
    licence: str
    price: Price | None
    """None: no price is known, and calls are refused until one is declared."""


class By(StrEnum):
    """How an offer's places are ordered."""

    ORDER = "order"
    """As they stand in the settings."""
    WEIGHT = "weight"
    """By lot, in proportion to their weights: 95 and 5 make a canary."""
    COST = "cost"
    LATENCY = "latency"
    """By a moving average of the time to the first token; one that is not known yet comes first."""
    BUSY = "busy"
    """The one with the fewest calls under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    by: By = By.ORDER
    sticky: bool = False
    """With `weight`: a conversation stays with its place (rendezvous hashing), so that prompts stay in its cache."""
    hedge: float = 0.0
    """Seconds without a first token after which the next place is asked too; 0: never."""
    retries: int = 0
    """How often all places are tried again before the call fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One model at one endpoint."""

    endpoint: str
    destination: Destination
    model: str
    """The provider's name of the model."""
    facts: ModelFacts
    weight: float = 1.0
    """Its share of the calls, beside those of its neighbours."""
    group: str = ""
    """Name by which rules choose it."""


class Need(StrEnum):
    TOOLS = "tools"
    VISION = "vision"
    STRUCTURED = "structured"
    """An answer that is a JSON document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Every condition that is given must hold. `use` is a group of targets, `zone` prefers those that stand in it."""

    use: str = ""
    zone: Zone | None = None
    name: str = ""
    """What the log calls it."""
    languages: frozenset[str] = frozenset()
    min_characters: int = 0
    max_characters: int | None = None
    min_tokens: int = 0
    max_tokens: int | None = None
    needs: frozenset[Need] = frozenset()
    grades: frozenset[Grade] = frozenset()
    tasks: frozenset[str] = frozenset()

    def suits(self, target: Target) -> bool:
        """Whether a place is one that the rule would use."""
        return (not self.use or target.group == self.use) and (
            self.zone is None or target.destination.zone is self.zone
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """How alike a request must be to be given the answer of another one."""

    seconds: float
    threshold: float
    """Least cosine of the two embeddings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caching:
    """What an offer's answers may be kept for."""

    seconds: float
    """For the very same request; 0: not at all."""
    alike: Alike | None = None
    """For requests that ask the same in other words; None: not at all."""
    organisations: frozenset[str] = frozenset()
    """Whose; empty: all."""
    grades: frozenset[Grade] = frozenset({Grade.OPEN})

    def covers(self, organisation: str, grade: Grade) -> bool:
        """Whether an answer to this organisation's request of this grade may be kept."""
        return grade in self.grades and (not self.organisations or organisation in self.organisations)


JUDGED_CHARACTERS: Final = 4000
"""Of a question and of its answer, each, that a model which judges is shown."""
JUDGED_BYTES: Final = 4 * 2 * JUDGED_CHARACTERS + 2000
JUDGED_TOKENS: Final = 16


class Lacking(StrEnum):
    """What is done where a judgement, or the second answer, is not to be had."""

    KEEP = "keep"
    """The first answer is given."""
    ESCALATE = "escalate"
    """The second group is asked."""
    REFUSE = "refuse"
    """The call fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Targets of the group `to` answer what the others have not answered well enough."""

    to: str
    min_characters: int = 0
    refusals: tuple[str, ...] = ()
    """Words by which an answer declines, in small letters."""
    json: bool = True
    """Whether a document that was asked for must be one."""
    min_logprob: float | None = None
    """Least mean logarithm of the tokens' probabilities."""
    judge: Target | None = None
    """Who is asked whether an answer is good; None: the rules above alone decide."""
    seconds: float = 10.0
    """How long its judgement may take."""
    judging: MicroWon = 0
    """The most that a judgement costs."""
    unjudged: Lacking = Lacking.ESCALATE
    unanswered: Lacking = Lacking.KEEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """Some calls are answered by another model too: for nobody, and at the cost of keys of their own."""

    model: str
    """Name of its offer."""
    percent: float
    keys: tuple[str, ...]
    """Ids: a call is copied in the name of the key of its own organisation, and not where there is none."""
    at_once: int = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a name that clients ask for stands for."""

    name: str
    targets: tuple[Target, ...]
    """In the order in which they are tried."""
    instead: tuple[Target, ...] = ()
    """Tried when policy lets the data go to none of `targets`."""
    routing: Routing = field(default_factory=Routing)
    rules: tuple[Rule, ...] = ()
    """The first one that fits a request says which places are tried first."""
    caching: Caching | None = None
    """None: no answer is given twice."""

    escalation: Escalation | None = None
    """None: whoever answers first has answered."""
    shadow: Shadow | None = None

    def most(self, costs: Sequence[MicroWon]) -> MicroWon:
        """Return the most that one call can cost, of what it can cost at each place of `every`: a hedge asks two of
        them, an escalation one of each group.
        """
        if self.escalation is None:
            return self._dearest(costs)
        groups: tuple[list[MicroWon], list[MicroWon]] = ([], [])
        for target, cost in zip(self.every, costs, strict=True):
            groups[target.group == self.escalation.to].append(cost)
        return sum(map(self._dearest, groups)) + self.escalation.judging

    def _dearest(self, costs: Sequence[MicroWon]) -> MicroWon:
        return sum(sorted(costs)[-2 if self.routing.hedge else -1 :])

    @property
    def every(self) -> tuple[Target, ...]:
        return self.targets + self.instead


class Catalogue:
    """The models on offer, by the names that clients ask for."""

    def __init__(self, offers: Mapping[str, Offer]) -> None:
        self._offers = dict(offers)

    def offer(self, name: str) -> Offer:
        """Raise ModelUnknown when there is none of this name."""
        try:
            return self._offers[name]
        except KeyError:
            raise ModelUnknown(model=name[:100], known=", ".join(sorted(self._offers))) from None

    def __contains__(self, name: str) -> bool:
        return name in self._offers

    def __iter__(self) -> Iterator[Offer]:
        return iter(self._offers.values())
