"""What goes on though no client waits: which process works on it, and whether that process still lives.

A process says every moment that it is there. What is held by one that no longer does is abandoned: a batch is taken
up by another process, a response in the background has failed.
"""

import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Row, case, delete, insert, select, update

from hanbok.core.clock import now, stamp, written
from hanbok.core.errors import HanbokError
from hanbok.core.values import Text
from hanbok.store.database import Store
from hanbok.store.tables import undertakings

EVERY: Final = 2.0
"""Seconds between two signs of life."""
_GONE_AFTER: Final = timedelta(seconds=15)
STOPPING: Final = "cancelling"


class NotOurs(HanbokError):
    code = "undertaking_not_ours"
    message = Text(
        ko="{name!r} 작업은 다른 프로세스가 이어받았습니다", en="another process has taken {name!r} on"
    )
    hint = Text(
        ko="할 일이 없습니다. 이 프로세스가 오래 멈추어 있었습니다.",
        en="Nothing is to be done; this process stood still for too long.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Undertaking:
    """One thing that goes on. `facts` is JSON."""

    id: str
    kind: str
    organisation: str
    key: str
    state: str
    created: str
    facts: str
    ended: str | None = None
    abandoned: bool = False
    """Whether nobody works on it."""


class Undertakings:
    """All methods block."""

    def __init__(self, store: Store, clock: Callable[[], datetime] = now) -> None:
        self._store = store
        self._clock = clock
        self.me = f"{socket.gethostname()[:60]}/{_processes()}/{os.getpid()}/{secrets.token_hex(4)}"
        """This process, among all that share the database."""

    def begin(self, one: Undertaking, *, held: bool) -> None:
        """Note it; `held`: this very process works on it, else whoever takes it first."""
        values = {
            "id": one.id,
            "kind": one.kind,
            "organisation": one.organisation,
            "key": one.key,
            "state": one.state,
            "created": one.created,
            "facts": one.facts,
            "holder": self.me if held else "",
            "seen": stamp() if held else "",
        }
        with self._store.write() as connection:
            connection.execute(insert(undertakings).values(values))

    def get(self, organisation: str, key: str, name: str) -> Undertaking | None:
        """Return one of this key's."""
        mine = (undertakings.c.organisation == organisation) & (undertakings.c.key == key)
        with self._store.read() as connection:
            row = connection.execute(
                select(undertakings).where(mine, undertakings.c.id == name)
            ).one_or_none()
        return None if row is None else self._read(row)

    def all(self, organisation: str, key: str, kind: str) -> list[Undertaking]:
        """Return those of this key, the newest first."""
        mine = (undertakings.c.organisation == organisation) & (undertakings.c.key == key)
        query = select(undertakings).where(mine, undertakings.c.kind == kind)
        with self._store.read() as connection:
            rows = connection.execute(query.order_by(undertakings.c.created.desc(), undertakings.c.id)).all()
        return [self._read(row) for row in rows]

    def take(self, kind: str) -> Undertaking | None:
        """Take one on that has not ended and that nobody works on, the oldest first."""
        query = select(undertakings).where(undertakings.c.kind == kind, undertakings.c.ended.is_(None))
        with self._store.read() as connection:
            rows = connection.execute(query.order_by(undertakings.c.created, undertakings.c.id)).all()
        for row in rows:
            if not self._abandoned(row):
                continue
            # As it was read: another process may have taken it meanwhile.
            as_read = (
                (undertakings.c.id == row.id)
                & (undertakings.c.holder == row.holder)
                & (undertakings.c.seen == row.seen)
                & undertakings.c.ended.is_(None)
            )
            values = {"holder": self.me, "seen": written(self._clock())}
            with self._store.write() as connection:
                if connection.execute(update(undertakings).where(as_read).values(values)).rowcount:
                    return self._read(row)
        return None

    def beat(self) -> set[str]:
        """Say that this process is there; return which of its undertakings somebody asked to stop."""
        mine = (undertakings.c.holder == self.me) & undertakings.c.ended.is_(None)
        with self._store.write() as connection:
            connection.execute(update(undertakings).where(mine).values(seen=written(self._clock())))
            asked = select(undertakings.c.id).where(mine, undertakings.c.state == STOPPING)
            return set(connection.execute(asked).scalars())

    def note(self, name: str, *, state: str, facts: str, ended: bool = False) -> None:
        """Write down how far it is. One that somebody asked to stop stays so until it has ended. Raises NotOurs."""
        values: dict[str, Any] = {"facts": facts}
        if ended:
            values |= {"state": state, "ended": stamp(), "holder": ""}
        else:
            values["state"] = case((undertakings.c.state == STOPPING, STOPPING), else_=state)
        ours = (undertakings.c.id == name) & (undertakings.c.holder == self.me)
        with self._store.write() as connection:
            if not connection.execute(update(undertakings).where(ours).values(values)).rowcount:
                raise NotOurs(name=name)

    def stop(self, name: str) -> None:
        """Ask whoever works on it to stop."""
        going = (undertakings.c.id == name) & undertakings.c.ended.is_(None)
        with self._store.write() as connection:
            connection.execute(update(undertakings).where(going).values(state=STOPPING))

    def leave(self, name: str) -> None:
        """Work on it no longer: another process may."""
        mine = (undertakings.c.id == name) & (undertakings.c.holder == self.me)
        with self._store.write() as connection:
            connection.execute(update(undertakings).where(mine).values(holder=""))

    def drop(self, name: str) -> None:
        """Forget it: what it came to is kept elsewhere."""
        with self._store.write() as connection:
            connection.execute(delete(undertakings).where(undertakings.c.id == name))

    def forget(self, before: datetime) -> None:
        """Forget what ended before this moment."""
        with self._store.write() as connection:
            connection.execute(delete(undertakings).where(undertakings.c.ended < written(before)))

    def _read(self, row: Row[Any]) -> Undertaking:
        return Undertaking(
            id=row.id,
            kind=row.kind,
            organisation=row.organisation,
            key=row.key,
            state=row.state,
            created=row.created,
            facts=row.facts,
            ended=row.ended,
            abandoned=row.ended is None and self._abandoned(row),
        )

    def _abandoned(self, row: Row[Any]) -> bool:
        if not row.holder or row.holder == self.me:
            return not row.holder
        return row.seen < written(self._clock() - _GONE_AFTER) or self._died_here(row.holder)

    def _died_here(self, holder: str) -> bool:
        """Whether a process that this one can see is gone; what became of others only time tells."""
        place, pid, _ = holder.rsplit("/", 2)
        mine, mine_pid, _ = self.me.rsplit("/", 2)
        if place != mine:
            return False
        if pid == mine_pid:
            return True  # ours, but of another start
        with suppress(PermissionError):
            try:
                os.kill(int(pid), 0)
            except ProcessLookupError:
                return True
        return False


def _processes() -> str:
    """Return which numbering of processes ours is in: containers of one host name may have one each."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
