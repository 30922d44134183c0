"""Finds the words of a text that are parts of a person's name, with weights that `tools/train_names.py` learnt.

Every run of hangul offers candidates: a stem and what follows it (`김민수` + `씨는`). A candidate is scored by the sum
of small integer weights, one for each thing that is true of it; the features of the word alone are summed first, and
only candidates that context could still lift look around.
"""

import re
from dataclasses import dataclass
from typing import Final

from hanbok.guard.names.lexicon import (
    FOREIGN,
    FREQUENT,
    GIVEN,
    GIVEN_RARE,
    NOUN,
    ORGANISATION,
    PERSONAL,
    PLACE,
    Lexicon,
)
from hanbok.guard.names.words import (
    AFTER_CONSONANT,
    AFTER_VOWEL,
    DOUBLE_SURNAMES,
    ENDINGS,
    PARTICLES,
    PLAIN_PARTICLES,
    SURNAMES,
    TITLES,
    suffix_kind,
)

WORD: Final = re.compile("[가-힣]+")
_LONGEST_NAME, _SHORT, _FULL, _TWO = 6, 4, 3, 2
_NEAR: Final = 4
_MASKS: Final = frozenset("*＊○◯●□OＯ×xX")
"""What hides the rest of a name: `홍*동` is hidden already."""
_AGE = re.compile(r" ?[(（][0-9]{1,2}(?:[·,)）세]|[가-힣])")
_HANJA = re.compile(r" ?[(（][\u3400-\u9fff\uf900-\ufaff]{2,4}[)）]")
_LATIN = re.compile(r" ?[(（][A-Z][A-Za-z .-]+[)）,]")


@dataclass(slots=True)
class Candidate:
    """A stem that may be a name or a part of one.

    `shape` is K for surname and given name, D for a double surname, L for two syllables that begin with a surname,
    S for a surname alone, F for anything else. Not frozen, because thousands are made in a second.
    """

    length: int
    shape: str
    kinds: int
    rest: str
    suffix: str
    features: tuple[str, ...]


def candidates(word: str, lexicon: Lexicon) -> list[Candidate]:
    """Return what could be a name at the start of this run of hangul; nothing for a word in everyday use."""
    if word[:2] in lexicon.heads:
        return []
    size = len(word)
    korean = _korean(word, lexicon)
    whole = lexicon.kinds(word)
    common = whole & (FREQUENT if korean and size == _FULL else FREQUENT | PLACE)
    if not whole & PERSONAL and (common or _everyday(word, size, lexicon, korean=korean)):
        return []
    surname = word[0] in SURNAMES
    longest = min(size, _LONGEST_NAME)
    if longest > _SHORT and not lexicon.foreign.issuperset(word[:longest]):
        longest = _SHORT
    kinds = [lexicon.kinds(word[:length]) for length in range(1, longest + 1)]
    if (
        longest < size
        and not korean
        and not (surname and size < _LONGEST_NAME)
        and not any(kind & PERSONAL for kind in kinds)
    ):
        return []
    head = kinds[1] if size > 1 else 0
    dead = lexicon.dead
    found: list[Candidate] = []
    for length in range(1, longest + 1):
        suffix = suffix_kind(word[length:])
        shape = _shape(word, length, korean=korean, surname=surname)
        if not suffix and shape not in "KD":
            continue
        if (
            _possible(shape, word, length, suffix, kinds, lexicon)
            and outline(shape, suffix, kinds[length - 1], whole, head) not in dead
        ):
            found.append(_candidate(word, length, shape, suffix, kinds, whole, lexicon))
    return found


def full_name(word: str, length: int, lexicon: Lexicon) -> Candidate:
    """Return the candidate for a surname and given name of this length, however unlikely."""
    kinds = [lexicon.kinds(word[:size]) for size in range(1, max(length, min(len(word), _SHORT)) + 1)]
    shape = _shape(word, length, korean=_korean(word, lexicon), surname=True)
    return _candidate(word, length, shape, suffix_kind(word[length:]), kinds, lexicon.kinds(word), lexicon)


def outline(shape: str, suffix: str, kind: int, whole: int, head: int) -> str:
    """Return what is known of a candidate before its letters are looked at."""
    return f"{shape}{suffix}{kind},{whole},{head}"


def _everyday(word: str, size: int, lexicon: Lexicon, *, korean: bool) -> bool:
    """Tell whether the word is a common noun with a particle, or ends as names never do."""
    if not korean and word[-2:] in lexicon.tails:
        return True
    doubtful = korean and lexicon.kinds(word[1:3]) & (GIVEN | GIVEN_RARE)
    for length in (size - 1, size - 2):
        if length > 1 and word[length:] in PLAIN_PARTICLES and (length > _TWO or not doubtful):
            kind = lexicon.kinds(word[:length])
            if kind & FREQUENT and not kind & PERSONAL and _reading(word[length - 1], word[length:]) in "+=":
                return True
    return False


def _korean(word: str, lexicon: Lexicon) -> bool:
    """Tell whether the word may begin with a Korean surname and a given name of two syllables."""
    if word[:2] in DOUBLE_SURNAMES:
        return True
    return len(word) > _TWO and word[0] in SURNAMES and word[1] in lexicon.first and word[2] in lexicon.last


def _shape(word: str, length: int, *, korean: bool, surname: bool) -> str:
    if length == 1:
        return "S" if surname else "F"
    if korean and length in (3, 4) and word[:2] in DOUBLE_SURNAMES:
        return "D"
    if korean and length == _FULL:
        return "K"
    return "L" if surname and length == _TWO else "F"


def _possible(shape: str, word: str, length: int, suffix: str, kinds: list[int], lexicon: Lexicon) -> bool:
    """Tell whether this stem deserves a look at all."""
    kind = kinds[length - 1]
    if shape == "S":
        return suffix in ("0", "h", "t")
    if shape == "K":
        return bool(suffix) or (
            len(word) <= _LONGEST_NAME + 1
            and bool(lexicon.kinds(word[1:3]) & (GIVEN | GIVEN_RARE))
            and not kinds[1] & NOUN
        )
    if shape == "D" or length == 1:
        return shape == "D" or bool(kind & FOREIGN and suffix != "t")
    if kind:
        return bool(kind & (PERSONAL | ORGANISATION)) or not kind & (FREQUENT | PLACE)
    if shape == "L":
        return word[1] in lexicon.first
    return (suffix != "0" or word[-1] not in ENDINGS) and lexicon.foreign.issuperset(word[:length])


def _candidate(
    word: str, length: int, shape: str, suffix: str, prefixes: list[int], whole: int, lexicon: Lexicon
) -> Candidate:
    stem, rest, kinds = word[:length], word[length:], prefixes[length - 1]
    agree = _reading(stem[-1], rest)
    out = [shape, f"{shape}u{suffix}{agree}", f"{shape}m{kinds}", f"{shape}h{whole & 7}{kinds & 7}{suffix}"]
    if rest:
        out += (f"{shape}r{rest[:2]}", f"{shape}R{rest}", f"{shape}w{whole}{suffix}")
    for cut in (2, 3, 4):
        if cut != length and len(word) >= cut:
            kinds_here = prefixes[cut - 1]
            reading = _reading(word[cut - 1], word[cut:])
            out.append(f"{shape}{cut}{kinds_here}{reading}")
            if kinds_here & NOUN and reading in "0+":
                out.append(f"{shape}@")
    if length > _TWO:
        out.append(f"{shape}y{stem[-1]}{prefixes[length - 2] & 7}")
    if shape in "KL":
        out += (f"{shape}s{stem[0]}", f"{shape}a{stem[:2]}", f"{shape}b{stem[1]}")
        if shape == "K":
            given = lexicon.kinds(stem[1:])
            out += (f"Kv{given}", f"Kc{stem[2]}", f"Kg{stem[1:]}", f"Kx{given & 0xC0}{kinds}")
    elif shape == "S":
        out.append(f"Ss{stem}")
    else:
        out += (f"{shape}n{length}", f"{shape}f{stem[0]}", f"{shape}l{stem[-1]}")
        out += [f"{shape}q{stem[at : at + 2]}" for at in range(length - 1)]
    return Candidate(length, shape, kinds, rest, suffix, tuple(out))


def _reading(last: str, rest: str) -> str:
    """Tell how well this tail follows a word that ends in `last`.

    0: there is no tail; + or -: a particle that fits or does not; =: a particle that fits any word; ?: something else.
    """
    if not rest:
        return "0"
    if rest in AFTER_CONSONANT:
        return "+" if (ord(last) - 0xAC00) % 28 else "-"
    if rest in AFTER_VOWEL:
        return "-" if (ord(last) - 0xAC00) % 28 else "+"
    return "=" if rest in PARTICLES else "?"


def hopeless(text: str, start: int, one: Candidate, named: str, lexicon: Lexicon) -> bool:
    """Tell at little cost that a stem of one syllable is no name here: see `alone`."""
    if one.shape == "S" and start and text[start - 1] in _MASKS:
        return True
    return one.length == 1 and not one.rest and alone(text, start, "" if one.shape == "S" else named, lexicon)


def alone(text: str, start: int, named: str, lexicon: Lexicon) -> bool:
    """Tell that this word of one syllable is no name.

    A surname needs a title behind it, a part of a foreign name another part.
    """
    if text[start + 1 : start + 2] != " ":
        return not named
    following = WORD.match(text, start + 2)
    if following is None:
        return not named
    if text[start] in SURNAMES and suffix_kind(following[0]) in ("h", "t"):
        return False
    return not named and not lexicon.kinds(following[0]) & FOREIGN


def surroundings(
    text: str, start: int, one: Candidate, before: re.Match[str] | None, named: str, lexicon: Lexicon
) -> list[str]:
    """Return the features of what stands around a candidate.

    `before` is the run of hangul before it in its line; `named` the shape of the name that this run is, or ''.
    """
    group = one.shape if one.shape in "SF" else "K"
    end = start + one.length
    word_end = end + len(one.rest)
    left = text[start - 1] if start else "\n"
    out = [f"{group}<{left}"]
    if before is not None and start - before.end() <= _NEAR:
        previous, gap = before[0], text[before.end() : start]
        out += (
            f"{group}P{previous[-4:]}",
            f"{group}Q{previous[-2:]}",
            f"{group}q{previous[-1]}",
            f"{group}G{gap}",
            f"{group}p{lexicon.kinds(previous)}{one.kinds & 0x30}",
        )
        if named:
            out.append(f"{group}Y{named}{gap}")
    right = text[word_end : word_end + 1]
    out += (f"{group}>{right}{one.suffix}", f"{group}]{text[word_end : word_end + 2]}")
    kind = "9" if "0" <= text[word_end + 1 : word_end + 2] <= "9" else ""
    out.append(f"{group}!{text[end - 1]}{right if right in ' )(,:' else ''}{kind}{one.suffix}")
    if right == " ":
        after = WORD.match(text, word_end + 1)
        if after:
            following = after[0]
            entitled = not one.rest and not TITLES.isdisjoint((following, following[:2], following[:3]))
            title = "T" if entitled else ""
            out += (
                f"{group}N{following[:3]}{one.suffix}",
                f"{group}O{following[:2]}",
                f"{group}t{title}{one.suffix}",
            )
            if one.shape != "S":
                out.append(f"{group}M{lexicon.kinds(following)}{one.kinds & 0x30}{one.suffix}")
            if following[-1] == "다":
                out.append(f"{group}z{one.suffix}")
    if right in " (（":
        for name, pattern in (("A", _AGE), ("H", _HANJA), ("E", _LATIN)):
            if pattern.match(text, word_end):
                out.append(f"{group}{name}")
    return out


def joins(left: Candidate, right: Candidate, gap: str) -> list[str]:
    """Return the features of two neighbouring parts that may be one name (`도널드` + `트럼프`)."""
    a, b = left.kinds & 0xF0, right.kinds & 0xF0
    return [
        f"J{gap}",
        f"Js{left.shape}{right.shape}",
        f"Jk{a}/{b}",
        f"Jl{left.shape}{a}{left.length}",
        f"Jr{right.shape}{b}{right.length}",
        f"Jn{left.length}{right.length}",
    ]
