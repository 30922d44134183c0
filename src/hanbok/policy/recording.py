"""How a change of the records tells of itself: an act for the evidence log, a new version for the key rings."""

from collections.abc import Callable
from typing import Self

from sqlalchemy import Connection, update

from hanbok.core.clock import stamp
from hanbok.evidence.entry import Act, AdminAct
from hanbok.evidence.outbox import put
from hanbok.store.tables import marks

VERSION = "keys"
"""The mark that counts changes."""


class Actor(str):
    """Who changed something, as the log names them; with the key and the address that they came by."""

    __slots__ = ("key", "origin")

    key: str
    origin: str

    def __new__(cls, name: str, *, key: str = "", origin: str = "") -> Self:
        """Name a person's doing. A plain text does where there is neither key nor address, as on the machine."""
        made = super().__new__(cls, name)
        made.key, made.origin = key, origin
        return made


def record_change(
    connection: Connection,
    actor: str,
    verb: str,
    thing: str,
    facts: dict[str, str],
    *,
    organisation: str,
    deed: Callable[..., Act | AdminAct] = Act,
) -> None:
    """Tell the log, by the outbox, and the key rings, by the version, in the transaction of the change.

    `organisation` is whose records these are; empty: the installation's own.
    """
    record_act(connection, actor, verb, thing, facts, organisation=organisation, deed=deed)
    connection.execute(update(marks).where(marks.c.name == VERSION).values(value=marks.c.value + 1))


def record_act(
    connection: Connection,
    actor: str,
    verb: str,
    thing: str,
    facts: dict[str, str],
    *,
    organisation: str,
    approvers: tuple[str, ...] = (),
    deed: Callable[..., Act | AdminAct] = Act,
) -> None:
    """Tell the log only: no key ring need read anything again."""
    told = {name: fact for name, fact in facts.items() if fact}
    origin = ""
    if isinstance(actor, Actor):
        origin = actor.origin
        if actor.key:
            told["by_key"] = actor.key
    put(
        connection,
        deed(
            at=stamp(),
            actor=str(actor),
            origin=origin,
            organisation=organisation,
            verb=verb,
            object=thing,
            approvers=approvers,
            facts=told,
        ),
    )
