"""Errors of the vault."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class KeyWithdrawn(HanbokError):
    """The provider answers, and does not let this key be used: nothing of the organisation can be read or begun."""

    code = "key_withdrawn"
    message = Text(
        ko="조직 {organisation!r}의 암호 키를 쓸 수 없어 처리를 멈췄습니다: {why}",
        en="the key of organisation {organisation!r} cannot be used, so its calls have stopped: {why}",
    )
    hint = Text(
        ko="키의 주인이 키를 거두었거나 키 장치에 닿지 않습니다. 키가 돌아오면 바로 이어집니다. "
        "`hanbok vault status`가 상태를 보여 줍니다.",
        en="Its owner withdrew the key, or its device cannot be reached. Calls go on as soon as it is back; "
        "`hanbok vault status` shows the state.",
    )


class KeyProviderFailed(HanbokError):
    """The provider gave no answer that says whether the key may be used."""

    code = "key_provider_failed"
    message = Text(
        ko="키 제공자 {provider!r}이(가) 답하지 않습니다: {why}",
        en="the key provider {provider!r} does not answer: {why}",
    )
    hint = Text(
        ko="제공자의 주소와 인증 정보, 네트워크를 확인하십시오.",
        en="Check the provider's address, its credentials and the network.",
    )


class KeyRefused(KeyProviderFailed):
    """The provider answered no: the key is gone, disabled, or not ours to use."""

    code = "key_refused"
    message = Text(
        ko="키 제공자 {provider!r}이(가) 거절했습니다: {why}",
        en="the key provider {provider!r} refused: {why}",
    )
    hint = Text(
        ko="키가 있고 사용이 허용되는지 키의 주인에게 확인하십시오.",
        en="Ask the key's owner whether it exists and may be used.",
    )


class KeyActUnsupported(HanbokError):
    code = "key_act_unsupported"
    message = Text(
        ko="{provider!r}에서는 hanbok이 이 일을 할 수 없습니다: {act}",
        en="hanbok cannot do this at {provider!r}: {act}",
    )
    hint = Text(
        ko="키의 주인이 제공자의 도구로 하십시오.",
        en="The key's owner does it with the provider's own tools.",
    )


class DataKeyDestroyed(HanbokError):
    code = "data_key_destroyed"
    message = Text(
        ko="이 내용의 키는 {destroyed}에 파기되어 되살릴 수 없습니다",
        en="the key of this content was destroyed at {destroyed}; it cannot be brought back",
    )
    hint = Text(
        ko="증거 로그의 기록은 그대로 검증됩니다(`hanbok log verify`).",
        en="The log's entries still verify (`hanbok log verify`).",
    )


class SealBroken(HanbokError):
    """What is stored is not what was sealed for this organisation and record, or another key sealed it."""

    code = "seal_broken"
    message = Text(
        ko="보관된 내용을 열 수 없습니다: 봉인이 이 조직과 기록의 것이 아닙니다 ({record})",
        en="stored content cannot be opened: its seal is not that of this organisation and record ({record})",
    )
    hint = Text(
        ko="저장소가 변조되었거나 다른 백업과 섞였는지 확인하십시오.",
        en="Check whether the store was tampered with or mixed with another backup.",
    )


class ContentsUnavailable(HanbokError):
    code = "contents_unavailable"
    message = Text(
        ko="내용을 보관해야 하는데 보관할 수 없어 처리하지 않았습니다: {why}",
        en="contents must be kept and cannot be, so the call is refused: {why}",
    )
    hint = Text(
        ko="내용 저장소와 키의 상태를 확인하십시오. 보관 없이 계속하려면 vault.contents.required를 false로 두십시오.",
        en="Check the contents store and its keys. To go on without keeping, set vault.contents.required to false.",
    )


class ContentsUnknown(HanbokError):
    code = "contents_unknown"
    message = Text(
        ko="호출 {call!r}의 내용이 보관되어 있지 않습니다", en="no contents of call {call!r} are kept"
    )
    hint = Text(
        ko="보관하지 않는 설정이었거나, 보관 기간이 지났거나, 삭제되었습니다.",
        en="Keeping was off, the period is over, or they were erased.",
    )


class PseudonymUnknown(HanbokError):
    code = "pseudonym_unknown"
    message = Text(
        ko="가명 {pseudonym!r}의 대응표가 없습니다", en="there is no map of the pseudonym {pseudonym!r}"
    )
    hint = Text(
        ko="호출 번호를 확인하십시오. 파기된 대응표는 되살릴 수 없습니다.",
        en="Check the call. A map that was destroyed cannot be brought back.",
    )


class SecondPersonNeeded(HanbokError):
    code = "second_person_needed"
    message = Text(
        ko="다른 사람의 승인이 있어야 합니다: {why}", en="another person must approve this first: {why}"
    )
    hint = Text(
        ko="승인을 요청하고, 다른 사람이 승인한 뒤 그 번호로 다시 실행하십시오.",
        en="Ask for approval; when another person has given it, run this again with its number.",
    )
