"""Korean pages and junk out of a seed: what a web crawl brings, made up."""

import base64
import random
from collections.abc import Callable

_WHO = [
    "서울시",
    "교육청",
    "연구진",
    "주민들",
    "시의회",
    "학교",
    "도서관",
    "보건소",
    "상인회",
    "농민들",
    "경찰",
    "기상청",
    "구청",
    "환경부",
    "작가",
]
_WHAT = [
    "골목길 조명",
    "새 도서관",
    "마을 버스",
    "장마 대책",
    "전통 시장",
    "자전거 길",
    "놀이터",
    "독감 예방 접종",
    "하천 정비",
    "문화 행사",
    "전기 요금",
    "학교 급식",
    "쓰레기 처리",
    "공원 나무",
    "노인 돌봄",
    "청년 주택",
    "눈길 안전",
    "수돗물",
    "강변 산책로",
    "지역 축제",
]
_DID = [
    "바꾸기로 했다",
    "살펴보고 있다",
    "다시 논의한다",
    "크게 늘렸다",
    "줄이겠다고 밝혔다",
    "준비하고 있다",
    "마무리했다",
    "조사한 결과를 내놓았다",
    "시민에게 알렸다",
    "내년으로 미뤘다",
    "서두르기로 했다",
    "비판했다",
    "고치겠다고 말했다",
]
_WHY = [
    "예산이 모자라기 때문에",
    "주민의 요구가 많아서",
    "지난해보다 사고가 늘어나자",
    "비가 자주 내린 탓에",
    "학생 수가 줄어들면서",
    "오래된 시설을 그대로 둘 수 없어",
    "전문가의 의견을 듣고",
    "여러 차례 회의를 거쳐",
    "다른 도시의 사례를 참고해",
    "겨울이 오기 전에",
    "안전을 먼저 생각해",
    "공사 기간을 줄이려고",
]
_MENU = [
    "홈",
    "로그인",
    "회원가입",
    "장바구니",
    "고객센터",
    "마이페이지",
    "공지사항",
    "이벤트",
    "사이트맵",
    "찾아오시는 길",
    "이용약관",
    "전체메뉴",
    "다음 글",
]
_KEYS = [
    "강남",
    "홍대",
    "부산",
    "제주",
    "맛집",
    "카페",
    "호텔",
    "항공권",
    "할인",
    "쿠폰",
    "추천",
    "순위",
    "후기",
    "가격",
    "비교",
    "예약",
    "무료",
    "배송",
]
_SPAM = [
    "카지노",
    "바카라",
    "토토사이트",
    "먹튀검증",
    "꽁머니",
    "가입코드",
    "출장안마",
    "후불제",
    "텔레그램문의",
    "당일대출",
    "카드깡",
    "레플리카",
]


def page(random_: random.Random, sentences: int = 14) -> str:
    """Return a page of prose in a few paragraphs."""
    lines = [
        f"{random_.choice(_WHY)} {random_.choice(_WHO)}는 {random_.choice(_WHAT)}을 {random_.choice(_DID)}."
        for _ in range(sentences)
    ]
    return "\n".join(" ".join(lines[at : at + 4]) for at in range(0, sentences, 4))


def _syllables(random_: random.Random) -> str:
    return " ".join("".join(chr(random_.randrange(0xAC00, 0xD7A4)) for _ in range(3)) for _ in range(80))


def _base64(random_: random.Random) -> str:
    return "첨부 " + base64.b64encode(random_.randbytes(900)).decode()


def _table(random_: random.Random) -> str:
    return "\n".join(
        f"2026-{random_.randrange(1, 13):02} {random_.randrange(1000)},000 {random_.random():.2f}% -"
        for _ in range(40)
    )


JUNK: dict[str, Callable[[random.Random], str]] = {
    "menu": lambda r: "\n".join(r.choice(_MENU) for _ in range(60)),
    "keywords": lambda r: " ".join(r.choice(_KEYS) for _ in range(150)),
    "spam": lambda r: " ".join(r.choice(_SPAM) + " 문의는 지금 바로 하세요." for _ in range(40)),
    "laughter": lambda r: " ".join("ㅋ" * r.randrange(3, 9) + "ㅎ" * r.randrange(3) for _ in range(90)),
    "table": _table,
    "syllables": _syllables,
    "base64": _base64,
    "flood": lambda r: (page(r, 1) + "\n") * 30,
    "code": lambda r: "".join(f"function f() {{ return a[{r.randrange(9)}]; }}\n" for _ in range(40)),
    "western": lambda r: page(r).encode().decode("latin-1"),
    "cp949": lambda r: page(r).encode("cp949").decode("latin-1"),
    "lost": lambda r: page(r).replace("다", "\ufffd\ufffd"),
    "short": lambda r: page(r, 1)[:30],
}
"""What no filter may let through, by its kind."""
