"""Rows of a task of lm-evaluation-harness: any columns, and templates that say what is asked of them."""

import ast
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from hanbok.studio.evaluate.item import Item

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)


class Harness:
    """Options: `doc_to_text`, `doc_to_target`, `doc_to_choice`: the name of a column, a Jinja template or a value."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._text = options["doc_to_text"]
        self._target = options["doc_to_target"]
        self._choice = options.get("doc_to_choice")

    def read(self, row: dict[str, Any], place: str) -> Iterable[Item]:
        question = str(_rendered(self._text, row))
        target = _rendered(self._target, row)
        if self._choice is None:
            golds = tuple(map(str, target)) if isinstance(target, list) else (str(target),)
            yield Item(id=place, question=question, golds=golds)
            return
        choices = tuple(map(str, _listed(self._choice, row)))
        answer = _place(target, choices)
        yield Item(id=place, question=question, choices=choices, answer=answer, golds=(choices[answer],))


def _rendered(template: object, row: Mapping[str, Any]) -> object:
    if not isinstance(template, str):
        return template
    if template in row:
        return row[template]
    try:
        return _compiled(template).render(row)
    except jinja2.TemplateError as error:
        raise ValueError(str(error)) from None


def _listed(template: object, row: Mapping[str, Any]) -> list[Any]:
    found = _rendered(template, row)
    if isinstance(found, str):
        found = ast.literal_eval(found)
    if isinstance(found, dict):
        found = list(found.values())
    if not isinstance(found, list):
        raise TypeError("doc_to_choice gives no list")
    return found


def _place(target: object, choices: tuple[str, ...]) -> int:
    """Return the place of the right choice, which the target gives as a number or in words."""
    if isinstance(target, str) and target in choices:
        return choices.index(target)
    place = int(target) if isinstance(target, int | str) else -1
    if not 0 <= place < len(choices):
        raise ValueError(f"target {target!r} of {len(choices)} choices")
    return place


@cache
def _compiled(template: str) -> jinja2.Template:
    return _ENVIRONMENT.from_string(template)
