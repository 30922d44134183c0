"""Which method a task is asked by: the most exact one that the endpoint can do."""

import contextlib
from typing import Final

from hanbok.studio.evaluate.asking import Counter, Door, RowRefused
from hanbok.studio.evaluate.errors import MethodUnfit
from hanbok.studio.evaluate.method import Method
from hanbok.studio.evaluate.plugs import METHODS, plug
from hanbok.studio.evaluate.suite import TaskSpec

_ORDER: Final = ("likelihood", "forced", "listed", "first_token", "constrained", "strict")
"""A model tuned to other answers may have no label among its likeliest first tokens: a list leaves no row unread."""


class Methods:
    """Asks the endpoint once for each method what it can do."""

    def __init__(self, door: Door, form: str) -> None:
        self._door, self._form = door, form
        self._known: dict[str, Method] = {}
        self._works: dict[str, bool] = {}
        self._greeted = False

    async def of(self, spec: TaskSpec, wanted: str) -> tuple[str, Method]:
        """Return the method of a task and its name. Raises MethodUnfit, EndpointGone, EndpointRefuses."""
        await self._greet()
        asked = wanted if wanted != "auto" else spec.method
        letters = all(len(label) == 1 for label in spec.names or spec.labels)
        for name in _ORDER if asked == "auto" else (asked,):
            method = self._method(name)
            fits = self._form in method.forms and (name != "first_token" or letters)
            # On a chat a task by texts is asked by labels, which its prompt then lists.
            if fits and (spec.by in method.bys or self._form == "chat") and await self._can(name):
                return name, method
        raise MethodUnfit(task=spec.name, method=asked)

    async def _greet(self) -> None:
        """Notice an endpoint that is down or takes no key before it is taken for one that can do little."""
        if self._greeted:
            return
        self._greeted = True
        with contextlib.suppress(RowRefused):
            if self._form == "plain":
                await self._door.complete("1, 2,", Counter(), max_tokens=1)
            else:
                await self._door.chat([{"role": "user", "content": "1"}], Counter(), max_tokens=1)

    def _method(self, name: str) -> Method:
        if name not in self._known:
            self._known[name] = plug(METHODS, name)()
        return self._known[name]

    async def _can(self, name: str) -> bool:
        if name not in self._works:
            self._works[name] = await self._method(name).works(self._door, self._form)
        return self._works[name]
