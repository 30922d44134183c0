"""Function calling: the right function with the right arguments, or rightly none."""

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from hanbok.studio.evaluate.desk import Desk
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.suite import TaskSpec
from hanbok.studio.scores import Answer, Metric
from hanbok.studio.significance import average


class Functions:
    """`right`: calls and arguments are those of the row, or one of its other acceptable arguments; where the row
    wants words, no call was made. `name`: the functions alone. A metric of `right` for each type of turn.
    """

    words = "write"
    chooses = False
    main = "right"
    paired = "right"

    def __init__(self, spec: TaskSpec, root: Path) -> None: ...

    async def ask(self, item: Item, desk: Desk, blank: Answer) -> Answer:
        system = [{"role": "system", "content": desk.system}] if desk.system else []
        said = await desk.reply([*system, *item.messages], tools=item.tools)
        return replace(blank, turns=[said.text] if said.text else [], calls=list(said.calls))

    def mark(self, item: Item, answer: Answer) -> Answer:
        wanted = item.calls or ()
        named = [name for name, _ in answer.calls] == [name for name, _ in wanted]
        right = named and all(
            _equal(given, expected, item.allowed)
            for (_, given), (_, expected) in zip(answer.calls, wanted, strict=True)
        )
        if not wanted:
            right = not answer.calls and bool(answer.turns)
        marks = {"right": float(right), "name": float(named and (bool(wanted) or right))}
        marks[str(item.facts.get("type", "call"))] = float(right)
        if not answer.calls and not answer.turns:
            marks["unread"] = 1.0
        return replace(answer, marks=marks)

    def total(self, answers: Sequence[Answer], items: Mapping[str, Item]) -> dict[str, Metric]:
        types = sorted({str(items[one.id].facts.get("type", "call")) for one in answers})
        rows = {name: [one.marks[name] for one in answers] for name in ("right", "name")}
        rows |= {name: [one.marks[name] for one in answers if name in one.marks] for name in types}
        return {name: average(marks) for name, marks in rows.items()}


def _equal(given: str, expected: str, allowed: Sequence[str]) -> bool:
    """Each argument may be the expected one or one that is allowed for it."""
    read, wanted = _read(given), _read(expected)
    others = [one for text in allowed if (one := _read(text)) is not None]
    if read is None or wanted is None:
        return False
    if any(_same(read, one) for one in others):
        return True
    return read.keys() == wanted.keys() and all(
        _any(value, wanted[name]) or any(name in one and _any(value, one[name]) for one in others)
        for name, value in read.items()
    )


def _read(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _same(given: object, wanted: object) -> bool:
    """Compare as arguments are meant: 15 is 15.0, spacing does not count, a list of the row may mean any of it."""
    if isinstance(wanted, dict):
        return (
            isinstance(given, dict)
            and given.keys() == wanted.keys()
            and all(_any(given[name], value) for name, value in wanted.items())
        )
    if isinstance(wanted, list):
        return (
            isinstance(given, list)
            and len(given) == len(wanted)
            and all(_same(one, two) for one, two in zip(given, wanted, strict=True))
        )
    if isinstance(wanted, bool) or isinstance(given, bool):
        return given is wanted
    if isinstance(wanted, str) and isinstance(given, str):
        return _plain(given) == _plain(wanted)
    return given == wanted


def _any(given: object, wanted: object) -> bool:
    if isinstance(wanted, list) and not isinstance(given, list):
        return any(_same(given, one) for one in wanted)
    return _same(given, wanted)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
