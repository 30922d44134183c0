"""Why an approval cannot be given or used."""

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text


class ApprovalKindUnknown(HanbokError):
    code = "approval_kind_unknown"
    message = Text(ko="승인의 종류 {kind!r}이(가) 없습니다", en="there is no kind of approval {kind!r}")
    hint = Text(ko="쓸 수 있는 종류: {known}", en="Known kinds: {known}")


class ApprovalUnknown(HanbokError):
    """There is none, or it is another organisation's: an answer must not tell which."""

    code = "approval_unknown"
    message = Text(ko="그런 승인 요청이 없습니다", en="there is no such request for approval")
    hint = Text(ko="`hanbok approval list`로 확인하십시오.", en="`hanbok approval list` shows all.")


class ApprovalRequired(HanbokError):
    code = "approval_required"
    message = Text(
        ko="이 일에는 다른 사람의 승인이 필요합니다: {kind} ({approval})",
        en="this needs another person's approval: {kind} ({approval})",
    )
    hint = Text(
        ko="`hanbok approval request`로 요청하고, 다른 사람이 `hanbok approval approve`로 승인하게 하십시오.",
        en="Ask with `hanbok approval request`; another person allows it with `hanbok approval approve`.",
    )


class ApprovalNotIndependent(HanbokError):
    code = "approval_not_independent"
    message = Text(
        ko="요청한 사람이나 그 사람이 만든 키로는 {approval}을(를) 결정할 수 없습니다",
        en="{approval} cannot be decided by who asked for it, nor with a key that they made",
    )
    hint = Text(
        ko="요청한 사람과 무관하게 키를 받은 다른 사람이 결정해야 합니다.",
        en="Let another person decide, whose key did not come from who asked.",
    )


class ApprovalNotYours(HanbokError):
    code = "approval_not_yours"
    message = Text(
        ko="승인 {approval}은(는) 요청한 사람만 쓸 수 있습니다",
        en="only the person who asked for the approval {approval} may use it",
    )
    hint = Text(ko="직접 요청하십시오.", en="Ask for one of your own.")


class ApprovalMismatch(HanbokError):
    code = "approval_mismatch"
    message = Text(
        ko="승인 {approval}은(는) 다른 일에 대한 것입니다", en="the approval {approval} is for something else"
    )
    hint = Text(
        ko="승인된 그대로 하거나, 바뀐 내용으로 다시 요청하십시오.",
        en="Do exactly what was approved, or ask again for what has changed.",
    )


class ApprovalSettled(HanbokError):
    code = "approval_settled"
    message = Text(
        ko="승인 요청 {approval}은(는) 이미 끝났습니다: {state}",
        en="the request {approval} is settled already: {state}",
    )
    hint = Text(
        ko="승인은 한 번만 쓸 수 있습니다. 다시 요청하십시오.", en="An approval serves once. Ask again."
    )


class ApprovalExpired(HanbokError):
    code = "approval_expired"
    message = Text(
        ko="승인 요청 {approval}의 기한이 지났습니다", en="the time of the request {approval} is over"
    )
    hint = Text(ko="다시 요청하십시오.", en="Ask again.")


class ArgumentsUnfit(HanbokError):
    code = "arguments_unfit"
    message = Text(
        ko="승인 요청의 내용은 {longest}자까지의 JSON 객체여야 합니다",
        en="the arguments of a request must be a JSON object of at most {longest} signs",
    )
    hint = Text(
        ko="내용 대신 식별자와 해시를 넣으십시오.", en="Put ids and digests there instead of contents."
    )
