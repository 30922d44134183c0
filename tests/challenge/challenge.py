"""The challenge set: sentences written by hand, apart from the generator, filled anew from a seed at every build.

Marks in `sentences.txt`: `{KIND shape}` is a labelled value. In a shape `#` is a digit (those of a computed number for
types with a check digit), `N` a digit from 2 on, `A` a letter, `K` a letter of a plate, `w` a latin word, `b` a byte,
`h` a hexadecimal group, `~8` `^8` `%8` eight characters of a secret; `@name` at the end is a writer below. `⏎` breaks
the line, `␍⏎` as Windows does. Sections name the notation.
"""

import random
import re
import string
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from hanbok.guard.score import Span
from hanbok.testing.corpus import Labelled
from hanbok.testing.korean import Identities

HERE = Path(__file__).parent
KINDS = (
    "RRN2|RRN|FRN|DRIVER_LICENSE|PASSPORT|BRN|CRN|HEALTH_INS|CARD|AMEX|ACCOUNT|PHONE|EMAIL|IP|VEHICLE|ADDRESS|POSTAL|"
    "PERSON|DOB|PCCC|CI_DI|SECRET"
)
MARK = re.compile(rf"\{{({KINDS})(?: (?!@)((?:[^{{}}]|\{{at\}})*?))?(?: @(\w+))?\}}")
SAME = {"RRN2": "RRN", "AMEX": "CARD"}
WORDS = (
    "gildong",
    "yuna",
    "tofu.lee",
    "k.seoyeon",
    "dami-park",
    "wonjun",
    "hyeri",
    "bora",
    "x1seok",
    "minji",
)
PARTICLE_PAIRS = (
    "과/와",
    "은/는",
    "이/가",
    "을/를",
    "이라고/라고",
    "이에요/예요",
    "이야/야",
    "으로/로",
    "이세요/세요",
    "이다/다",
)
PARTICLES = {
    form: (pair.split("/")[0], pair.split("/")[1])
    for pair in PARTICLE_PAIRS
    for form in pair.split("/")
    if form not in "다야"
}
AFTER = re.compile(rf"({'|'.join(sorted(PARTICLES, key=len, reverse=True))})(?=[\s.,]|$)")


def wide(value: str, _: random.Random) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in value)


def alphabet(*choices: str) -> Callable[[str, random.Random], str]:
    def write(value: str, source: random.Random) -> str:
        digits = source.choice(choices)
        return "".join(digits[int(one)] if one in string.digits else one for one in value)

    return write


def mixed(value: str, source: random.Random) -> str:
    spoken = source.choice(("공일이삼사오육칠팔구", "영일이삼사오육칠팔구"))
    return "".join(
        spoken[int(one)] if one in string.digits and source.random() < 0.5 else one for one in value
    )


def alike(value: str, source: random.Random) -> str:
    swaps = {"0": "Oo", "1": "lI"}
    return "".join(
        source.choice(swaps[one]) if one in swaps and source.random() < 0.6 else one for one in value
    )


def sown(*seeds: str) -> Callable[[str, random.Random], str]:
    def write(value: str, source: random.Random) -> str:
        return value[0] + "".join(
            (source.choice(seeds) if source.random() < 0.3 else "") + one for one in value[1:]
        )

    return write


def references(value: str, source: random.Random) -> str:
    return "".join(f"&#{ord(one)};" if not one.isalnum() or source.random() < 0.2 else one for one in value)


def joined(gap: str) -> Callable[[str, random.Random], str]:
    return lambda value, _: gap.join(value)


WRITERS: dict[str, Callable[[str, random.Random], str]] = {
    "full": wide,
    "circ": alphabet("⓪①②③④⑤⑥⑦⑧⑨", "⓿❶❷❸❹❺❻❼❽❾"),
    "hanja": alphabet("〇一二三四五六七八九"),
    "gong": alphabet("공일이삼사오육칠팔구"),
    "young": alphabet("영일이삼사오육칠팔구"),
    "mix": mixed,
    "look": alike,
    "zw": sown("\u200b", "\u200d", "\ufeff", "\u2060"),
    "shy": sown("\u00ad"),
    "ent1": references,
    "ent2": lambda value, _: "".join(f"&#x{ord(one):X};" for one in value),
    "sp": joined(" "),
    "sp1": lambda value, _: f"{value[0]} {value[1:]}",
    "dot": joined("."),
    "mid": joined("·"),
    "dash": joined("-"),
}


def read(name: str) -> dict[str, list[str]]:
    """Return the lines of a file by section."""
    sections: dict[str, list[str]] = {"": []}
    here = ""
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if match := re.fullmatch(r"\[(\w+)\]", line):
            here = match[1]
            sections[here] = []
        elif line and not line.startswith("# "):
            sections[here].append(line)
    return sections


class Challenge:
    """Fills the sentences; the same seed gives the same set."""

    def __init__(self, seed: int, *, blind: bool) -> None:
        self.random = random.Random(f"challenge {seed} {blind}")
        self.half = "_blind" if blind else ""
        self.values = Identities(seed * 7919 + 13)
        self.names = {
            kind: re.split(r"\|" if "foreign" in kind else r"\s+", " ".join(lines).replace("| ", "|"))
            for kind, lines in read("names.txt").items()
        }
        self.addresses = read("addresses.txt")

    def lines(self, rounds: int, file: str) -> Iterator[Labelled]:
        number = 0
        for notation, sentences in read(file).items():
            for sentence in sentences:
                for _ in range(rounds if re.search(r"[#{]", sentence) else 1):
                    number += 1
                    yield self.fill(f"c{number:05d}", notation, sentence)

    def fill(self, identity: str, notation: str, sentence: str) -> Labelled:
        whole = sentence.endswith(" @nfd")
        pieces = self.pieces(sentence.removesuffix(" @nfd"))
        text, spans = "", list[Span]()
        for piece, kind in pieces:
            written = unicodedata.normalize("NFD", piece) if whole else piece
            if kind:
                spans.append(Span(start=len(text), end=len(text) + len(written), kind=kind))
            text += written
        name = "" if notation == "clean" else notation
        return Labelled(id=identity, text=text, spans=tuple(spans), notation=name, domain="challenge")

    def pieces(self, sentence: str) -> Iterator[tuple[str, str]]:
        last, value = 0, ""
        for match in MARK.finditer(sentence):
            yield self.plain(sentence[last : match.start()], value), ""
            kind, shape, writer = match[1], match[2] or "", match[3]
            value = self.value(kind, shape)
            if writer:
                value = WRITERS[writer](value, self.random)
            yield value.replace("␍", "\r").replace("⏎", "\n"), SAME.get(kind, kind)
            last = match.end()
        yield self.plain(sentence[last:], value), ""

    def plain(self, text: str, before: str) -> str:
        """Fill what stands between values, its first particle in the form that the value before it asks for."""
        if "가" <= before[-1:] <= "힣" and (match := AFTER.match(text)):
            coda = (ord(before[-1]) - ord("가")) % 28
            with_coda = coda > 0 and not (match[1] == "로" and coda == 8)  # ㄹ takes 로
            text = PARTICLES[match[1]][0 if with_coda else 1] + text[match.end() :]
        return self.digits(text).replace("␍", "\r").replace("⏎", "\n")

    def digits(self, shape: str, number: str = "") -> str:
        rest = iter(number.replace("-", ""))
        drawn = re.sub(r"(?<!&)#", lambda _: next(rest) if number else str(self.random.randrange(10)), shape)
        assert next(rest, "") == "", f"{shape} is too short"
        return drawn

    def value(self, kind: str, shape: str) -> str:
        makers: dict[str, Callable[[], str]] = {
            "RRN": lambda: self.digits(shape, self.values.rrn()),
            "RRN2": lambda: self.digits(shape, self.values.rrn(randomised=True)),
            "FRN": lambda: self.digits(shape, self.values.frn()),
            "BRN": lambda: self.digits(shape, self.values.brn()),
            "CRN": lambda: self.digits(shape, self.values.crn()),
            "CARD": lambda: self.digits(shape, self.values.card()),
            "AMEX": lambda: self.digits(shape, self.values.card(amex=True)),
            "PERSON": lambda: self.random.choice(self.names[(shape or "korean") + self.half]),
            "ADDRESS": lambda: self.address(shape),
            "CI_DI": lambda: self.values.ci() if shape == "ci" else self.values.di(),
            "DOB": lambda: self.values.birth().strftime(shape),
            "SECRET": lambda: self.secret(shape),
        }
        return makers[kind]() if kind in makers else self.shaped(kind, shape)

    def address(self, shape: str) -> str:
        place = self.random.choice(self.addresses[(shape + self.half).removeprefix("_")])
        return self.digits(re.sub("N", lambda _: str(self.random.randrange(1, 10)), place))

    def shaped(self, kind: str, shape: str) -> str:
        draws: dict[str, tuple[str, Callable[[], str]]] = {
            "EMAIL": (r"(?<![a-z])w(?![a-z])", lambda: self.random.choice(WORDS)),
            "IP": (r"(?<![0-9a-z])[bh](?![0-9a-z])", lambda: str(self.random.randrange(1, 255))),
            "PASSPORT": (r"(?<=\d|#)A", lambda: self.random.choice("ABCDEFGHJKLMNPRSTUVWXY")),
            "VEHICLE": (
                r"K",
                lambda: self.random.choice(
                    "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주"
                ),
            ),
        }
        pattern, draw = draws.get(kind, (r"N", lambda: str(self.random.randrange(2, 10))))
        return self.digits(re.sub(pattern, lambda _: draw(), shape))

    def secret(self, shape: str) -> str:
        if shape in ("jwt", "pem"):
            return self.values.secret(shape)
        letters = {
            "~": string.ascii_letters + string.digits,
            "^": string.ascii_uppercase,
            "%": "0123456789abcdef",
        }
        return re.sub(
            r"([~^%])(\d+)", lambda m: "".join(self.random.choices(letters[m[1]], k=int(m[2]))), shape
        )


def build(seed: int = 20261122, rounds: int = 3, *, blind: bool = False) -> list[Labelled]:
    """Return the open or the blind half: every labelled sentence and every clean one with digits `rounds` times."""
    return list(Challenge(seed, blind=blind).lines(rounds, "blind.txt" if blind else "sentences.txt"))
