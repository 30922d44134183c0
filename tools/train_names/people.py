"""Names to fill the training templates with: surnames by frequency, given names by generation."""

import random

from hanbok.guard.names.words import COMMON_SURNAMES, SURNAMES

_SHARES = (
    "김:215 이:147 박:84 최:47 정:43 강:24 조:21 윤:21 장:20 임:17 한:15 오:15 서:15 신:15 권:14 황:14 안:14 송:14 전:11 홍:11 유:13 "
    "고:9 문:9 양:9 손:9 배:8 백:8 허:7 남:6 심:5 노:5 하:5 곽:4 성:4 차:4 주:4 우:4 구:4 민:3 류:3 나:3 진:3 지:3 엄:3 채:3 원:3 천:2 "
    "방:2 공:2 현:2 함:2 변:2 염:1 여:1 추:1 도:1 소:1 석:1 선:1 설:1 마:1 길:1 연:1 위:1 표:1 명:1 기:1 반:1 왕:1 금:1 옥:1 육:1 인:1 맹:1 "
    "제:1 모:1 탁:1 국:1 어:1 은:1 편:1 용:1 예:1 경:1 봉:1 사:1 부:1 남궁:8 황보:5 제갈:5 선우:5 독고:4 사공:4 서문:2 동방:1"
)
_SURNAMES = {one.split(":")[0]: float(one.split(":")[1]) for one in _SHARES.split()}

MODERN = (
    "서준 도윤 하준 시우 은우 이준 지호 예준 주원 유준 준우 민준 도현 선우 건우 우진 지후 서진 연우 현우 이안 지안 로운 수호 시윤 은호 지환 태오 재윤 승우 "
    "유찬 준서 지우 정우 시현 민재 준혁 승민 지훈 하율 윤우 라온 도하 태윤 이현 은찬 하진 민우 한결 율하 서우 하온 아준 우주 지율 도율 해준 "
    "서연 이서 서아 지아 하윤 아린 하은 지유 아윤 서윤 수아 지우 하린 예나 유나 채원 다은 예린 소율 나은 서하 시아 유주 윤서 채아 예서 수빈 다인 지민 은서 "
    "가은 리아 아인 세아 소윤 나윤 서현 민서 예원 유진 채윤 하나 다온 라희 소이 은채 주아 서영 나연 유빈 태리 보민 가온 하람 서율 수현 연서 "
    "재민 민수 현준 동현 성민 준영 태현 상우 민혁 진우 재현 동욱 지원 현수 성훈 정훈 상현 승현 영훈 진호 준호 재훈 지혜 은지 민지 혜진 수정 지현 은정 은영 미영 "
    "영희 철수 길동 영수 순자 영자 정숙 순희 말순 옥자 정희 명자 춘자 경자 갑돌 갑순 영철 광수 정남 종수 정호 상철 병철 용수 덕수 만수 "
    "보라 슬기 아름 하늘 한솔 초롱 가람 다솜 새롬 이슬 소망 은별 한별 나래 지수 윤아 태연 수지 민아 효주 혜수 지은 나영 민정 소희 예은 세영 유정 다영 소연 아영 수연"
).split()
"""Given names of people born from the 1940s to the 2020s."""

_SINGLE = "준 훈 율 솔 결 윤 빈 찬 산 혁 린 설 건 민 진 별 현 철 웅 영 욱 범 석 호 선 숙 란 희 담 온 원 강 구 민 열".split()
_LONG = "하늘이 빛나라 아름별 한누리 새벽별 초롱이 가온누리 하람이 꽃님이 다사랑 은하수 푸른솔 별하나".split()


_VIETNAMESE = (
    "응우옌 쩐 레 팜 호앙 황 후인 판 부 보 당 부이 도 호 응오 즈엉 리 쯔엉 딘 도안 루옹".split(),
    "반 티 득 홍 민 꾸옥 호앙 투 응옥 탄 타인 쑤언 김 바오 뚜언 휴 녓 하이 비엣 티엔".split(),
    "남 흐엉 란 뚜안 안 마이 훙 히에우 롱 하 화 후옌 린 프엉 짱 응아 투이 따오 꾸엉 즈엉 남 빈 손 민 타오 뀐 득 박 떰 융".split(),
)
_CHINESE = (
    "왕 리 장 류 천 양 황 자오 저우 우 쉬 쑨 마 주 후 궈 허 린 가오 뤄 량 쑹 정 셰 한 탕 펑 위 둥".split(),
    "웨이 나 팡 징 민 레이 양 리 쥔 융 타오 밍 차오 옌 강 핑 하오 톈 쉐 린 샤오밍 메이링 젠궈 즈창 위팡 하이옌 신이 쯔한".split(),
)


class People:
    """A repeatable supply of names. `given` maps given names to the number of surnames seen with them."""

    def __init__(self, chance: random.Random, given: dict[str, int], foreign: dict[str, int]) -> None:
        self.chance = chance
        self.givens, self.weights = list(given), [float(count) for count in given.values()]
        self.foreign, self.foreign_weights = list(foreign), [float(count) ** 0.7 for count in foreign.values()]
        self.firsts = sorted({name[0] for name, count in given.items() if count > 2})
        self.lasts = sorted({name[1] for name, count in given.items() if count > 2})

    def surname(self) -> str:
        """Return a surname, seldom one of the rare ones."""
        if self.chance.random() < 0.04:
            return self.chance.choice(sorted(SURNAMES))
        return self.chance.choices(list(_SURNAMES), list(_SURNAMES.values()))[0]

    def given(self) -> str:
        """Return a given name of two syllables."""
        draw = self.chance.random()
        if draw < 0.45:
            return self.chance.choice(MODERN)
        if draw < 0.92:
            return self.chance.choices(self.givens, self.weights)[0]
        return self.chance.choice(self.firsts) + self.chance.choice(self.lasts)

    def korean(self) -> str:
        """Return surname and given name."""
        draw = self.chance.random()
        surname = self.surname()
        if draw < 0.06:
            return surname + self.chance.choice(_SINGLE)
        if draw < 0.075 and surname in COMMON_SURNAMES:
            return surname + self.chance.choice(_LONG)
        return surname + self.given()

    def stranger(self) -> str:
        """Return a foreign name in hangul, one to three words."""
        if self.chance.random() < 0.12:
            return " ".join(self.chance.choice(part) for part in _VIETNAMESE)
        if self.chance.random() < 0.06:
            return self.chance.choice((" ", "")).join(self.chance.choice(part) for part in _CHINESE)
        words = self.chance.choices((1, 2, 3), (0.35, 0.58, 0.07))[0]
        return " ".join(self.chance.choices(self.foreign, self.foreign_weights, k=words))
