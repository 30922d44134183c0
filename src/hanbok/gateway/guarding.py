"""How the guard runs beside other calls, and what happens when it breaks: the call is blocked, never waved through."""

import re
from pathlib import PurePath

from hanbok.core.errors import HanbokError
from hanbok.core.values import Text

CRASHES = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What a slip in a recogniser raises. Anything else blocks too, as an error inside hanbok."""

LONG = 16 * 1024
"""Bytes from which a body is worked on in a thread, so that other calls go on: finding names takes long."""

_CODE_PLACE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class GuardFailed(HanbokError):
    code = "guard_failed"
    message = Text(
        ko="개인정보 검사가 실패하여 아무것도 내보내지 않았습니다 ({crash}, {place})",
        en="the inspection for personal data failed, so nothing was passed on ({crash}, {place})",
    )
    hint = Text(
        ko="이 내용을 운영자에게 알려 주십시오. 검사 없이 보낼 수는 없습니다.",
        en="Tell the operator. Nothing can be sent without inspection.",
    )


def guard_failed(crash: BaseException) -> GuardFailed:
    """Return the error to raise `from None`: the message of `crash` may quote the text, so only its place is told."""
    trace = crash.__traceback__
    place = "?"
    while trace is not None:
        place = f"{PurePath(trace.tb_frame.f_code.co_filename).stem}.{trace.tb_lineno}"
        trace = trace.tb_next
    return GuardFailed(crash=type(crash).__name__, place=place if _CODE_PLACE.fullmatch(place) else "?")
