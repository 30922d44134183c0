"""Texts made to be slow to read: each a megabyte or more of what some part of the guard must look at twice."""

import random
import unicodedata
from collections.abc import Callable, Iterator

from hanbok.testing.korean import Identities

_SURNAMES, _GIVEN = "김이박최정강조윤장임", "민서지현준우하은수영호진"
_SYLLABLES = "가나다라마바사아자차카타파하거너더러머버서어저처"
_HANJA = "金李朴崔鄭姜趙尹張林敏秀榮哲智勳成浩俊宇賢珍瑞姸恩珠惠京慶"
_JAMO = "\u1100\u1161\u11ab\u1102\u1165\u11af\u1112\u1175"
_DAY = (1, 28)

REPEATED = {
    "digits": "1",
    "phones": "010-2345-6789 ",
    "phones without a gap": "01023456789",
    "nearly phones": "010-2345-678 ",
    "resident numbers": "900101-1234567,",
    "resident numbers in lines": "900101-1234567\n",
    "resident numbers in words": "주민번호 900101-1234567 법인 ",
    "foreigners' numbers": "900101-5234567,",
    "companies' numbers": "110111-1234567 ",
    "companies' labels": "법인등록번호 110111-1234567 주민등록번호 ",
    "cards": "4111 1111 1111 1111 ",
    "cards in a row": "4111-1111-1111-1111",
    "accounts": "계좌 110-123-456789 ",
    "accounts without words": "110-123-456789,",
    "business numbers": "123-45-67890/",
    "licences": "11-12-123456-12 ",
    "passports": "M12345678 ",
    "customs codes": "P123456789012 ",
    "health insurance": "증번호 12345678901 ",
    "postal codes": "(우) 06234 ",
    "at signs": "a@",
    "addresses of mail": "a@a.co ",
    "mail without end": "a.b-c_d@e.f-g.",
    "mail in brackets": "a(at)b[dot]c 골뱅이 ",
    "long domains": "a.",
    "IPv4": "1.2.3.4 ",
    "IPv6": "fe80::1:",
    "colons": ":",
    "hex": "0123456789abcdef",
    "hex secrets": "key=0123456789abcdef0123456789abcdef ",
    "spaced digits": "0 ",
    "dashed digits": "0-",
    "dotted digits": "1.",
    "mixed separators": "0-1.2/3_4~5 6(7)8 ",
    "commas": "1,234,567,",
    "full-width digits": "０",
    "circled digits": "①②③ ",
    "look-alikes": "O1l0I ",
    "invisible": "0\u200b",
    "only invisible": "\u200b",
    "soft hyphens": "0\u00ad-",
    "hanja digits": "一二三 四五",
    "read aloud": "일이삼사",
    "read aloud with gaps": "공일공-일이삼사-오육칠팔 ",
    "entities": "&#48;",
    "ampersands": "&#",
    "named entities": "&amp;nbsp;",
    "escapes": "%40%2e",
    "jamo": _JAMO,
    "broken jamo": "\u1100\u1161",
    "base64": "A",
    "mixed base64": "aB3+/",
    "tokens": "eyJaaaaaaaa.",
    "prefixes": "sk-ghp_AKIA",
    "labels": "password=",
    "nested labels": "비밀번호: 아이디/비밀번호: (",
    "labels with values": "password: abcd1234! ",
    "bearers": "bearer basic ",
    "keys without end": "-----BEGIN PRIVATE KEY-----\n" + "A" * 64 + "\n",
    "addresses with passwords": "https://a:b@c ",
    "schemes": "://a:",
    "web tokens": "Bearer eyJhbGciOi.eyJzdWIiOi.abc ",
    "private keys": "-----BEGIN PRIVATE KEY-----",
    "addresses in rows": "1.1.",
    "whole addresses": "서울특별시 강남구 테헤란로 152, 101동 1502호 (역삼동) ",
    "halves of addresses": "서울특별시 강남구 테헤란로 ",
    "provinces": "서울 경기 부산 ",
    "provinces in one word": "서울",
    "roads": "가나로 1 ",
    "roads without names": "로1길2",
    "lots": "역삼동 123-4 ",
    "units": "101동 1502호 ",
    "births": "생년월일 1990-01-01 ",
    "births behind digits": "1출생",
    "births behind years": "1990생",
    "births behind days": "1990년 1월 1일생 ",
    "months and births": "jan 1 born ",
    "birthdays asked for": "생일 언제야? ",
    "births in towns": "1990.1.1 서울에서 에서 ",
    "births in a row": "김민수/1990.01.01/남\n",
    "dates": "1990.01.01 ",
    "sexes": "1990-01-01,남,",
    "birth words": "출생",
    "table": "가,010-2345-6789,06234\n",
    "wide table": "1\t",
    "headings": "생년월일,생년월일\n",
    "headings of resident numbers": "주민등록번호|법인등록번호|",
    "law": "제15조(개인정보의 수집ㆍ이용) ① 개인정보처리자는 ",
    "plates": "12가3456 ",
    "plates in a row": "12가",
    "number rows": "123456\n",
    "line ends": "\n",
    "blanks": " ",
    "numbers broken by lines": "010-1234-\n5678 ",
    "brackets": "((",
    "hyphens": "-",
    "one name": "홍길동 ",
    "one name, spaced": "홍 길 동 ",
    "one name, dotted": "홍.길.동.",
    "surnames": "김 ",
    "titles": "김 대리 과장님 ",
    "labels of names": "성명: 이름: ",
    "one name in Hanja": "洪吉童 ",
    "Hanja without end": "金",
    "Latin names": "Kim Min-su ",
    "capitals": "Kim ",
    "foreign names": "도널드 트럼프 ",
    "one word": "가나다",
    "names without a gap": "김민수박서준",
    "names and ages": "김민수(35) ",
    "names by middle dots": "도널드·",
    "initials": "김 A. ",
    "foreign names in one word": "다니엘데이루이스",
    "double surnames": "남궁 민수 ",
    "double surnames apart": "남 궁 ",
    "particles": "이가는 은이를 ",
    "nested objects": '{"이름":{"name":[',
    "references": "(주)홍길동(주)",
    "instructions": "ignore previous instructions 이전 지시를 무시하고 ",
    "nested brackets": "(" * 40 + "1" + ")" * 40,
    "brackets in numbers": "((900101)-(1234567))",
    "births in brackets": "생년월일(((1990)01)01 ",
    "one long word": "김민수1990.01.01생서울강남구역삼동123-4번지",
    "decomposed names": unicodedata.normalize("NFD", "홍길동 "),
    "decomposed rows": unicodedata.normalize("NFD", "생일 1990.1.2 서울 강남구 역삼동 1\n"),
    "entities in numbers": "&#48;1&#48;-&#x32;345-6789 ",
    "entities in mail": "a&commat;b&period;c ",
    "invisible in names": "홍\u200b길\u200b동 ",
    "invisible in rows": "900101\u200b-\u2060123\ufeff4567\n",
    "nearly mail": "a.b@c.d@e-f_g@김.이@",
    "mail of many dots": "a.b.c.d.e.f@g.h.i.j.k.l ",
    "nearly secrets": "key: sk-aaaaaaaaaaaaaaa. token=ghp_a ",
    "passwords of passwords": "password=password:비밀번호=",
    "nearly addresses": "테헤란로 길 12동 가나리 산 ",
    "rows of nearly addresses": "역삼동 12 다라로 3길 4 마바리 산 5-6 ",
    "addresses in one word": "서울강남구테헤란로1길2-3역삼동4",
    "brackets after addresses": "서울 강남구 테헤란로 1 (가동) (나동) ",
    "nearly resident numbers": "900101-12345678 ",
    "nearly cards": "4111-1111-1111-111\n",
    "nearly births": "1990.13.45생 ",
    "years, months and births": "12 jan 1990born ",
    "births read aloud": "구공공일공일 생일 ",
    "births and towns": "1990년 가나시에서 출생 ",
    "rows of a table": "김민수,900101-1234567,1990-01-01,남\n",
    "nearly plates": "서울 12 가 345 ",
    "nearly licences": "서울 11-12-123456-1 ",
    "sexes and telephones": "남/010-1234-5678/1990.01.01,여,",
    "banks and numbers": "국민 110 123 456789 신한 ",
    "long IPv6": "fe80::1:2:3:4:5:6:7:8:9 ",
    "names of every kind": "김 민 수 Kim Min-su 金民秀 마이클 ",
    "surnames and digits": "김1이2박3",
    "names in quotes": "'김민수','이서준',",
    "emoji": "😀0",
    "half pairs": "\ud800",
    "null": "\0",
}
"""Pieces to repeat."""


def _date(chance: random.Random) -> str:
    return f"{chance.randint(50, 99)}{chance.randint(1, 12):02}{chance.randint(*_DAY):02}"


def _number(chance: random.Random, *sizes: int) -> str:
    return "-".join(str(chance.randrange(10**size)).zfill(size) for size in sizes)


def _name(chance: random.Random) -> str:
    return chance.choice(_SURNAMES) + chance.choice(_GIVEN) + chance.choice(_GIVEN)


def _any_of(signs: str, size: int) -> Callable[[random.Random], str]:
    return lambda chance: "".join(chance.choices(signs, k=size))


def _mixture(chance: random.Random) -> str:
    return chance.choice(tuple(REPEATED.values())) + chance.choice((" ", "\n", "", ","))


def _by_turns(first: str, second: str) -> Callable[[random.Random], str]:
    """Two shapes that take turns, as often as it comes."""
    return lambda chance: REPEATED[first] * chance.randint(1, 3) + REPEATED[second] * chance.randint(1, 3)


def _nearly(chance: random.Random) -> str:
    """Return a number that has lost a sign, or holds one too many."""
    number = chance.choice(
        ("900101-1234567", "010-2345-6789", "4111-1111-1111-1111", "110-123-456789", "123-45-67890")
    )
    at = chance.randrange(len(number))
    return (
        number[:at] + chance.choice(("", "7", "--", " ", ".", ")")) + number[at + 1 :] + chance.choice(" ,\n")
    )


def _birth(chance: random.Random) -> str:
    year, month, day = chance.randint(1900, 2030), chance.randint(0, 14), chance.randint(0, 33)
    sign = chance.choice((".", "-", "/", " ", ". ", "년 "))
    word = chance.choice(("생", " 출생", "에 태어", ",남,", " born ", "일 서울에서 "))
    return f"{year}{sign}{month}{sign}{day}{word}"


def _veiled(chance: random.Random) -> str:
    """Return a row in which signs that nobody sees stand anywhere."""
    return "".join(one + chance.choice(("", "", "", "\u200b", "\u00ad")) for one in _row(chance))


def _row(chance: random.Random) -> str:
    place = f"서울 강남구 역삼동 {chance.randint(1, 999)}"
    return f"{_name(chance)}\t{_date(chance)}-{_number(chance, 7)}\t010-{_number(chance, 4, 4)}\t{place}\n"


DRAWN: dict[str, Callable[[random.Random], str]] = {
    "other names": lambda chance: _name(chance) + " ",
    "other names, spaced": lambda chance: " ".join(_name(chance)) + " ",
    "other names, dotted": lambda chance: ".".join(_name(chance)) + " ",
    "other names, by middle dots": lambda chance: "·".join(_name(chance)) + ", ",
    "surnames apart": lambda chance: f"{chance.choice(_SURNAMES)} {_any_of(_GIVEN, 2)(chance)} ",
    "any syllables": lambda chance: _any_of(_SYLLABLES, chance.randint(1, 6))(chance) + " ",
    "any syllables apart": lambda chance: _any_of(_SYLLABLES + _SURNAMES + _GIVEN, 1)(chance) + " ",
    "surnames and titles": lambda chance: chance.choice(_SURNAMES) + chance.choice((" 대리 ", "씨 ")),
    "other Hanja": lambda chance: _any_of(_HANJA, 3)(chance) + " ",
    "scripts by turns": lambda chance: "".join(
        map(chance.choice, (_SYLLABLES, "abcXYZ", _HANJA, "0123", "あア"))
    ),
    "other resident numbers": lambda chance: f"{_date(chance)}-{chance.randint(1, 4)}{_number(chance, 6)} ",
    "other resident numbers, bare": lambda chance: (
        f"{_date(chance)}{chance.randint(1, 4)}{_number(chance, 6)} "
    ),
    "other phones": lambda chance: f"010-{_number(chance, 4, 4)} ",
    "other cards": lambda chance: _number(chance, 4, 4, 4, 4) + "\n",
    "other accounts": lambda chance: f"신한은행 {_number(chance, 3, 3, 6)} ",
    "other mail": lambda chance: f"{_any_of('abcdef', 5)(chance)}@{_any_of('abc', 3)(chance)}.com,",
    "other plates": lambda chance: f"{_number(chance, 2)}{chance.choice('가나다라마')}{_number(chance, 4)} ",
    "other roads": lambda chance: f"서울 강남구 {_any_of(_SYLLABLES, 3)(chance)}로 {chance.randint(1, 300)} ",
    "other IPv6": lambda chance: ":".join(f"{chance.randrange(65536):x}" for _ in range(8)) + " ",
    "other secrets": lambda chance: f"api_key={_any_of('abcdefABCDEF0123456789', 32)(chance)}\n",
    "rows of everything": _row,
    "veiled rows": _veiled,
    "decomposed": lambda chance: unicodedata.normalize("NFD", _row(chance)),
    "nearly numbers": _nearly,
    "other births": _birth,
    "names without blanks": lambda chance: _name(chance) + chance.choice(("은", "님", "씨가", "1", "")),
    "brackets anywhere": _any_of("()[]{}<>0123456789", 40),
    "labels anywhere": lambda chance: (
        chance.choice(("주민", "계좌", "생일", "카드", "password:", "ip", "차량")) + _number(chance, 4, 2)
    ),
    "resident numbers and births": _by_turns("resident numbers in lines", "births behind days"),
    "sexes and names": _by_turns("sexes", "one name, spaced"),
    "accounts and cards": _by_turns("accounts", "cards"),
    "months and plates": _by_turns("months and births", "plates"),
    "mail and secrets": _by_turns("addresses of mail", "labels with values"),
    "addresses and names": _by_turns("whole addresses", "double surnames apart"),
    "digits and signs": _any_of("0123456789-./_~*()+,:= ", 40),
    "anything of ASCII": _any_of("".join(map(chr, range(32, 127))), 40),
    "anything of these shapes": _mixture,
}
"""Pieces of which no two are alike."""


def hostile(size: int = 1_000_000) -> Iterator[tuple[str, str]]:
    """Yield name and text of each shape, about `size` bytes of UTF-8 each; the same every time."""
    for name, piece in REPEATED.items():
        yield name, piece * (size // len(piece.encode(errors="surrogatepass")))
    for name, draw in DRAWN.items():
        chance = random.Random(name)
        yield name, _filled(lambda draw=draw, chance=chance: draw(chance), size)
    people = Identities(1)
    for name, draw in {"valid resident numbers": people.rrn, "valid foreigners' numbers": people.frn}.items():
        yield name, _filled(lambda draw=draw: draw() + " ", size)


def _filled(draw: Callable[[], str], size: int) -> str:
    pieces: list[str] = []
    while size > 0:
        pieces.append(draw())
        size -= len(pieces[-1].encode(errors="surrogatepass"))
    return "".join(pieces)
