"""A request whose client may leave before it is answered."""

import asyncio
from types import TracebackType
from typing import Self

from hanbok.http.inbound import Inbound


class Attended:
    """`with Attended(inbound):` cancels this task when the client leaves, which unwinds the steps down to the
    connection upstream, and ends quietly then.
    """

    __slots__ = ("_inbound", "_left", "_task")

    def __init__(self, inbound: Inbound) -> None:
        self._inbound = inbound
        self._left = False

    def __enter__(self) -> Self:
        self._task = asyncio.current_task()
        self._inbound.when_gone(self._leave)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._inbound.when_gone(None)
        return self._left and isinstance(error, asyncio.CancelledError | ConnectionError)

    def _leave(self) -> None:
        self._left = True
        if self._task is not None:
            self._task.cancel()
