"""Secrets that live for minutes and open sessions of one kind: what a browser holds in place of a key.

They are kept as the installation's other records are, so every worker and machine knows them; the key that a secret was
made with is looked up anew whenever it is shown, and so ends it when it is revoked.
"""

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from sqlalchemy import delete, insert, select

from hanbok.core.clock import now, written
from hanbok.core.values import Text
from hanbok.gateway.call import Call, Reply
from hanbok.gateway.message import Json
from hanbok.gateway.realtime.call import Opening
from hanbok.gateway.realtime.errors import EventUnfit, SecretUnknown
from hanbok.gateway.realtime.fitness import require_fit, with_writer
from hanbok.gateway.sealing import row_of, seal, unseal
from hanbok.gateway.step import Next
from hanbok.gateway.steps.admit import key_of
from hanbok.store.database import Store
from hanbok.store.tables import client_secrets

_PREFIX: Final = "ek_"
_LARGEST: Final = 256 * 1024
"""Bytes of a request for one: it is kept."""


class ExpiresAfter(msgspec.Struct):
    anchor: Literal["created_at"] = "created_at"
    seconds: Annotated[int, Meta(ge=10, le=7200)] = 600


class Wanted(msgspec.Struct):
    """What is asked for, as OpenAI's API has it."""

    expires_after: ExpiresAfter = msgspec.field(default_factory=ExpiresAfter)
    session: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])

    @property
    def writes(self) -> bool:
        """Whether it is for sessions of transcription."""
        return self.session.get("type") == "transcription"


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """What a secret opens."""

    call: str
    """Id of the call that made it."""
    key: str
    model: str
    writes: bool
    session: dict[str, Any]
    expires: datetime


@dataclass(slots=True, kw_only=True)
class Minting(Opening):
    """A secret that is asked for."""

    wanted: Wanted
    minted: tuple[str, Held] | None = None
    """The secret, which is shown once and kept nowhere, and what it opens."""


def is_secret(shown: str) -> bool:
    """Whether what a client shows in place of a key may be one."""
    return shown.startswith(_PREFIX)


def read_wanted(body: bytes) -> Wanted:
    """Return what is asked for. Raises EventUnfit."""
    if len(body) > _LARGEST:
        raise EventUnfit(why=Text(ko="256 KiB까지 받습니다", en="it may have at most 256 KiB"))
    try:
        return msgspec.json.decode(body or b"{}", type=Wanted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        told = str(error) if isinstance(error, msgspec.ValidationError) else "JSON"
        raise EventUnfit(why=Text(ko=told, en=told)) from None


def model_of(wanted: Wanted) -> str:
    """Return the model that a session names; empty: none."""
    if not wanted.writes:
        return str(wanted.session.get("model") or "")
    named: Json = wanted.session
    for member in ("audio", "input", "transcription", "model"):
        named = named.get(member) if isinstance(named, dict) else None
    return str(named or "")


@dataclass(frozen=True, slots=True)
class ClientSecrets:
    """Those of all processes."""

    store: Store

    async def keep(self, held: Held) -> str:
        """Return a new secret. Raises StoreUnavailable."""
        secret = _PREFIX + secrets.token_urlsafe(32)
        sealed = seal(secret, msgspec.json.encode(held))
        await asyncio.to_thread(self._write, row_of(secret), sealed, held.expires)
        return secret

    async def find(self, secret: str) -> Held:
        """Raise SecretUnknown, and StoreUnavailable."""
        sealed = await asyncio.to_thread(self._read, row_of(secret))
        told = None if sealed is None else unseal(secret, sealed)
        held = None if told is None else msgspec.json.decode(told, type=Held)
        if held is None or held.expires <= now():
            raise SecretUnknown
        return held

    def _write(self, row: str, sealed: bytes, expires: datetime) -> None:
        with self.store.write() as connection:
            connection.execute(delete(client_secrets).where(client_secrets.c.expires < written(now())))
            connection.execute(insert(client_secrets).values(id=row, sealed=sealed, expires=written(expires)))

    def _read(self, row: str) -> bytes | None:
        with self.store.read() as connection:
            found = connection.execute(select(client_secrets.c.sealed).where(client_secrets.c.id == row))
            return found.scalar_one_or_none()


class Confine:
    """Nothing leaves by a secret's making: the intent names no place."""

    async def __call__(self, call: Call, call_next: Next) -> Reply:
        wanted = minting(call).wanted
        trial = {
            "type": "session.update",
            "session": msgspec.json.decode(msgspec.json.encode(wanted.session)),
        }
        require_fit(trial, call.model, writes=call.model if wanted.writes else "")
        if wanted.writes:
            with_writer(wanted.session, call.model)
        call.plan = ()
        return await call_next(call)


@dataclass(frozen=True, slots=True)
class Mint:
    """Make the secret. Its reply is empty: what keeps replies must not keep it."""

    kept: ClientSecrets

    async def __call__(self, call: Call, call_next: Next) -> Reply:  # noqa: ARG002 - the path ends here
        asked = minting(call)
        held = Held(
            call=call.id,
            key=key_of(call).id,
            model=call.model,
            writes=asked.writes,
            session=asked.wanted.session,
            expires=now() + timedelta(seconds=asked.wanted.expires_after.seconds),
        )
        asked.minted = (await self.kept.keep(held), held)
        call.ending.steps["client_secret"] = f"made, until {written(held.expires)}"
        return Reply()


def minting(call: Call) -> Minting:
    """Return the call as one that asks for a secret."""
    if not isinstance(call, Minting):
        raise TypeError("no secret is asked for")
    return call
