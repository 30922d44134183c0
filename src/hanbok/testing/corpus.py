"""A seeded generator of labelled Korean text, for measuring and training guards.

Spans: a number's includes its separators; a name is surname and given name without title or particle; an address runs
from the province to the unit and the parenthesised dong; everything else is the value alone, without its label.
"""

import random
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.resources import files

from hanbok.guard.score import Gold, Span
from hanbok.testing.korean import Identities
from hanbok.testing.notations import NOTATIONS, Notation, decompose

_SLOT = re.compile(
    r"<(?P<kind>[A-Z_]+)(?::(?P<variant>\w+))?>|<(?P<with>[가-힣]*)/(?P<without>[가-힣]*)>|<=(?P<filler>\w+)>|#|⏎"
)
_CLEAN_SHARE, _PLAIN_SHARE = 0.3, 0.35
_COMPANIES = (
    "주식회사 한빛상사",
    "(주)가람테크",
    "미리내물산",
    "주식회사 새솔",
    "다온정보통신(주)",
    "해오름건설",
)
_PHONES = (
    "mobile",
    "mobile",
    "mobile",
    "land",
    "070",
    "050",
    "080",
    "old_mobile",
    "international",
    "representative",
)
_ENDS_IN_CONSONANT = frozenset("013678LMNRlmnr")


class Labelled(Gold, frozen=True, kw_only=True):
    """One generated line; `domain` names the kind of text, such as `chat` or `medical`."""

    domain: str


def generate(count: int, seed: int) -> Iterator[Labelled]:
    """Yield this many lines: about 30% without personal data, 35% plainly written, 35% in some other notation."""
    yield from Corpus(seed).lines(count)


class Corpus:
    """Fills the templates of `corpus.toml`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.values = Identities(seed + 1)
        self.makers = _makers(self.values)
        self.bank = ""

    def lines(self, count: int) -> Iterator[Labelled]:
        """Yield this many lines."""
        labelled, clean = _templates()
        for number in range(count):
            draw = self.random.random()
            if draw < _CLEAN_SHARE:
                domain, template = self.random.choice(clean)
                yield self._fill(f"{number:06d}", domain, template, None)
            elif draw < _CLEAN_SHARE + _PLAIN_SHARE:
                domain, template = self.random.choice(labelled)
                yield self._fill(f"{number:06d}", domain, template, None)
            else:
                notation = self.random.choice((*NOTATIONS, _HANJA_NAME))
                domain, template = self.random.choice(_fitting(notation.kinds))
                yield self._fill(f"{number:06d}", domain, template, notation)

    def _fill(self, identity: str, domain: str, template: str, notation: Notation | None) -> Labelled:
        text, spans, last = "", list[Span](), 0
        self.bank = self.values.bank()
        whole = decompose if notation and notation.rewrite is decompose else _leave
        for match in _SLOT.finditer(template):
            text += whole(template[last : match.start()], self.random)
            last = match.end()
            if kind := match["kind"]:
                value = self._value(kind, match["variant"] or "", notation)
                spans.append(Span(start=len(text), end=len(text) + len(value), kind=kind))
                text += value
            else:
                text += whole(self._other(match, text), self.random)
        text += whole(template[last:], self.random)
        name = notation.name if notation else "plain" if spans else ""
        return Labelled(id=identity, text=text, spans=tuple(spans), notation=name, domain=domain)

    def _value(self, kind: str, variant: str, notation: Notation | None) -> str:
        if notation is _HANJA_NAME:
            return self.values.hanja_person()
        value = self.makers[kind](self.bank if kind == "ACCOUNT" else variant)
        return notation.rewrite(value, self.random) if notation else value

    def _other(self, match: re.Match[str], before: str) -> str:
        if filler := match["filler"]:
            return self._filler(filler)
        if match[0] == "#":
            return str(self.random.randrange(10))
        if match[0] == "⏎":
            return "\n"
        return match["with"] if ends_in_consonant(before) else match["without"]

    def _filler(self, name: str) -> str:
        day = self.values.birth()
        fillers = {
            "bank": self.bank,
            "company": self.random.choice(_COMPANIES),
            "amount": f"{self.random.randrange(1, 900)},000원",
            "date": f"{day:%Y-%m-%d}",
        }
        return fillers[name]


def ends_in_consonant(text: str) -> bool:
    """Return whether the last syllable, read aloud in Korean, ends in a consonant (받침)."""
    last = unicodedata.normalize("NFC", text[-3:])[-1:]
    if "가" <= last <= "힣":
        return (ord(last) - ord("가")) % 28 > 0
    return last in _ENDS_IN_CONSONANT


def _makers(values: Identities) -> Mapping[str, Callable[[str], str]]:
    pick = values.random.choice

    def ip(variant: str) -> str:
        return (
            values.ipv6() if variant == "v6" or values.chance(0.2) else values.ipv4(public=values.chance(0.5))
        )

    def health(_: str) -> str:
        number = values.health_insurance()
        return number if values.chance(0.3) else number.replace("-", "")

    return {
        "RRN": lambda _: values.rrn(randomised=values.chance(0.2)),
        "FRN": lambda _: values.frn(randomised=values.chance(0.2)),
        "DRIVER_LICENSE": lambda variant: values.driver_license(old=variant == "old"),
        "PASSPORT": lambda variant: values.passport(old=variant == "old" or values.chance(0.3)),
        "BRN": lambda _: values.brn(),
        "CRN": lambda _: values.crn(),
        "HEALTH_INS": health,
        "CARD": lambda variant: values.card(amex=variant == "amex"),
        "ACCOUNT": values.account,
        "PHONE": lambda variant: values.phone(variant or pick(_PHONES)),
        "EMAIL": lambda _: values.email(),
        "IP": ip,
        "VEHICLE": lambda variant: values.vehicle(old=variant == "old"),
        "ADDRESS": lambda variant: values.address(
            variant or pick(("road", "road", "lot")), unit=values.chance(0.7)
        ),
        "POSTAL": lambda _: values.postal(),
        "PERSON": lambda variant: values.foreign_person() if variant == "foreign" else values.person(),
        "DOB": lambda variant: f"{values.birth():%Y-%m-%d}" if variant == "iso" else values.dob(),
        "PCCC": lambda _: values.pccc(),
        "CI_DI": lambda variant: values.di() if variant == "di" else values.ci(),
        "SECRET": values.secret,
    }


@cache
def _templates() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Return (domain, template) pairs, those with labelled slots and those without."""
    tables = tomllib.loads(files("hanbok.testing").joinpath("corpus.toml").read_text(encoding="utf-8"))
    labelled, clean = (
        tuple((domain, line) for domain, lines in tables[name].items() for line in lines.strip().splitlines())
        for name in ("labelled", "clean")
    )
    return labelled, clean


@cache
def _fitting(kinds: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Return the templates in which every labelled slot is of these types: all their spans can be rewritten."""
    return tuple(
        (domain, template)
        for domain, template in _templates()[0]
        if {match["kind"] for match in _SLOT.finditer(template)} - {None} <= kinds
    )


def _leave(value: str, _: random.Random) -> str:
    return value


_HANJA_NAME = Notation(name="name_hanja", kinds=frozenset({"PERSON"}), rewrite=_leave)
