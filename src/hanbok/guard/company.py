"""Thirteen digits that may be a person's or a company's: whose they are, by the label, the words around, the digits."""

import re
from datetime import date
from typing import Final

from hanbok.guard.context import Context
from hanbok.hangul.checksum import birth_of, crn_check_digit, frn_check_digit, rrn_check_digit

_LABEL: Final = Context(
    r"법인[ ]?(?:등기부(?:[ ]?등본)?[상의]?[ ]?)?\(?(?:등록|등기)?\)?[ ]?(?:번호|등록)|(?<![가-힣])등기[ ]?번호|"
    r"corp|\bcrn\b|"
    r"company[ _]?(?:reg|no|num|id)"
)
_EITHER = re.compile(
    r"(?:주민[ ]?(?:등록)?(?:번호)?[ ]?[(/,·][ ]?법인|법인[ ]?(?:등록)?(?:번호)?[ ]?[(/,·][ ]?주민)[^0-9]{0,16}$"
)
"""A field of a form for both: 주민(법인)등록번호."""
_RIGHT_BEFORE = re.compile(r"법인[^0-9가-힣a-z]{0,6}$")
_PERSON: Final = Context(
    r"주민|민번|외국인|거소|생년|민증|신분증|실명|(?<!등기부)(?<!등기부 )등본|체류|"
    r"\b[rf]rn\b|jumin|resident|ssn|alien|foreign"
)
_NAMED: Final = Context(r"주식회사|유한회사|합자회사|\([주유]\)|㈜|재단|상호|corp|co\.|inc\.|ltd")
WORD: Final = Context(r"법인|등기|본점|company|\bcrn\b|" + _NAMED.words)
"""Words of companies that also stand beside persons: who owns a house is in a register (등기부) too. Where none of
them stands, neither of the questions below needs to be asked."""
_REACH = 40
_OTHER = re.compile("[0-9]{6}[^0-9]{0,3}[0-9]{7}")
_OLDEST = 1930
_RANDOM_SINCE = date(2020, 10, 5)
"""Numbers of persons born since then carry no check digit."""


def labelled_company(text: str, start: int, end: int) -> bool | None:
    """Tell by the label of a number whether it is a company's; None where there is no label.

    A label before another such number speaks of that one.
    """
    window = _OTHER.split(text[max(0, start - _REACH) : start].lower())[-1]
    if _EITHER.search(window):
        return None
    company, person = _LABEL.last(window), _PERSON.last(window)
    if company != person:
        return company > person
    if _RIGHT_BEFORE.search(window):
        return True
    if _PERSON.after(text, end) or _PERSON.over(text, start):
        return False
    return True if _LABEL.after(text, end) or _LABEL.over(text, start) else None


def labelled_either(text: str, start: int) -> bool:
    """Tell whether the label of a number asks for a person's or a company's."""
    return _EITHER.search(text, max(0, start - _REACH), start) is not None


def born(digits: str) -> date | None:
    """Return the birth date in a number of a person who may live: not one in the future."""
    birth = birth_of(digits)
    return birth if birth and birth <= date.today() else None  # noqa: DTZ011 - a day more or less changes nothing


def likelier_company(text: str, start: int, end: int, digits: str) -> bool:
    """Tell whether digits without a label that could be a person's are rather a company's."""
    birth = born(digits)
    company = crn_check_digit(digits) == int(digits[12])
    checked = (frn_check_digit if digits[6] in "5678" else rrn_check_digit)(digits) == int(digits[12])
    if birth and checked and not company:
        return False
    if birth is None or (not checked and (birth.year < _OLDEST or (company and birth < _RANDOM_SINCE))):
        return True
    return bool(_NAMED.near(text, start, end))
