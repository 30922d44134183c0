"""The gate of sessions: what one version of the settings says of them, put together."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from hanbok.core.clock import now
from hanbok.core.errors import HanbokError
from hanbok.core.values import Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.calling import fresh_id
from hanbok.gateway.path import Path
from hanbok.gateway.realtime.call import Line as SessionLine
from hanbok.gateway.realtime.call import Opened, Opening
from hanbok.gateway.realtime.errors import NotWebSocket, TooManySessions
from hanbok.gateway.realtime.opening import AdmitSession, Open
from hanbok.gateway.realtime.peer import LOG, Line, Peer
from hanbok.gateway.realtime.saying import AdmitSaid, Owe, ProtectSaid, Say, Settle, Stay, showing_of
from hanbok.gateway.realtime.session import Session
from hanbok.gateway.showing import Showing
from hanbok.gateway.step import Step, step_of
from hanbok.gateway.steps.admit import Admit
from hanbok.gateway.steps.authenticate import Authenticate, bearer
from hanbok.gateway.steps.call_model import CallModel
from hanbok.gateway.steps.decide import Decide
from hanbok.gateway.steps.inspect import Inspect
from hanbok.gateway.steps.measure import Measure
from hanbok.gateway.steps.protect import Protect
from hanbok.gateway.steps.record import Record
from hanbok.gateway.steps.witness import Witness
from hanbok.gateway.upstream import Dialler
from hanbok.gateway.vaults import with_vault
from hanbok.guard.kinds import Kind
from hanbok.guard.pseudonym import Pseudonyms
from hanbok.policy.key import Key

if TYPE_CHECKING:
    from hanbok.vault.service import VaultService

_PROTOCOL = Subprotocol("realtime")
_ASKED = frozenset({"connection", "host", "upgrade"})
_KEY = "openai-insecure-api-key."


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeRules:
    """What the settings say of sessions."""

    models: frozenset[str]
    sound_zones: frozenset[Zone]
    limit: int
    """Bytes of one message."""
    idle: float
    longest: float
    sessions: int


class RealtimeGate:
    """Opens sessions by one version of the settings. Implements the session's Rules."""

    def __init__(
        self,
        rules: RealtimeRules,
        steps: Sequence[Step],
        vault: "VaultService | None",
        kinds: Mapping[str, Kind],
        dialler: Dialler,
        open_now: set[str],
    ) -> None:
        """Share the steps of models' calls. `open_now`: ids of the sessions of this process, by whatever settings."""
        authenticate, admit, protect = (
            step_of(steps, Authenticate),
            step_of(steps, Admit),
            step_of(steps, Protect),
        )
        asking, router = step_of(steps, CallModel).asking, step_of(steps, CallModel).router
        self._keys, self._vault = authenticate.keyring, vault
        self.idle, self.longest = rules.idle, rules.longest
        self._rules, self._open_now = rules, open_now
        self._places, self._protect = asking.places, protect
        before: list[Step] = [step_of(steps, Measure), authenticate, step_of(steps, Witness)]
        opening: list[Step] = [
            *before,
            AdmitSession(admit.catalogue, admit.gate, rules.models),
            step_of(steps, Decide),
            Open(asking.places, router, dialler, rules.limit),
        ]
        saying: list[Step] = [
            *before,
            AdmitSaid(admit.catalogue, admit.gate, rules.models),
            step_of(steps, Inspect),
            step_of(steps, Decide),
            Stay(rules.sound_zones),
            step_of(steps, Record),
            ProtectSaid(protect.masks, protect.masker_of),
            Say(),
        ]
        self._opening = Path(with_vault(opening, vault, kinds))
        self.path = Path(with_vault(saying, vault, kinds))
        self.account = Path([Owe(admit.gate), step_of(steps, Record), Settle()])

    def check(self, key: Key) -> None:
        """Raise KeyRevoked and its like, and KeyWithdrawn."""
        self._keys.known(key.id, now())
        if self._vault is not None:
            self._vault.leases.require(key.principal.organisation)

    def serves(self, opened: Opened) -> bool:
        """Whether the place of a session is still the one of its name."""
        place = self._places.get(opened.target.endpoint)
        return place is not None and place.endpoint is opened.endpoint

    def showing(self, session: SessionLine) -> Showing:
        """Return what makes events fit to be shown that belong to no response."""
        return showing_of(session, self._protect.masks, self._protect.masker_of)

    def handshake(self, path: str, headers: Mapping[str, str]) -> "Handshake":
        """Return the answer to a client's handshake, not yet given. Raises NotWebSocket."""
        return Handshake(path, headers, self._rules.limit)

    @asynccontextmanager
    async def open(
        self, model: str, headers: Mapping[str, str], origin: str
    ) -> AsyncGenerator[tuple[Opening, Opened, Key]]:
        """Give an open session at a provider, which is let go of at the end. Raises what refuses it."""
        if len(self._open_now) >= self._rules.sessions:
            raise TooManySessions(limit=self._rules.sessions)
        call = Opening(
            id=fresh_id(),
            route="/v1/realtime/open",
            operation=Operation.REALTIME,
            body=b"",
            headers=_with_key(headers),
            origin=origin,
            digest="",
            model=model,
            stream=False,
        )
        self._open_now.add(call.id)
        try:
            try:
                await self._opening.run(call)
            finally:
                call.finish()
            if call.key is None or call.opened is None:
                raise RuntimeError("the path of sessions lacks a step")
            yield call, call.opened, call.key
        finally:
            self._open_now.discard(call.id)
            if call.opened is not None:
                call.opened.line.abort()

    async def hold(
        self,
        call: Opening,
        opened: Opened,
        key: Key,
        client: Peer,
        *,
        rules: Callable[[], "RealtimeGate | None"],
        shape: Callable[[HanbokError], dict[str, Any]],
    ) -> None:
        """Serve a session to its end."""
        organisation, hider_of = key.principal.organisation, self._protect.hider_of
        session = Session(
            key,
            call.model,
            opened,
            client,
            origin=call.origin,
            hider=hider_of(organisation) if hider_of else Pseudonyms(self._protect.masks),
            rules=rules,
            shape=shape,
        )
        await session.run()


class Handshake:
    """A client's handshake, which is fit to be answered."""

    def __init__(self, path: str, headers: Mapping[str, str], limit: int) -> None:
        """Raise NotWebSocket."""
        self._websocket = ServerProtocol(
            subprotocols=[_PROTOCOL], select_subprotocol=_select, max_size=(limit, limit), logger=LOG
        )
        asked = {
            name: one for name, one in headers.items() if name in _ASKED or name.startswith("sec-websocket-")
        }
        # Fed its head, the parser stands where the messages begin.
        self._websocket.receive_data(Request(path, Headers(asked)).serialize())
        requests = [one for one in self._websocket.events_received() if isinstance(one, Request)]
        if requests:
            self._answer = self._websocket.accept(requests[0])
        if self._websocket.handshake_exc is not None:
            # Its message may quote a key that stands among the subprotocols.
            raise NotWebSocket(why=type(self._websocket.handshake_exc).__name__)

    def accept(self, switch: Callable[[Peer], Line], marks: Mapping[str, str]) -> Peer:
        """Answer it on the line that `switch` gives, with these headers."""
        peer = Peer(self._websocket)
        peer.line = switch(peer)
        for name, value in marks.items():
            self._answer.headers[name] = value
        self._websocket.send_response(self._answer)
        peer.flush()
        return peer


def _select(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    return _PROTOCOL if _PROTOCOL in offered else None


def _with_key(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Return the headers with the key that a browser can only put among its subprotocols."""
    if bearer(headers):
        return headers
    for one in headers.get("sec-websocket-protocol", "").split(","):
        if one.strip().startswith(_KEY):
            return {"authorization": f"Bearer {one.strip().removeprefix(_KEY)}"}
    return headers
