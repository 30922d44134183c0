"""Questions that reach a policy: every combination of what its text speaks of, or a sample of them."""

import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import product
from math import prod
from typing import Any, Final, NamedTuple, TypeAlias, cast

from hanbok.core.values import DataUse, Destination, Form, Grade, Principal, Zone
from hanbok.policy.cedar import OTHER
from hanbok.policy.circumstances import UNREGISTERED, Use
from hanbok.policy.pack import Policy
from hanbok.policy.ruling import Question

MOST: Final = 2000
"""Questions tried for one policy."""
APPLICATION: Final = "application"
_NAMED: Final = re.compile(r'(\w+)::"((?:[^"\\]|\\.)*)"')
_NUMBER: Final = re.compile(r'"Long": (-?\d+)|"Value": (-?\d+)')
_COUNTRY: Final = re.compile(r"[A-Z]{2}")


Asked: TypeAlias = tuple[Question, Use]
Given: TypeAlias = dict[str, Any]


class Reached(NamedTuple):
    given: Sequence[Given]
    complete: bool
    """Whether these are all combinations."""


def reaching(policy: Policy, kinds: frozenset[str]) -> Reached:
    """Return what questions may be made of, so that all that the policy speaks of takes every value that matters."""
    choices = _choices(policy, kinds)
    names, values = list(choices), list(choices.values())
    if prod(map(len, values)) <= MOST:
        return Reached([dict(zip(names, one, strict=True)) for one in product(*values)], complete=True)
    dice = random.Random(0)
    return Reached([_throw(choices, dice) for _ in range(MOST)], complete=False)


def varied(given: Sequence[Given], others: Iterable[Policy], kinds: frozenset[str]) -> Iterator[Given]:
    """Yield the same again, with what other policies speak of thrown by dice, or added."""
    more: dict[str, list[Any]] = {}
    for other in others:
        for name, values in _choices(other, kinds).items():
            more.setdefault(name, []).extend(values)
    dice = random.Random(1)
    if not given:
        return
    thrown = {name: list(dict.fromkeys(values)) for name, values in more.items()}
    for index in range(max(MOST, len(given))):
        own, added = given[index % len(given)], _throw(thrown, dice)
        # What is a record may be there beside another one.
        both = {name: own[name] + added[name] for name in ("certificates",) if name in own and name in added}
        if "basis" in own and added.get("basis"):
            both["basis"] = f"{own['basis']}, {added['basis']}"
        yield added | own | both


def _throw(choices: Mapping[str, Sequence[Any]], dice: random.Random) -> Given:
    return {name: dice.choice(values) for name, values in choices.items()}


def _choices(policy: Policy, kinds: frozenset[str]) -> dict[str, Sequence[Any]]:
    named: dict[str, list[str]] = {}
    for kind, name in _NAMED.findall(policy.text):
        named.setdefault(kind, []).append(name)
    words, speaks = list(dict.fromkeys(_words(policy.rule))), _attributes(policy.rule)
    numbers = [int(one or other) for one, other in _NUMBER.findall(json.dumps(policy.rule))]
    spoken = [kind for kind in dict.fromkeys(named.get("Kind", [])) if kind in kinds]
    choices: dict[str, Sequence[Any]] = {"zone": list(Zone), "form": list(Form), "grade": list(Grade)}
    choices["kinds"] = [frozenset[str](), frozenset({OTHER}), *_sets(spoken)]
    certified = [(one,) for one in words] + ([tuple(words)] if len(words) > 1 else [])
    graded = [("CSAP:하",), ("CSAP:중",), ("CSAP:상",)] if "csap" in speaks else []
    matching = [word.replace("*", "") for word in words]
    offered: dict[str, Sequence[Any]] = {
        "certificates": [(), *certified, *graded],
        "basis": ["", *matching, ", ".join(matching)],
        "trains": [False, True],
        "lapsed": [(), ("SOC2",)],
        "retention_days": [
            None,
            *sorted({n + step for n in numbers for step in (-1, 0, 1) if n + step >= 0}),
        ],
        "country": ["KR", "US", *(word for word in words if _COUNTRY.fullmatch(word))],
        "operator": ["operator", *matching],
        "model": ["model", *matching],
        "unread": [False, True],
        "person": ["", *matching],
        APPLICATION: ["", "app", *matching],
    }
    speaks |= {"certificates"} if "csap" in speaks else set()
    choices |= {name: values for name, values in offered.items() if name in speaks}
    if "use" in speaks:
        choices["use"] = [UNREGISTERED, *_uses(speaks)]
    for kind, field, usual in (
        ("Team", "team", ""),
        ("Organisation", "organisation", "org"),
        ("Key", "key", "key"),
    ):
        if kind in named:
            choices[field] = [usual, *named[kind]]
    return {name: list(dict.fromkeys(values)) for name, values in choices.items()}


def _sets(spoken: Sequence[str]) -> Iterator[frozenset[str]]:
    yield from (frozenset({one}) for one in spoken)
    if len(spoken) > 1:
        yield frozenset(spoken)


def _uses(speaks: set[str]) -> Iterator[Use]:
    asked = [one.name for one in fields(Use) if one.name in speaks and one.name != "registered"]
    for values in product((False, True), repeat=len(asked)):
        yield Use(**dict(zip(asked, values, strict=True)))


def _parts(node: object) -> Iterator[Mapping[str, object]]:
    """Yield every mapping of Cedar's JSON form of a policy, annotations left out."""
    if isinstance(node, dict):
        mapping = cast("dict[str, object]", node)
        yield mapping
        for name, one in mapping.items():
            if name != "annotations":
                yield from _parts(one)
    elif isinstance(node, list):
        for one in cast("list[object]", node):
            yield from _parts(one)


def _words(rule: Mapping[str, Any]) -> Iterator[str]:
    """Yield the texts that conditions compare with, patterns with their stars."""
    for part in _parts(rule):
        if isinstance(value := part.get("Value"), str):
            yield value
        if "like" in part:
            pattern = cast("dict[str, list[str | dict[str, str]]]", part["like"])["pattern"]
            yield "".join("*" if isinstance(one, str) else one["Literal"] for one in pattern)


def _attributes(rule: Mapping[str, Any]) -> set[str]:
    operands = (part[name] for part in _parts(rule) for name in (".", "has") if name in part)
    return {str(cast("dict[str, object]", one)["attr"]) for one in operands}


def question_of(given: Given) -> Asked:
    """Return the question, and what the register of uses says of its application."""
    organisation, _, team = given.get("team", "").rpartition("/")
    use = given.get("use", UNREGISTERED)
    to = Destination(
        endpoint="endpoint",
        country=given.get("country", "KR"),
        zone=given["zone"],
        operator=given.get("operator", "operator"),
        data_use=DataUse(
            trains=given.get("trains", False),
            retention_days=given.get("retention_days"),
            basis=given.get("basis", ""),
        ),
        certificates=given.get("certificates", ()),
        lapsed=given.get("lapsed", ()),
    )
    who = Principal(
        organisation=organisation or given.get("organisation", "org"),
        key=given.get("key", "key"),
        team=team,
        person=given.get("person", ""),
        application=given.get(APPLICATION, "app" if use is not UNREGISTERED else ""),
    )
    question = Question(
        principal=who,
        destination=to,
        model=given.get("model", "model"),
        grade=given["grade"],
        kinds=given["kinds"],
        form=given["form"],
        unread=given.get("unread", False),
    )
    return question, use
