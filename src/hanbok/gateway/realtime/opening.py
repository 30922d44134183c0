"""The way of a session that is asked for: may it be opened, and where."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from hanbok.core.errors import HanbokError
from hanbok.gateway.asking import FAILURES, Place
from hanbok.gateway.call import Call, Operation, Planned, Reply
from hanbok.gateway.catalogue import Catalogue
from hanbok.gateway.errors import UpstreamFailed
from hanbok.gateway.price import estimate_heard
from hanbok.gateway.realtime.call import Opened, Opening
from hanbok.gateway.realtime.dial import Dialled, dial
from hanbok.gateway.realtime.errors import NotRealtime
from hanbok.gateway.routing import Router
from hanbok.gateway.spelled import url_of
from hanbok.gateway.step import Next
from hanbok.gateway.steps.admit import allowed, key_of
from hanbok.gateway.upstream import Dialler
from hanbok.policy.gate import Gate


@dataclass(frozen=True, slots=True)
class AdmitSession:
    """Opening a session counts as a request, and holds nothing: what is said in it does."""

    catalogue: Catalogue
    gate: Gate
    models: tuple[str, ...]
    writing: tuple[str, ...]
    """Those of sessions of transcription."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        writes = opening(call).writes
        names = self.writing if writes else self.models
        if writes and not call.model:
            allow = key_of(call).models
            call.model = next((name for name in names if not allow or name in allow), "")
        key = allowed(call)
        call.offer = self.catalogue.offer(call.model)
        if call.model not in names:
            raise NotRealtime(model=call.model)
        for target in call.offer.every:
            estimate_heard(0, target.facts)  # one without a price is refused now, not at the first word
        (await self.gate.enter(call.id, key, call.model, 0)).leave(0, 0)
        return await call_next(call)


def opening(call: Call) -> Opening:
    """Return the call as one that asks for a session."""
    if not isinstance(call, Opening):
        raise TypeError("no session is asked for")
    return call


@dataclass(frozen=True, slots=True)
class Open:
    """Ask the planned places in turn for a session; with every key of each, where it refuses one."""

    places: Mapping[str, Place]
    router: Router
    dialler: Dialler
    limit: int
    """Bytes of one message at most."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        now = opening(call)
        failure: HanbokError | None = None
        for planned in self.router.ranked(call):
            visit = self.router.health.enter(planned.target)
            try:
                line = await self._open(planned, writes=now.writes)
            except FAILURES as error:
                failure = error
                visit.failed(error)
                call.ending.attempts.append(f"{planned.target.endpoint}:{error.code}")
                continue
            finally:
                visit.left()
            visit.answered()
            call.ending.used = planned
            now.opened = Opened(planned.target, self.places[planned.target.endpoint].endpoint, line)
            return Reply()
        raise failure or RuntimeError(f"call {call.id} has no plan")

    async def _open(self, planned: Planned, *, writes: bool) -> Dialled:
        target = planned.target
        place = self.places[target.endpoint]
        # An endpoint whose format has no sessions says so here.
        wire = place.endpoint.dialect.request(Operation.REALTIME, b"{}", model=target.model, stream=True)
        tries = 0
        while True:
            tries += 1
            address = await place.endpoint.address(Operation.REALTIME, target.model)
            url = url_of(address, wire)
            asked = {"intent": "transcription"} if writes else {"model": target.model}
            if writes or "deployment=" not in address.query:
                url += f"{'&' if '?' in url else '?'}{urlencode(asked)}"
            try:
                return await dial(self.dialler, url, address.headers, place.timeouts, self.limit)
            except UpstreamFailed as error:
                status, retry = int(str(error.facts["status"])), str(error.facts["retry_after"])
                if address.refused is None or not address.refused(status, retry) or tries >= address.keys:
                    raise
