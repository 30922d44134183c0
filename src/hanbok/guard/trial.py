"""Golden cases: what a guard must find in a text, and what it must leave alone."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.guard.treat import Finder


class BadCase(HanbokError):
    code = "bad_case"
    message = Text(ko="{file} {line}행: {problem}", en="{file}, line {line}: {problem}")
    hint = Text(
        ko='한 줄에 {{"text": "사번 KT-123456", "find": ["KT-123456"]}} 하나씩 적습니다. 찾지 않아야 하면 []입니다.',
        en='Write one {{"text": "no. KT-123456", "find": ["KT-123456"]}} a line; find is [] where nothing must fire.',
    )


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A text, and every value of a type that must be found in it, in order; none: it must stay silent."""

    text: str
    find: tuple[str, ...]
    kind: str = msgspec.field(name="type", default="")
    """Type name; empty: the type whose file this is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A case that came out otherwise. Texts are not repeated: only their places are told."""

    file: str
    line: int
    kind: str
    missing: tuple[tuple[int, int], ...] = ()
    """Places that were not found as they should."""
    stray: tuple[tuple[int, int], ...] = ()
    """Places that were found and should not."""
    lack: str = ""
    """What a file of cases lacks: `positive` or `negative`; then nothing else is told."""


_decode = msgspec.json.Decoder(Case).decode


def read_cases(lines: Iterable[str], file: str, kind: str = "") -> list[tuple[int, Case]]:
    """Read the cases of a type with their lines; blank lines are passed over. Raises BadCase, which names `file`."""
    cases: list[tuple[int, Case]] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            case = _decode(line)
        except msgspec.DecodeError as error:
            raise BadCase(file=file, line=number, problem=str(error)) from None
        if not (case.kind or kind):
            raise BadCase(file=file, line=number, problem="`type` is missing")
        try:
            list(_places(case))
        except ValueError:
            raise BadCase(
                file=file, line=number, problem="`find` names what `text` does not hold in this order"
            ) from None
        cases.append((number, case if case.kind else msgspec.structs.replace(case, kind=kind)))
    return cases


def try_cases(guard: Finder, cases: Iterable[tuple[int, Case]], file: str) -> Iterator[Failure]:
    """Yield what fails, and types that lack a case that must be found or one that must not."""
    seen: dict[str, set[bool]] = {}
    for number, case in cases:
        seen.setdefault(case.kind, set()).add(bool(case.find))
        wanted = set(_places(case))
        found = {(one.start, one.end) for one in guard.find(case.text) if one.kind == case.kind}
        if wanted != found:
            yield Failure(
                file=file,
                line=number,
                kind=case.kind,
                missing=_sorted(wanted - found),
                stray=_sorted(found - wanted),
            )
    for kind, fires in seen.items():
        for lack, needed in (("positive", True), ("negative", False)):
            if needed not in fires:
                yield Failure(file=file, line=0, kind=kind, lack=lack)


def _sorted(places: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(places))


def _places(case: Case) -> Sequence[tuple[int, int]]:
    """Return where the values stand. Raises ValueError when one does not."""
    places: list[tuple[int, int]] = []
    at = 0
    for value in case.find:
        start = case.text.index(value, at)
        at = start + len(value)
        places.append((start, at))
    return places
