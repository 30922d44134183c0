"""What a test does behind a running server's back: in its database, and in its log."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from hanbok.core.values import Principal
from hanbok.evidence.segments import lines
from hanbok.policy.key import Limits
from hanbok.policy.key_records import NewKey
from hanbok.policy.organisations import Register
from hanbok.store.database import Store
from hanbok.testing.running import RunningHanbok

_T = TypeVar("_T")
_LEFT_OUT = {"code": "", "cost": 0, "reserved": 0, "status": "", "steps": {}}
"""What entries do not write down when it is nothing."""


def registered(server: RunningHanbok, act: Callable[[Register], _T]) -> _T:
    """Do something to the server's organisations and keys."""
    store = Store.open(f"sqlite:///{server.folder / 'state' / 'hanbok.db'}")
    try:
        return act(Register(store))
    finally:
        store.close()


def new_key(server: RunningHanbok, models: tuple[str, ...] = (), **limits: int) -> NewKey:
    """Make a key of the first organisation; the server knows it a moment later."""
    who = Principal(organisation="default", key="")
    return registered(
        server, lambda one: one.create_key(who, actor="test", models=models, limits=Limits(**limits))
    )


def entries(server: RunningHanbok) -> list[dict[str, Any]]:
    """Return the log."""
    return [_LEFT_OUT | json.loads(line.entry) for line in lines(server.folder / "state" / "evidence")]
