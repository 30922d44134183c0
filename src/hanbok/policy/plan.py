"""Plans where a text may go, and how much of it must be altered: a pure function of the judge's rulings."""

from collections.abc import Sequence
from dataclasses import dataclass

from hanbok.core.values import Destination, Form, Grade, Principal
from hanbok.policy.ruling import Clause, Judge, Question, Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One target that may be used: its place in the list that was asked, in which form, and what permits it."""

    index: int
    form: Form
    clauses: tuple[Clause, ...]
    because: tuple[Clause, ...] = ()
    """What forbids the next less altered form; empty when the text goes as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    choices: tuple[Choice, ...]
    """In the order of the targets, each in the least altered form that is permitted."""
    refusal: Ruling | None
    """Why the first target that may not be used is refused even in the most altered form."""


def plan(
    judge: Judge,
    principal: Principal,
    targets: Sequence[tuple[Destination, str]],
    grade: Grade,
    kinds: frozenset[str],
    *,
    unread: bool = False,
) -> Plan:
    """Ask the judge about each target (a destination and the model's name there). Where nothing was found there is
    nothing to alter, and only the text as it is comes into question. Raises PolicyBroken.
    """
    forms = tuple(Form) if kinds else (Form.AS_IS,)
    choices: list[Choice] = []
    refusal: Ruling | None = None
    for index, (destination, model) in enumerate(targets):
        because: tuple[Clause, ...] = ()
        for form in forms:
            ruling = judge.rule(
                Question(
                    principal=principal,
                    destination=destination,
                    model=model,
                    grade=grade,
                    kinds=kinds,
                    form=form,
                    unread=unread,
                )
            )
            if ruling.allowed:
                choices.append(Choice(index=index, form=form, clauses=ruling.clauses, because=because))
                break
            because = ruling.clauses
        else:
            refusal = refusal or Ruling(allowed=False, clauses=because)
    return Plan(choices=tuple(choices), refusal=refusal)
