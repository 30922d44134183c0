"""Calls of programs end with the working day: only people ask at night."""

from collections.abc import Mapping
from datetime import datetime

from hanbok.core.clock import KST
from hanbok.core.values import Text
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.step import Next
from hanbok.policy.key import ModelNotAllowed


class AfterHours(ModelNotAllowed):  # told with its status, 403
    code = "acme_after_hours"
    message = Text(
        ko="{until}시가 지나 프로그램은 부를 수 없습니다", en="programs may not ask after {until} o'clock"
    )
    hint = Text(ko="내일 다시 부르십시오.", en="Ask again tomorrow.")


class OfficeHours:
    def __init__(self, options: Mapping[str, str]) -> None:
        self._until = int(options.get("until", "22"))

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        if not call.principal.person and datetime.now(KST).hour >= self._until:
            raise AfterHours(until=self._until)
        call.ending.steps["acme_office_hours"] = "ran"
        return await call_next(call)
