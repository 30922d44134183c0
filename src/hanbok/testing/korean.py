"""Synthetic Korean identities: every value looks valid, is computed from a seed and belongs to nobody on purpose.

No checksum-valid 주민등록번호 is ever written down; it exists only while a test runs.
"""

import base64
import random
from collections.abc import Callable
from datetime import date, timedelta
from ipaddress import IPv4Address, IPv6Address

from hanbok.testing import digits, people, places, tokens
from hanbok.testing.people import words

_RANDOM_RRN_FROM = date(2020, 10, 5)
_CENTURY = 2000
_LAST_BIRTH = date(2025, 12, 31)

BANKS: dict[str, tuple[str, ...]] = {
    "신한은행": ("110-###-######", "140-###-######"),
    "우리은행": ("1002-###-######", "1005-###-######"),
    "국민은행": ("######-##-######", "###-##-####-###"),
    "하나은행": ("###-######-#####",),
    "농협은행": ("302-####-####-##", "351-####-####-##"),
    "기업은행": ("###-######-##-###",),
    "카카오뱅크": ("3333-##-#######", "3355-##-#######"),
    "토스뱅크": ("1000-####-####",),
    "케이뱅크": ("100-###-######",),
    "새마을금고": ("9002-####-####-#",),
    "부산은행": ("###-####-####-##",),
    "대구은행": ("###-##-######-#",),
    "우체국": ("######-##-######",),
    "수협은행": ("###-##-######",),
}
"""Shapes of account numbers; `#` is a random digit."""

_ISSUERS = ("35", "4", "51", "52", "53", "54", "55", "62", "65", "94")
_LAND = ("02", *words("031 032 033 041 042 043 044 051 052 053 054 055 061 062 063 064"))
_REPRESENTATIVE = words("1522 1544 1566 1577 1588 1599 1600 1644 1661 1666 1670 1688 1800 1833 1855 1899")
_DOMAINS = ("example.com", "example.co.kr", "example.net", "example.org", "mail.example.com", "example.or.kr")
_PLATE_LETTERS = "가나다라마거너더러머버서어저고노도로모보소오조구누두루무부수우주바사아자하허호배"
_MAIL_WORDS = words("minsu jiwon.kim hong hana_lee sales seo.jun dohyun park+news eunji.c help-desk")


class Identities:
    """An endless, repeatable supply: the same seed and calls give the same values."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def fill(self, shape: str) -> str:
        """Return the shape with each `#` turned into a random digit."""
        return "".join(str(self.random.randrange(10)) if one == "#" else one for one in shape)

    def chance(self, share: float) -> bool:
        """Return True in this share of calls."""
        return self.random.random() < share

    def birth(self, first: date = date(1940, 1, 1), last: date = _LAST_BIRTH) -> date:
        """Return a day in this range."""
        return first + timedelta(days=self.random.randrange((last - first).days + 1))

    def rrn(self, *, randomised: bool = False) -> str:
        """주민등록번호. `randomised`: as given out since October 2020, and with a wrong check digit on purpose."""
        if randomised:
            return self._randomised(self.birth(first=_RANDOM_RRN_FROM), (1, 3), digits.resident)
        born = self.birth(last=_RANDOM_RRN_FROM - timedelta(days=1))
        sex = self.random.randrange(2) + (1 if born.year < _CENTURY else 3)
        body = f"{born:%y%m%d}{sex}{self.random.randrange(96):02d}{self.fill('###')}"
        return f"{body[:6]}-{body[6:]}{digits.resident(body)}"

    def frn(self, *, randomised: bool = False) -> str:
        """외국인등록번호; `randomised` as in `rrn`."""
        if randomised:
            return self._randomised(self.birth(first=_RANDOM_RRN_FROM), (5, 7), digits.foreigner)
        born = self.birth(last=_RANDOM_RRN_FROM - timedelta(days=1))
        sex = self.random.randrange(2) + (5 if born.year < _CENTURY else 7)
        body = f"{born:%y%m%d}{sex}{self.fill('#####')}"
        return f"{body[:6]}-{body[6:]}{digits.foreigner(body)}"

    def _randomised(self, born: date, sexes: tuple[int, int], check: Callable[[str], str]) -> str:
        sex = sexes[1] + self.random.randrange(2)
        body = f"{born:%y%m%d}{sex}{self.fill('#####')}"
        wrong = (int(check(body)) + self.random.randrange(1, 10)) % 10
        return f"{body[:6]}-{body[6:]}{wrong}"

    def driver_license(self, *, old: bool = False) -> str:
        """운전면허번호; `old` begins with the region's name."""
        year = self.random.randrange(70, 126) % 100
        tail = f"{year:02d}-{self.fill('######')}-{self.fill('##')}"
        if old:
            return f"{self.random.choice(places.OLD_REGIONS)} {tail}"
        return f"{self.random.choice([*range(11, 27), 28])}-{tail}"

    def passport(self, *, old: bool = False) -> str:
        """여권번호; the new form (a letter in the middle) began in December 2021."""
        kind = self.random.choice("MMMMSRODG")
        if old:
            return kind + self.fill("########")
        return f"{kind}{self.fill('###')}{self.random.choice('ABCDEFGHJKLMNPQRSTUVWXYZ')}{self.fill('####')}"

    def brn(self) -> str:
        """사업자등록번호."""
        kind = self.random.choice([*range(1, 80), 81, 82, 83, 85, 86, 87, 88, *range(90, 100)])
        body = f"{self.random.randrange(101, 700)}{kind:02d}{self.fill('####')}"
        return f"{body[:3]}-{body[3:5]}-{body[5:]}{digits.business(body)}"

    def crn(self) -> str:
        """법인등록번호."""
        office = self.random.choice(("1101", "1301", "1201", "1701", "1801", "2001", "1345", "2841"))
        body = f"{office}{self.random.choice(('11', '14', '21', '22', '31', '71'))}{self.fill('######')}"
        return f"{body[:6]}-{body[6:]}{digits.corporation(body)}"

    def health_insurance(self) -> str:
        """건강보험증 번호, 11 digits."""
        return f"{self.random.randrange(1, 10)}-{self.fill('##########')}"

    def card(self, *, amex: bool = False) -> str:
        """Card number that passes Luhn, in its usual groups."""
        issuer = self.random.choice(("34", "37") if amex else _ISSUERS)
        body = issuer + self.fill("#" * ((14 if amex else 15) - len(issuer)))
        number = body + digits.luhn(body)
        cuts = ((0, 4), (4, 10), (10, 15)) if amex else ((0, 4), (4, 8), (8, 12), (12, 16))
        return "-".join(number[start:end] for start, end in cuts)

    def bank(self) -> str:
        """Return one key of `BANKS`."""
        return self.random.choice(list(BANKS))

    def account(self, bank: str) -> str:
        """계좌번호 in a shape of this bank (a key of `BANKS`)."""
        return self.fill(self.random.choice(BANKS[bank]))

    def mobile(self, *, old: bool = False) -> str:
        """휴대전화; `old` is one of 011, 016 to 019."""
        if old:
            shape = self.random.choice(("###-####", "####-####"))
            head, rest = self.random.choice(("011", "016", "017", "018", "019")), self.fill(shape)
            return f"{head}-{self.random.randrange(2, 10)}{rest[1:]}"
        return f"010-{self.random.randrange(2, 10)}{self.fill('###-####')}"

    def landline(self) -> str:
        """지역 번호 전화."""
        middle = f"{self.random.randrange(2, 9)}{self.fill(self.random.choice(('##', '###')))}"
        return f"{self.random.choice(_LAND)}-{middle}-{self.fill('####')}"

    def phone(self, kind: str = "mobile") -> str:
        """전화번호: mobile, old_mobile, land, 050, 070, 080, international or representative."""
        makers: dict[str, Callable[[], str]] = {
            "mobile": self.mobile,
            "old_mobile": lambda: self.mobile(old=True),
            "land": self.landline,
            "050": lambda: (
                f"050{self.random.randrange(2, 9)}-{self.random.randrange(2, 10)}{self.fill('###-####')}"
            ),
            "070": lambda: f"070-{self.random.randrange(2, 9)}{self.fill('###-####')}",
            "080": lambda: f"080-{self.random.randrange(2, 9)}{self.fill('##-####')}",
            "international": lambda: f"+82-{self.random.choice((self.mobile, self.landline))()[1:]}",
            "representative": lambda: f"{self.random.choice(_REPRESENTATIVE)}-{self.fill('####')}",
        }
        return makers[kind]()

    def email(self) -> str:
        """Address at a reserved or plainly made-up domain (RFC 2606)."""
        word = self.random.choice(_MAIL_WORDS)
        return f"{word}{self.random.choice(('', self.fill('##'), self.fill('####')))}@{self.random.choice(_DOMAINS)}"

    def ipv4(self, *, public: bool = False) -> str:
        """Private or documentation address; `public`: any unicast one."""
        if public:
            return str(
                IPv4Address((self.random.choice((1, 27, 58, 110, 121, 175, 203, 211)) << 24) + self._bits(24))
            )
        return self.random.choice(
            (
                f"192.168.{self._bits(8)}.{self.random.randrange(1, 255)}",
                f"10.{self._bits(8)}.{self._bits(8)}.{self.random.randrange(1, 255)}",
                f"203.0.113.{self.random.randrange(1, 255)}",
                f"172.{self.random.randrange(16, 32)}.{self._bits(8)}.{self.random.randrange(1, 255)}",
            )
        )

    def _bits(self, count: int) -> int:
        return self.random.getrandbits(count)

    def ipv6(self) -> str:
        """Address of the documentation range 2001:db8::/32 (RFC 3849), compressed or whole."""
        whole = IPv6Address((0x20010DB8 << 96) + self._bits(self.random.choice((16, 32, 96))))
        return self.random.choice((whole.compressed, whole.exploded))

    def vehicle(self, *, old: bool = False) -> str:
        """차량번호; `old` begins with the region's name."""
        letter, tail = self.random.choice(_PLATE_LETTERS), self.fill("####")
        if old:
            return (
                f"{self.random.choice(places.OLD_REGIONS)}{self.random.randrange(1, 98):02d}{letter} {tail}"
            )
        return f"{self.random.choice((self.random.randrange(10, 99), self.random.randrange(100, 799)))}{letter}{tail}"

    def address(self, kind: str = "road", *, unit: bool = True) -> str:
        """도로명주소 (`road`) or 지번주소 (`lot`), with a unit unless told otherwise."""
        place = self.random.choice(places.PLACES)
        region = " ".join(filter(None, (self.random.choice((place.province, place.short)), place.city)))
        village = self.random.choice(place.villages)
        number = (
            f"{self.random.randrange(1, 500)}{self.random.choice(('', f'-{self.random.randrange(1, 40)}'))}"
        )
        flat = f"{self.random.randrange(101, 120)}동 {self.random.randrange(1, 25)}0{self.random.randrange(1, 9)}호"
        if kind == "lot":
            flat = f" {self.random.choice(places.BUILDINGS)} {flat}" if unit else ""
            return f"{region} {village} {self.random.choice(('', '', '', '산 '))}{number}{flat}"
        inside = f" ({village})" if village.endswith("동") and self.chance(0.6) else ""
        area = "" if village.endswith("동") else f"{village.split()[0]} "
        return (
            f"{region} {area}{self.random.choice(place.roads)} {number}{f', {flat}' if unit else ''}{inside}"
        )

    def postal(self) -> str:
        """우편번호 of five digits."""
        low, high = self.random.choice(places.PLACES).postal
        return f"{self.random.randrange(low, high):05d}"

    def person(self) -> str:
        """Surname and given name."""
        surname = self.random.choices(list(people.SURNAMES), list(people.SURNAMES.values()))[0]
        if self.chance(0.04):
            return surname + self.random.choice(people.SINGLE_GIVEN)
        if self.chance(0.01):
            return surname + self.random.choice(people.LONG_GIVEN)
        if self.chance(0.75):
            return surname + self.random.choice(
                people.GIVEN_NAMES[self.random.choice(list(people.GIVEN_NAMES))]
            )
        return (
            surname + self.random.choice(people.FIRST_SYLLABLES) + self.random.choice(people.LAST_SYLLABLES)
        )

    def hanja_person(self) -> str:
        """Return a name in Hanja."""
        given = self.random.sample(list(people.HANJA_GIVEN.values()), 2)
        return self.random.choice(list(people.HANJA_SURNAMES.values())) + "".join(given)

    def foreign_person(self) -> str:
        """Return a foreign name in hangul."""
        if self.chance(0.5):
            return self.random.choice(people.ASIAN_NAMES)
        return f"{self.random.choice(people.FOREIGN_GIVEN)} {self.random.choice(people.FOREIGN_FAMILY)}"

    def dob(self) -> str:
        """Date of birth in one of the ways that Koreans write it."""
        born = self.birth(last=date(2015, 12, 31))
        shapes = (
            f"{born:%Y-%m-%d}",
            f"{born:%Y.%m.%d}",
            f"{born:%Y/%m/%d}",
            f"{born:%Y%m%d}",
            f"{born.year}년 {born.month}월 {born.day}일",
            f"{born.year}. {born.month}. {born.day}.",
            f"{born:%y%m%d}",
            f"{born:%y}년 {born.month}월 {born.day}일",
        )
        return self.random.choice(shapes)

    def pccc(self) -> str:
        """개인통관고유부호."""
        return f"P{self.random.randrange(11, 26)}{self.fill('##########')}"

    def ci(self) -> str:
        """연계정보: 64 bytes in 88 characters."""
        return base64.b64encode(self.random.randbytes(64)).decode()

    def di(self) -> str:
        """중복가입확인정보: 48 bytes in 64 characters."""
        return base64.b64encode(self.random.randbytes(48)).decode()

    def secret(self, kind: str = "") -> str:
        """Return a key, token or password of this kind (a name in `tokens.SHAPES`); any when empty."""
        return tokens.make(kind or self.random.choice(tokens.KINDS), self.random)
