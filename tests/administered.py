"""One running server with two organisations, each with people in every role and data of its own."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from hanbok.core.values import Principal
from hanbok.policy.key import Limits
from hanbok.policy.organisations import Register
from hanbok.policy.parties import PartyKind
from hanbok.policy.people import People
from hanbok.policy.roles import Role, Scope
from hanbok.store.database import Store
from hanbok.testing.running import RunningHanbok
from hanbok.testing.scripted import ScriptedModel
from stands import PRICE, SETTINGS

ROLES = ("admin", "operator", "compliance", "auditor", "member")


class Answered(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        told = self.json
        return str(told.get("code") or told.get("error", {}).get("code"))


@dataclass
class Stand:
    server: RunningHanbok
    url: str
    secrets: dict[str, str] = field(default_factory=dict)
    """By `organisation/role`; `platform` is the administrator over all."""
    keys: dict[str, str] = field(default_factory=dict)
    """The ids of the same keys."""

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answered:
        """Ask with the key of this name, or with this very secret."""
        sent = dict(headers or {})
        secret = self.secrets.get(key, key)
        if secret:
            sent["authorization"] = f"Bearer {secret}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return Answered(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answered(error.code, dict(error.headers), error.read())

    @contextmanager
    def store(self) -> Iterator[Store]:
        opened = Store.open(f"sqlite:///{self.server.folder / 'state' / 'hanbok.db'}")
        try:
            yield opened
        finally:
            opened.close()

    def settled(self, key: str, wanted: int = 200, path: str = "/v1/models") -> float:
        """Wait until the server answers a key so; return the seconds that it took."""
        began = time.monotonic()
        while self.ask("GET", path, key=key).status != wanted:
            assert time.monotonic() - began < 10, f"{key}: never {wanted}"
            time.sleep(0.02)
        return time.monotonic() - began

    def enter(self, organisation: str, person: str, *roles: Role, scope: Scope = Scope.ORGANISATION) -> str:
        """Enter a person on the machine and return the name of their key."""
        name = f"{organisation}/{person}"
        with self.store() as store:
            people = People(store)
            people.add(organisation, PartyKind.PERSON, person, actor="test")
            for role in roles:
                people.grant(organisation, person, role, scope=scope, actor="test", reason="stand")
            who = Principal(organisation=organisation, key="", person=person)
            made = Register(store).create_key(who, name=f"{person}의 키", actor="test")
        self.secrets[name], self.keys[name] = made.secret, made.key.id
        return name


@contextmanager
def administered(folder: Path, *organisations: str, settings: str = "") -> Iterator[Stand]:
    """Start a server, with these organisations beside `default` and the administrator `default/chief` over all."""
    with ScriptedModel() as abroad, ScriptedModel() as home:
        yaml = SETTINGS.format(abroad=abroad.url, home=home.url, price=PRICE) + settings
        with RunningHanbok(folder, yaml) as server:
            stand = Stand(server, server.url, secrets={"first": server.key})
            chief = stand.enter("default", "chief", Role.ADMIN, Role.AUDITOR, scope=Scope.PLATFORM)
            stand.secrets["platform"] = stand.secrets[chief]
            for organisation in organisations:
                with stand.store() as store:
                    limits = Limits(won_per_month=10**15)
                    Register(store).create_organisation(organisation, actor="test", limits=limits)
                for role in ROLES:
                    granted = () if role == "member" else (Role(role),)
                    latest = stand.enter(organisation, role, *granted)
                chief = latest
            stand.settled(chief)
            yield stand
