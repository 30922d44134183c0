"""The step that keeps personal data out of a corpus, by hanbok's own guard, and says per kind what it did.

A model that was trained with a number can say it to anybody: unique identifiers, accounts and cards are to be deleted
or pseudonymised before training (생성형 AI 개발·활용을 위한 개인정보 처리 안내서, 2025.8). What is treated is looked at
again; what is left is counted, and a text that still holds a unique identifier goes.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final, Literal

import msgspec
import polars as pl

from hanbok.guard.guard import Guard
from hanbok.guard.kinds import kinds
from hanbok.guard.law import classify
from hanbok.guard.operator import Operator, Setting
from hanbok.guard.pseudonym import Edit
from hanbok.guard.recogniser import Finding
from hanbok.guard.treat import operator, treat
from hanbok.studio.artifacts import Facts
from hanbok.studio.curate.column import said, spoken, where
from hanbok.studio.curate.finding import guard_for, kinds_sought, suspects
from hanbok.studio.curate.step import DROPPED, TEXTS

FOUND: Final = "n_personal_"
LEFT: Final = "n_left_"
TOPICS: Final = "n_topic_"
"""Texts about what the law calls sensitive, near somebody who could be told by it."""
_TOPICS: Final = ("CREDIT_INFO", "SENSITIVE")
UNIQUE: Final = frozenset(key for key, kind in kinds().items() if kind.category == "unique_id")
"""고유식별정보: 개인정보 보호법 제24조, 같은 법 시행령 제19조."""
_OPERATORS: Final = {"mask": "redact", "hide": "mask", "pseudonym": "pseudonym"}


class PersonalPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is done with personal data and secrets."""

    action: Literal["mask", "hide", "pseudonym", "drop"] = "mask"
    """`mask`: `[전화번호]`; `hide`: `010-****-5678`; `pseudonym`: an invented value of the same look, but a mask for
    unique identifiers; `drop`: the row goes.
    """
    names: bool = False
    """Also names and addresses of people, at two megabytes a second."""
    keep: tuple[str, ...] = ()
    """Kinds that stay as they are, as `BRN` in a register of companies; never unique identifiers (고유식별정보)."""
    drop: tuple[str, ...] = ()
    """Kinds for which the row goes whatever `action` says."""
    topics: Literal["count", "drop"] = "count"
    """Texts on health, belief, crime, credit (민감정보, 개인신용정보) near an identifier: counted, or dropped."""


class Personal:
    """Treats rows in place; drops `personal:KIND`, and `personal:left` where a unique identifier is still there."""

    name: str = "personal"

    def __init__(self, plan: PersonalPlan) -> None:
        self._plan = plan
        self._kinds = kinds_sought(names=plan.names)
        self._keep = frozenset(plan.keep) - UNIQUE
        self._drop = frozenset(self._kinds if plan.action == "drop" else plan.drop) - self._keep

    @property
    def spec(self) -> Facts:
        return {"version": 1, **msgspec.to_builtins(self._plan), "kinds": self._kinds}

    def apply(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Find, treat, look again, count."""
        work = _Work(self._plan, self._keep, self._drop)
        columns = [name for name in TEXTS if name in rows.columns]
        values = [rows[name].to_list() for name in columns]
        guard = guard_for(names=self._plan.names)
        heard = [
            "\n".join(spoken(name, one) for name, one in zip(columns, row, strict=True) if one)
            for row in zip(*values, strict=True)
        ]
        for at in suspects(guard, heard):
            work.row(at, columns, values)
        changed = [_edited(rows[name], edits) for name, edits in work.edits.items()]
        return rows.with_columns(*changed, *self._counts(work, rows.height), self._dropped(work, rows))

    def _counts(self, work: "_Work", height: int) -> list[pl.Series]:
        """Return the columns of counts: the same ones for every shard."""
        asked = [(FOUND, self._kinds), (LEFT, self._kinds), (TOPICS, _TOPICS)]
        none = pl.zeros(height, dtype=pl.Int32, eager=True)
        made = []
        for prefix, names in asked:
            for kind in names:
                column = none.alias(prefix + kind)
                hits = work.counts.get(prefix + kind)
                made.append(column.scatter(list(hits), list(hits.values())) if hits else column)
        return made

    def _dropped(self, work: "_Work", rows: pl.DataFrame) -> pl.Series:
        before: list[str | None] = rows[DROPPED].to_list()
        return pl.Series(
            DROPPED, [one or work.reasons.get(at) for at, one in enumerate(before)], dtype=pl.String
        )


class _Work:
    """What was found and done in one shard."""

    def __init__(self, plan: PersonalPlan, keep: frozenset[str], drop: frozenset[str]) -> None:
        self._plan, self._drop = plan, drop
        self._finds = _Finds(guard_for(names=plan.names), keep)
        self._fixed = operator(
            _OPERATORS["mask"] if plan.action == "pseudonym" else _OPERATORS.get(plan.action, "redact")
        )
        self.counts: dict[str, Counter[int]] = {}
        self.reasons: dict[int, str] = {}
        self.edits: dict[str, dict[int, str]] = {}
        """By column and row: what stands there now."""

    def row(self, at: int, columns: Sequence[str], values: Sequence[Sequence[str | None]]) -> None:
        """Treat one row."""
        for name, column in zip(columns, values, strict=True):
            value = column[at]
            if not value:
                continue
            using = self._using(value)
            after = said(name, value, lambda text: self._text(at, text, using))  # noqa: B023 - called at once
            if after != value:
                self.edits.setdefault(name, {})[at] = after

    def _using(self, value: str) -> Operator:
        """Return the operator. A pseudonym's key is the text that the values stood in: the same run after run, and
        nobody who has only the corpus knows it.
        """
        if self._plan.action != "pseudonym":
            return self._fixed
        return _Pseudonyms(operator("pseudonym", Setting(key=hashlib.sha256(value.encode()).digest())))

    def _text(self, at: int, text: str, using: Operator) -> str:
        if not self._finds.find(text):
            return text
        treated = treat(text, self._finds, using)
        for one in treated.found:
            self._count(FOUND, one.kind, at)
        for one in treated.left:
            self._count(LEFT, one.kind, at)
        topics = {one.kind for one in classify(text, treated.found)}
        for kind in topics:
            self._count(TOPICS, kind, at)
        self._judge(at, {one.kind for one in treated.found}, {one.kind for one in treated.left}, topics)
        return treated.text

    def _judge(self, at: int, found: set[str], left: set[str], topics: set[str]) -> None:
        if gone := sorted(found & self._drop, key=lambda kind: (kind not in UNIQUE, kind)):
            self.reasons.setdefault(at, f"personal:{gone[0]}")
        elif left & UNIQUE:
            self.reasons.setdefault(at, "personal:left")
        elif topics and self._plan.topics == "drop":
            self.reasons.setdefault(at, f"personal:topic_{min(topics)}")

    def _count(self, prefix: str, kind: str, at: int) -> None:
        self.counts.setdefault(prefix + kind, Counter())[at] += 1


def _edited(texts: pl.Series, edits: Mapping[int, str]) -> pl.Series:
    places = sorted(edits)
    mask = pl.repeat(value=False, n=len(texts), eager=True).scatter(places, values=True)
    return where(texts, mask, lambda _: pl.Series([edits[at] for at in places]))


class _Pseudonyms:
    """Invents values for all but unique identifiers: an invented one could be somebody's."""

    lifelike: ClassVar[bool] = True

    def __init__(self, inventing: Operator) -> None:
        self._inventing, self._masking = inventing, operator(_OPERATORS["mask"])

    def edits(self, text: str, findings: Iterable[Finding]) -> list[Edit]:
        unique: list[Finding] = []
        other: list[Finding] = []
        for one in findings:
            (unique if one.kind in UNIQUE else other).append(one)
        return sorted([*self._masking.edits(text, unique), *self._inventing.edits(text, other)])


class _Finds:
    """A guard that leaves some kinds alone, and remembers the last text: whoever treats it asks again."""

    def __init__(self, guard: Guard, keep: frozenset[str]) -> None:
        self._find, self._keep = guard.find, keep
        self._last: tuple[str, list[Finding]] = "", []

    def find(self, text: str) -> list[Finding]:
        if text is not self._last[0]:
            self._last = text, [one for one in self._find(text) if one.kind not in self._keep]
        return self._last[1]


def account(counts: Facts, spec: Facts | None) -> Facts:
    """Return what the manifest says of personal data: the sums of a corpus's counts, by this step's spec."""

    def by_kind(prefix: str) -> Facts:
        return {
            key.removeprefix(prefix): value
            for key, value in counts.items()
            if key.startswith(prefix) and value
        }

    if spec is None:
        return {"checked": False}
    return {
        "checked": True,
        "action": spec["action"],
        "names": spec["names"],
        "treated": by_kind(FOUND),
        "left": by_kind(LEFT),
        "topics": by_kind(TOPICS),
    }


def hidden(text: str) -> str:
    """Return a text in which all that the guard finds by its shape is masked: for samples in reports."""
    guard = guard_for(names=False)
    return treat(text, guard, operator(_OPERATORS["mask"])).text
