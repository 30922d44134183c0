"""What stands in and around Korean names: surnames, titles, particles."""

from functools import lru_cache

SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염여추도소"
    "석선설마길연위표명기반라왕금옥육인맹제모탁국어은편용예경봉사부가복태목형피두감음빈동온호범좌팽승간상갈단견당화창"
    "궁판초필대묵아야빙강포순준요미로초시엽탄평루섭영뇌소해수후돈만누증군환매내점란운점림량리련렴녀"
)
"""One-syllable surnames of the 2015 census (통계청 인구주택총조사), with the northern spellings 리, 림, 련, 량, 류."""

COMMON_SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염여추도소"
)
"""The 60 surnames that almost every Korean bears."""

DOUBLE_SURNAMES = frozenset(
    ("남궁", "황보", "제갈", "선우", "독고", "사공", "서문", "동방", "어금", "망절", "장곡", "소봉", "강전")
)

HONORIFICS = frozenset(
    "씨 님 군 양 옹 모 모씨 씨네 여사 고객님 고객 회원님 회원 선생 선생님 쌤 손님 환자 환자분 어르신 귀하".split()
)

TITLES = frozenset(
    (
        "과장 대리 부장 차장 팀장 실장 국장 본부장 사장 회장 부회장 총괄회장 대표 대표이사 이사 상무 전무 부사장 사원 주임 주무관 계장 반장 소장 "
        "센터장 지점장 점장 은행장 행장 원장 병원장 의원 위원 위원장 위원회장 의장 총장 학장 처장 청장 시장 군수 구청장 도지사 지사 장관 차관 "
        "총리 대통령 주석 비서관 수석 대변인 당선인 당선자 후보 예비후보 대사 총재 이사장 사무총장 사무관 서기관 연구원 연구위원 책임 선임 수석연구원 "
        "교수 부교수 조교수 박사 강사 교사 교감 교장 담임 조교 학생 기자 특파원 앵커 아나운서 피디 작가 감독 코치 선수 배우 가수 화백 시인 "
        "의사 간호사 약사 한의사 변호사 판사 검사 부장판사 재판장 회계사 세무사 노무사 변리사 법무사 공인중개사 상담사 매니저 디자이너 엔지니어 개발자 "
        "목사 신부 수녀 스님 장로 집사 권사 전도사 추기경 교황 경위 경감 경장 경사 순경 총경 형사 경찰관 소방관 장군 대장 중장 소장 준장 대령 중령 "
        "소령 대위 중위 소위 상사 중사 하사 병장 상병 일병 이병 대원 기사 기사님 파트장 그룹장 담당 담당자 고문 감사 임원 직원 인턴 "
        "할머니 할아버지 아저씨 아줌마 누나 오빠 언니 형 형님 엄마 아빠 어머니 아버지 이모 삼촌 고모 부인 왕 황제 여왕 왕자 공주 대왕 장군 열사 의사 "
        "변호인 피고인 피해자 원고 피고 증인 조합원 세대주 보호자 입주민 대표님 팀원 리더"
    ).split()
)

_PARTICLES = (
    "은 는 이 가 을 를 의 도 만 에 와 과 랑 이랑 로 으로 께 께서 께서는 께서도 에게 에게는 에게도 에게서 에게만 한테 한테는 한테도 한테서 하고 하고는 까지 까지도 까지는 "
    "부터 부터는 처럼 처럼은 보다 보다는 보다도 같이 같은 마저 조차 밖에 뿐 뿐만 뿐이다 나 이나 든 이든 든지 이든지 야 아 여 이여 이야 란 이란 라 이라 라고 이라고 라는 "
    "이라는 라며 이라며 라면 이라면 라도 이라도 라서 이라서 로서 으로서 로써 으로써 로부터 으로부터 로는 으로는 로도 으로도 와의 과의 와는 과는 와도 과도 만의 만이 만은 "
    "만을 만으로 만으로도 다 이다 였다 이었다 이고 고 이며 며 이자 자 인 인데 이지만 지만 일 임 입니다 이에요 예요 에요 이예요 이었고 였고 이었던 였던 이었는데 였는데 이기도 "
    "이기에 기에 이와 이가 이는 이를 이도 이의 이에게 이랑은 이만 측 측은 측이 측의 측에 들 들이 들은 들의 들을 네 네가 인지 이니 니까 이니까 때문에 덕분에 에서 에서는 에는 에도 "
    "에선 에겐 말고 말고는 빼고 빼고는 이요 요 이죠 죠 이네 네요 이네요 인가 인가요 인지요 입니까 이신 이신가요 이세요 세요 이십니다 십니다 이라니 라니 따라 대신 역 역의 역을"
)
PARTICLES = frozenset(_PARTICLES.split())

AFTER_CONSONANT = frozenset(
    "은 이 을 과 으로 이랑 이나 이든 아 이여 이야 이란 이라 이라고 이라는 이라며 이라면 이라도 이라서 으로서 으로써 으로부터 으로는 으로도 과의 과는 과도 이었다 이에요 이었고 이었던".split()
)
AFTER_VOWEL = frozenset(
    "는 가 를 와 랑 나 든 야 여 란 라 라고 라는 라며 라면 라도 라서 와의 와는 와도 였다 예요 였고 였던 로서 로부터".split()
)


@lru_cache(maxsize=4096)
def suffix_kind(rest: str) -> str:
    """Name what follows a name inside its word: nothing, honorific, title or particle, or '' for none of these."""
    if not rest:
        return "0"
    if rest in PARTICLES:
        return "j"
    for cut in range(min(5, len(rest)), 0, -1):
        head, tail = rest[:cut], rest[cut:]
        if head in HONORIFICS or head in TITLES:
            tail = tail.removeprefix("님")
            if not tail or tail in PARTICLES:
                return "h" if head in HONORIFICS else "t"
    return ""
