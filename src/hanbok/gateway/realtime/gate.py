"""The gate of sessions: what one version of the settings says of them, put together."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from hanbok.core.clock import now
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text, Zone
from hanbok.gateway.call import Operation
from hanbok.gateway.calling import fresh_id
from hanbok.gateway.path import Path
from hanbok.gateway.realtime.call import Opened, Opening
from hanbok.gateway.realtime.client_secrets import (
    ClientSecrets,
    Confine,
    Held,
    Mint,
    Minting,
    is_secret,
    model_of,
    read_wanted,
)
from hanbok.gateway.realtime.errors import EventUnfit, NotWebSocket, TooManySessions
from hanbok.gateway.realtime.fitness import with_writer
from hanbok.gateway.realtime.line import Line as SessionLine
from hanbok.gateway.realtime.opening import AdmitSession, Open
from hanbok.gateway.realtime.peer import LOG, Line, Peer
from hanbok.gateway.realtime.saying import AdmitSaid, Owe, ProtectSaid, Say, Settle, Stay, showing_of
from hanbok.gateway.realtime.session import Session
from hanbok.gateway.realtime.speaker import Speaker
from hanbok.gateway.shared_steps import SharedSteps, with_brought
from hanbok.gateway.showing import Showing
from hanbok.gateway.step import Step
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
from hanbok.store.database import Store

if TYPE_CHECKING:
    from hanbok.vault.service import VaultService

_PROTOCOL = Subprotocol("realtime")
_ASKED = frozenset({"connection", "host", "upgrade"})
_KEY = "openai-insecure-api-key."


@dataclass(frozen=True, slots=True, kw_only=True)
class RealtimeRules:
    """What the settings say of sessions."""

    models: tuple[str, ...]
    writing: tuple[str, ...]
    """Models of sessions of transcription."""
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
        steps: SharedSteps,
        vault: "VaultService | None",
        kinds: Mapping[str, Kind],
        dialler: Dialler,
        open_now: set[str],
        store: Store,
    ) -> None:
        """Share the steps of models' calls. `open_now`: ids of the sessions of this process, by whatever settings."""
        authenticate, admit, protect = (
            steps.of(Authenticate),
            steps.of(Admit),
            steps.of(Protect),
        )
        asking, router = steps.of(CallModel).asking, steps.of(CallModel).router
        self._keys, self._vault = authenticate.keyring, vault
        self.idle, self.longest = rules.idle, rules.longest
        self._rules, self._open_now = rules, open_now
        self._places, self._protect = asking.places, protect
        self._secrets = ClientSecrets(store)
        before: list[Step] = [steps.of(Measure), authenticate, steps.of(Witness)]
        inspect, decide, record = steps.of(Inspect), steps.of(Decide), steps.of(Record)
        enter = AdmitSession(admit.catalogue, admit.gate, rules.models, rules.writing)
        opening: list[Step] = [*before, enter, decide, Open(asking.places, router, dialler, rules.limit)]
        saying: list[Step] = [
            *before,
            AdmitSaid(admit.catalogue, admit.gate, frozenset(rules.models), frozenset(rules.writing)),
            inspect,
            decide,
            Stay(rules.sound_zones),
            record,
            ProtectSaid(protect.masks, protect.masker_of),
            Say(),
        ]
        minting: list[Step] = [*before, enter, inspect, decide, Confine(), record, Mint(self._secrets)]

        def laid(way: Sequence[Step]) -> Path:
            return Path(with_vault(with_brought(way, steps.everywhere), vault, kinds))

        self._opening, self._minting, self.path = laid(opening), laid(minting), laid(saying)
        self.account = Path([Owe(admit.gate), record, Settle()])

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

    async def mint(self, body: bytes, headers: Mapping[str, str], origin: str) -> Minting:
        """Return a call that made a secret. Raises what refuses one."""
        wanted = read_wanted(body)
        call = Minting(
            id=fresh_id(),
            route="/v1/realtime/client_secrets",
            operation=Operation.REALTIME,
            body=body or b"{}",
            headers=headers,
            origin=origin,
            digest=sha256(body).hexdigest(),
            model=model_of(wanted),
            stream=False,
            writes=wanted.writes,
            wanted=wanted,
        )
        try:
            await self._minting.run(call)
        finally:
            call.finish()
        return call

    @asynccontextmanager
    async def open(
        self, model: str, headers: Mapping[str, str], origin: str, *, writes: bool = False
    ) -> AsyncGenerator["Door"]:
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
            writes=writes,
        )
        self._open_now.add(call.id)
        try:
            try:
                held = await self._held(call)
                await self._opening.run(call)
            finally:
                call.finish()
            if call.key is None or call.opened is None:
                raise RuntimeError("the path of sessions lacks a step")
            yield Door(call, call.opened, call.key, held)
        finally:
            self._open_now.discard(call.id)
            if call.opened is not None:
                call.opened.line.abort()

    async def _held(self, call: Opening) -> Held | None:
        """Return what the secret opens that a client shows, and have the call be of its key and kind; None: it shows a
        key. Raises SecretUnknown, EventUnfit, StoreUnavailable.
        """
        shown = bearer(call.headers)
        if not is_secret(shown):
            return None
        held = await self._secrets.find(shown)
        if call.model not in ("", held.model) or (call.writes and not held.writes):
            raise EventUnfit(
                why=Text(ko="임시 키의 세션과 다릅니다", en="the client secret is for another session")
            )
        call.as_key, call.model, call.writes = held.key, held.model, held.writes
        return held

    async def hold(
        self,
        door: "Door",
        client: Peer,
        *,
        rules: Callable[[], "RealtimeGate | None"],
        shape: Callable[[HanbokError], dict[str, Any]],
    ) -> None:
        """Serve a session to its end."""
        call, hider_of = door.call, self._protect.hider_of
        session = Session(
            Speaker(door.key, call.model, call.origin, door.held.call if door.held else ""),
            door.opened,
            client,
            hider=hider_of(door.key.principal.organisation) if hider_of else Pseudonyms(self._protect.masks),
            rules=rules,
            shape=shape,
            begins=door.begins,
            writes=call.writes,
        )
        await session.run()


class Door(NamedTuple):
    """A session that is open at its provider, and not yet begun."""

    call: Opening
    opened: Opened
    key: Key
    held: Held | None
    """What the secret opens that it was opened with."""

    @property
    def begins(self) -> dict[str, Any] | None:
        """What it is to be, as a client would say it; None: what the provider makes of it."""
        kind = "transcription" if self.call.writes else "realtime"
        if self.held is not None:
            told: dict[str, Any] = {**self.held.session, "type": kind}
        elif self.call.writes:
            told = {"type": kind}
        else:
            return None
        return with_writer(told, self.call.model) if self.call.writes else told


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
