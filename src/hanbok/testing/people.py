"""Syllables that synthetic Korean names are drawn from: surnames by rough share, given names by generation.

Shares follow the published order of the 2015 census (통계청 인구주택총조사) from common knowledge, rounded; they
steer a random generator and claim nothing else.
"""


def words(text: str) -> tuple[str, ...]:
    """Return the words of a list that is kept as running text."""
    return tuple(text.split())


SURNAMES: dict[str, float] = {
    surname: share
    for share, surnames in (
        (21.5, "김"),
        (14.7, "이"),
        (8.4, "박"),
        (4.5, "최 정"),
        (2.1, "강 조 윤 장"),
        (1.5, "임 한 오 서 신 권 황 안 송"),
        (1.1, "전 홍 유 고 문 양 손 배 백"),
        (0.5, "허 남 심 노 하 곽 성 차 주 우 구 민 류"),
        (0.25, "나 진 지 엄 채 원 천 방 공 현 함 변 남궁 황보 제갈 선우 사공 독고"),
        (
            0.1,
            "염 여 추 도 소 석 선 설 마 길 연 위 표 명 기 반 왕 금 옥 육 인 맹 제 모 탁 국 어 은 편 용 예 경",
        ),
        (0.05, "봉 사 부 가 복 태 목 형 피 두 감 빈 서문 동방"),
    )
    for surname in words(surnames)
}

GIVEN_NAMES: dict[int, tuple[str, ...]] = {
    1950: words(
        "영수 영철 영호 정수 광수 상철 성호 종수 병철 용식 춘식 만수 동철 기환 덕수 "
        "영숙 정숙 순자 영자 명숙 경자 정자 옥순 말순 춘자 복순 금자 미자 순옥 종례"
    ),
    1970: words(
        "정훈 성민 상훈 동현 지훈 성호 재현 영진 진호 태영 승현 경호 창민 기석 철민 "
        "은주 미경 지영 은영 현주 선영 미영 경희 은정 혜경 수진 윤경 정아 희정 소영"
    ),
    1990: words(
        "지훈 현우 준호 성현 민수 동욱 재훈 승민 상현 진우 태훈 우진 종혁 형준 기현 "
        "지은 수빈 지혜 민지 유진 은지 혜진 예지 다은 소연 보람 아름 슬기 가영 나래"
    ),
    2010: words(
        "민준 서준 도윤 예준 시우 하준 주원 지호 지후 준우 도현 건우 이준 은우 로운 "
        "서연 서윤 지우 서현 하은 하윤 지유 수아 다인 채원 아윤 나은 리아 소율 이안"
    ),
}
"""Given names by decade of birth in which they were common."""

FIRST_SYLLABLES = tuple("가경규기나다대도동라로명무문미민범병보상서석선성세소수승시아연영예용우원유윤은의인")
LAST_SYLLABLES = tuple(
    "건경관국규균나람량련린명묵미배범빈상섭솔수숙승식신아연엽영오옥용우욱웅원율은일임정제준"
)
"""Less common halves of given names; any of the first before any of the last is a name someone could bear."""

SINGLE_GIVEN = words("준 훈 율 솔 결 윤 빈 찬 산 혁 린 설 건 민 진 별")
LONG_GIVEN = words("하늘이 빛나라 아름별 한누리 새벽별 가온누리 초롱이 꽃잎새")

HANJA_SURNAMES = dict(
    zip("김이박최정강조윤장임한오서신권황안송홍유", "金李朴崔鄭姜趙尹張林韓吳徐申權黃安宋洪柳", strict=True)
)
HANJA_GIVEN = dict(
    zip("민수영철지훈성호준우현진서연은주혜경상동", "敏秀榮哲智勳成浩俊宇賢珍瑞姸恩珠惠京尙東", strict=True)
)

FOREIGN_GIVEN = words(
    "마이클 제임스 데이비드 크리스토퍼 소피아 엠마 올리비아 알렉산더 안드레이 나탈리아 무함마드 아흐메드 "
    "카를로스 프란체스카 장폴 아이샤 사무엘 베로니카 빅토르 로버트"
)
FOREIGN_FAMILY = words(
    "존슨 스미스 윌리엄스 페트로프 이바노바 가르시아 슈미트 뮐러 베르나르 알리 후세인 오브라이언 로드리게스 "
    "콜린스 앤더슨 코발스키"
)
ASIAN_NAMES = (
    *(
        "응우옌 티 흐엉",
        "응우옌 반 남",
        "쩐 티 란",
        "팜 민 뚜언",
        "레 티 투이",
        "왕샤오밍",
        "리웨이",
        "장쯔한",
        "천메이링",
    ),
    *(
        "다나카 유키",
        "사토 하루토",
        "스즈키 아오이",
        "야마모토 겐지",
        "바트바야르 오윤",
        "솜차이 분마",
        "프리야 샤르마",
    ),
)
