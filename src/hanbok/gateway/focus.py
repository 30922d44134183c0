"""Costs in the FinOps Open Cost and Usage Specification (FOCUS) 1.2, https://focus.finops.org/focus-specification/v1-2/.

One row for each Korean day, key and place, with all columns that the specification makes mandatory and those of the
conditional ones that apply. Amounts are won with all six places, so that their sum is the ledger's to the micro-won.
Persons are left out: who they are is no matter of cost, and the export leaves the house.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, TextIO

import msgspec

from hanbok.core.clock import KST
from hanbok.core.values import MicroWon, Usage
from hanbok.evidence.entry import Intent, Outcome
from hanbok.evidence.log import Record
from hanbok.gateway.price import cost
from hanbok.gateway.price_list import PriceList
from hanbok.policy.ledger import day_of

_MICRO = 1_000_000
_UNIT = "Tokens"
_SERVICE = "AI and Machine Learning"


class Line(NamedTuple):
    """Whose costs, where, on which Korean day."""

    day: str
    organisation: str
    key: str
    team: str
    application: str
    operator: str
    endpoint: str
    model: str


@dataclass(slots=True)
class Sum:
    """What the calls of one line came to."""

    won: MicroWon = 0
    listed: MicroWon = 0
    """The same uses at the list prices of their day; what no list names, as charged."""
    calls: int = 0
    input: int = 0
    output: int = 0


class _Began(NamedTuple):
    day: str
    intent: Intent


def sums(records: Iterable[Record], since: date, until: date, prices: PriceList) -> dict[Line, Sum]:
    """Return what the calls cost that began on the Korean days from `since` to `until`, both included."""
    first, last = since.isoformat(), until.isoformat()
    began: dict[str, _Began] = {}
    found: dict[Line, Sum] = {}
    for record in records:
        entry = record.entry
        if isinstance(entry, Intent):
            began[entry.call] = _Began(day_of(datetime.fromisoformat(entry.at)), entry)
        elif isinstance(entry, Outcome):
            start = began.pop(entry.call, None)
            if start is not None and not start.intent.plan and not entry.cost:
                continue  # it asked nobody
            day = start.day if start else day_of(datetime.fromisoformat(entry.at))
            if first <= day <= last:
                line = _line(entry, start.intent if start else None, day)
                _add(found.setdefault(line, Sum()), entry, date.fromisoformat(day), prices)
    return found


def rows(found: dict[Line, Sum]) -> Iterator[dict[str, str]]:
    """Yield the rows of the export, in order; an empty text is FOCUS's null."""
    for line, total in sorted(found.items()):
        yield _row(line, total)


def write(found: dict[Line, Sum], file: TextIO) -> int:
    """Write the export as CSV; return how many rows it has."""
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\r\n")  # RFC 4180
    writer.writeheader()
    writer.writerows(rows(found))
    return len(found)


def _line(entry: Outcome, intent: Intent | None, day: str) -> Line:
    plan = intent.plan if intent else ()
    operators = {hop.endpoint: hop.operator for hop in reversed(plan)}
    first = plan[0] if plan else None
    endpoint = entry.endpoint or (first.endpoint if first else "")
    model = entry.model or (first.model if first else "")
    return Line(
        day=day,
        organisation=entry.organisation,
        key=entry.key,
        team=intent.team if intent else "",
        application=intent.application if intent else "",
        operator=operators.get(endpoint, "unknown"),
        endpoint=endpoint,
        model=model or "unknown",
    )


def _add(total: Sum, entry: Outcome, day: date, prices: PriceList) -> None:
    price = prices.of(entry.model, day)
    used = Usage(
        input=entry.input,
        output=entry.output,
        cached=entry.cached,
        reasoning=entry.reasoning,
        parts=entry.parts,
    )
    total.won += entry.cost
    # A charge without a counted use (a crash) has no list price: it is what was held.
    total.listed += entry.cost if price is None or not (used.input or used.output) else cost(used, price)
    total.calls += 1
    total.input += entry.input
    total.output += entry.output


def _row(line: Line, total: Sum) -> dict[str, str]:
    day = date.fromisoformat(line.day)
    month = day.replace(day=1)
    tags = {"team": line.team, "application": line.application, "endpoint": line.endpoint}
    won, tokens = _won(total.won), str(total.input + total.output)
    return {
        "BilledCost": won,
        "BillingAccountId": line.organisation,
        "BillingAccountName": line.organisation,
        "BillingAccountType": "Organisation",
        "BillingCurrency": "KRW",
        "BillingPeriodEnd": _midnight((month + timedelta(days=31)).replace(day=1)),
        "BillingPeriodStart": _midnight(month),
        "ChargeCategory": "Usage",
        "ChargeClass": "",
        "ChargeDescription": f"{line.model} at {line.endpoint or 'unknown'}: {total.calls} calls",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodEnd": _midnight(day + timedelta(days=1)),
        "ChargePeriodStart": _midnight(day),
        "ConsumedQuantity": tokens,
        "ConsumedUnit": _UNIT,
        "ContractedCost": won,
        "EffectiveCost": won,
        "InvoiceIssuerName": line.operator,
        "ListCost": _won(total.listed),
        "PricingCategory": "Standard",
        "PricingQuantity": tokens,
        "PricingUnit": _UNIT,
        "ProviderName": line.operator,
        "PublisherName": line.operator,
        "ServiceCategory": _SERVICE,
        "ServiceName": line.model,
        "ServiceSubcategory": "Generative AI",
        "SkuId": f"{line.endpoint}/{line.model}",
        "SubAccountId": line.key,
        "SubAccountName": line.key,
        "SubAccountType": "Key",
        "Tags": msgspec.json.encode({name: tag for name, tag in tags.items() if tag}).decode(),
        "x_Calls": str(total.calls),
        "x_InputTokens": str(total.input),
        "x_OutputTokens": str(total.output),
    }


def _won(amount: MicroWon) -> str:
    whole, part = divmod(amount, _MICRO)
    return f"{whole}.{part:06d}"


def _midnight(day: date) -> str:
    """Return the first moment of a Korean day as FOCUS writes it, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=KST).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


COLUMNS = tuple(_row(Line("2026-01-01", *[""] * 7), Sum()))
"""In alphabetical order, our own (`x_`) last."""
DECIMALS = frozenset(
    {name for name in COLUMNS if name.endswith(("Cost", "Quantity"))}
    | {"x_Calls", "x_InputTokens", "x_OutputTokens"}
)
MOMENTS = frozenset(name for name in COLUMNS if name.endswith(("PeriodEnd", "PeriodStart")))
