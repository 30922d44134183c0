"""A suite: which rows of which files are asked how, as YAML."""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml
from msgspec.structs import replace

from hanbok.core.plugin import names
from hanbok.core.values import Text
from hanbok.studio.evaluate.errors import NoRows, RowUnusable, SuiteInvalid
from hanbok.studio.evaluate.format import Format
from hanbok.studio.evaluate.item import Item
from hanbok.studio.evaluate.pinned import Pin, opened
from hanbok.studio.evaluate.plugs import CHECKERS, FORMATS, METHODS, TASKS, plug

_PACKAGE: Final = "hanbok.studio.evaluate"


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One task of a suite. Empty texts: the ones of its language in `wording.toml`."""

    name: str
    title: Text
    kind: str
    format: str
    files: dict[str, Pin]
    """By role: `rows`; `shots` for examples from another file; `passages` and `rankings` for retrieval."""
    language: str = "ko"
    where: dict[str, Any] = {}
    """Only rows whose fields have these values; a list means any of them."""
    sample: int = 0
    """So many rows, spread over the groups; 0: all."""
    shots: int = 0
    prompt: str = ""
    system: str = ""
    method: str = "auto"
    by: str = "label"
    """What a choice is answered by: its `label` (A, B, ...) or its whole `text`."""
    labels: tuple[str, ...] = ()
    """Labels of the choices; of a classification the classes."""
    names: tuple[str, ...] = ()
    """What the classes are called in the prompt, in the order of `labels`."""
    checkers: dict[str, dict[str, Any]] = {}
    options: dict[str, Any] = {}
    stop: tuple[str, ...] = ()
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0


class Suite(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A named list of tasks."""

    suite: str
    title: Text
    tasks: list[TaskSpec]


def suites() -> list[str]:
    """Return the names of the suites that come with hanbok."""
    entries = (one.name for one in (files(_PACKAGE) / "suites").iterdir())
    return sorted(name.removesuffix(".yaml") for name in entries if name.endswith(".yaml"))


def read_suite(name: str) -> Suite:
    """Return a suite by its name or its file. Raises SuiteInvalid."""
    if name in suites():
        return suite_in((files(_PACKAGE) / "suites" / f"{name}.yaml").read_text(encoding="utf-8"), name)
    path = Path(name)
    try:
        return suite_in(path.read_text(encoding="utf-8"), name)
    except OSError as error:
        raise SuiteInvalid(path=name, why=error.strerror) from None
    except UnicodeDecodeError as error:
        raise SuiteInvalid(path=name, why=error.reason) from None


def suite_in(text: str, name: str) -> Suite:
    """Return the suite in a YAML text. Raises SuiteInvalid."""
    try:
        suite = msgspec.convert(yaml.safe_load(text), Suite)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise SuiteInvalid(path=name, why=str(error)) from None
    seen: set[str] = set()
    for task in suite.tasks:
        if why := _wrong(task, seen):
            raise SuiteInvalid(path=name, why=f"{task.name}: {why}")
        seen.add(task.name)
    return suite


def _wrong(task: TaskSpec, seen: set[str]) -> str:
    known = {
        "kind": ((task.kind,), names(TASKS)),
        "format": ((task.format,), names(FORMATS)),
        "checkers": (task.checkers, names(CHECKERS)),
        "method": ((task.method,), ["auto", *names(METHODS)]),
        "by": ((task.by,), ["label", "text"]),
    }
    for field, (given, there) in known.items():
        if unknown := set(given) - set(there):
            return f"{field} {min(unknown)!r}: {', '.join(there)}"
    return "twice" if task.name in seen else "" if "rows" in task.files else "files.rows"


def joined(suites: Sequence[Suite]) -> Suite:
    """Return one suite of several; names of tasks that stand in two get that of their suite. Raises SuiteInvalid."""
    if not suites:
        raise SuiteInvalid(path="-", why="no suite")
    if len(suites) == 1:
        return suites[0]
    counts = Counter(task.name for suite in suites for task in suite.tasks)
    tasks = [
        task if counts[task.name] == 1 else replace(task, name=f"{suite.suite}.{task.name}")
        for suite in suites
        for task in suite.tasks
    ]
    title = Text(ko=", ".join(one.title.ko for one in suites), en=", ".join(one.title.en for one in suites))
    return Suite(suite="+".join(one.suite for one in suites), title=title, tasks=tasks)


def items_of(task: TaskSpec, root: Path, limit: int = 0) -> tuple[list[Item], list[Item]]:
    """Return the rows to ask and the examples to show, in a steady order.

    Raises NoRows, DataUnreadable, DataChanged, RowUnusable.
    """
    found = list(_read(task, task.files["rows"], root))
    if "shots" in task.files:
        shown = list(_read(task, task.files["shots"], root))[: task.shots]
    else:  # the first rows are the examples, and are then not asked
        shown, found = found[: task.shots], found[task.shots :]
    size = min(task.sample or len(found), limit or len(found))
    asked = spread(found, size, task.seed)
    if not asked:
        raise NoRows(task=task.name)
    return asked, shown


def spread(items: list[Item], size: int, seed: int) -> list[Item]:
    """Return so many items, each group in its share, in their own order."""
    if size >= len(items):
        return items
    groups: dict[str, list[int]] = {}
    for place, item in enumerate(items):
        groups.setdefault(item.group, []).append(place)
    chance = random.Random(seed)
    drawn = [(place, row) for rows in groups.values() for place, row in _even(chance, rows)]
    return [items[row] for row in sorted(row for _, row in sorted(drawn)[:size])]


def _even(chance: random.Random, rows: list[int]) -> Iterator[tuple[float, int]]:
    """Yield the rows of a group in chance order, at even distances from 0 to 1."""
    start = chance.random()
    for place, row in enumerate(chance.sample(rows, len(rows))):
        yield (place + start) / len(rows), row


def digest_of(items: list[Item]) -> str:
    """Return the hash of the ids, in their order."""
    return hashlib.sha256("\n".join(one.id for one in items).encode()).hexdigest()


def _read(task: TaskSpec, pin: Pin, root: Path) -> Iterator[Item]:
    reader: Format = plug(FORMATS, task.format)({"language": task.language, **task.options})
    seen: set[str] = set()
    for place, row in opened(pin, root):
        if not _wanted(row, task.where):
            continue
        try:
            items = list(reader.read(row, place))
        except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
            why = f"{type(error).__name__}: {str(error)[:80]}"
            raise RowUnusable(path=pin.path, row=place.rpartition("-")[2], why=why) from error
        for item in items:
            if item.id in seen:
                raise RowUnusable(path=pin.path, row=place.rpartition("-")[2], why=f"id {item.id!r} twice")
            seen.add(item.id)
            yield item


def _wanted(row: dict[str, Any], where: dict[str, Any]) -> bool:
    return all(
        row.get(field) in value if isinstance(value, list) else row.get(field) == value
        for field, value in where.items()
    )
