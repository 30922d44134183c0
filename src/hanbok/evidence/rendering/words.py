"""The words of a rendered report."""

from collections.abc import Mapping
from typing import Final

from hanbok.core.values import Language, Text
from hanbok.evidence.report import Status

STATUSES: Final[Mapping[Status, Text]] = {
    Status.PROVEN: Text(ko="기록으로 증명", en="proven by the log"),
    Status.CONFIGURED: Text(ko="설정·등록부로 확인", en="by settings or registers"),
    Status.ATTESTED: Text(ko="담당자 확인", en="attested by a person"),
    Status.MISSING: Text(ko="증거 없음", en="no evidence"),
    Status.CONTRADICTED: Text(ko="기록이 반대를 보임", en="the log shows the opposite"),
}

_WORDS: Final[Mapping[str, Text]] = {
    "period": Text(ko="대상 기간(한국 시각)", en="Period (Korean time)"),
    "organisation": Text(ko="조직", en="Organisation"),
    "endpoint": Text(ko="대상 엔드포인트", en="Endpoint in question"),
    "known": Text(ko="알게 된 때", en="Known since"),
    "made": Text(ko="만든 때", en="Made"),
    "basis": Text(ko="근거", en="Basis"),
    "in_force": Text(ko="시행", en="in force"),
    "log": Text(ko="로그", en="Log"),
    "log_ok": Text(ko="전체 검증, 온전함", en="verified, whole"),
    "log_broken": Text(ko="검증 실패", en="does not verify"),
    "entries": Text(ko="건", en="entries"),
    "head": Text(ko="뿌리", en="root"),
    "policy": Text(ko="정책 판", en="Policy version"),
    "summary": Text(ko="요약", en="Summary"),
    "rows": Text(ko="항목별 결과", en="Results by criterion"),
    "criterion": Text(ko="항목", en="Criterion"),
    "status": Text(ko="상태", en="Status"),
    "statements": Text(ko="말과 증거", en="Statements and evidence"),
    "proof": Text(ko="증거", en="proof"),
    "proofs": Text(ko="인용한 기록", en="Entries cited"),
    "proofs_about": Text(
        ko="이 보고서의 모든 말은 아래 기록에 근거합니다. 기록마다 적힌 명령으로 누구나 확인할 수 있습니다. "
        "해시는 로그 트리에 든 그 기록의 잎 해시(RFC 6962)입니다.",
        en="Every statement of this report rests on these entries. Anyone can check each with its command; the digest "
        "is that of the entry's leaf in the log's tree (RFC 6962).",
    ),
    "number": Text(ko="번호", en="Index"),
    "at": Text(ko="때(한국 시각)", en="At (Korean time)"),
    "what": Text(ko="내용", en="What"),
    "check": Text(ko="확인 명령", en="To check"),
    "limits": Text(ko="이 보고서가 증명하지 않는 것", en="What this report does not prove"),
    "unverified": Text(ko="공식 문구 미확인", en="wording not checked"),
    "skip": Text(ko="본문으로", en="Skip to content"),
    "all": Text(ko="전체", en="all"),
    "page": Text(ko="쪽", en="page"),
    "none_cited": Text(ko="인용한 기록이 없습니다.", en="No entry is cited."),
}


def words(language: Language) -> dict[str, str]:
    """Return the words in one language."""
    return {name: text.of(language) for name, text in _WORDS.items()}
