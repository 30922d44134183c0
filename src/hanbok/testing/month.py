"""A month of an office, lived by the product itself: real path, real log, stand-in models, and a clock that is ours.

    with lived(folder, OFFICES["bank"], seed=1) as month:
        ...  # month.loaded, month.since, month.until; the log is in the folder

Every entry is made by the part that makes it in service. The same seed gives the same calls.
"""

import asyncio
import hashlib
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path

import msgspec

from hanbok.app import App
from hanbok.core.clock import KST, reading
from hanbok.core.values import Language, Principal
from hanbok.evidence.attestation import attest
from hanbok.evidence.entry import Act
from hanbok.evidence.gather import gather
from hanbok.evidence.log_files import checked, records
from hanbok.evidence.outbox import deliver, put
from hanbok.evidence.rendering.html import html
from hanbok.evidence.report import Question
from hanbok.evidence.reporting import load_report, made_act, make, period, report_names
from hanbok.evidence.usecase import areas
from hanbok.gateway.probes.acts import diff_act, run_act
from hanbok.gateway.probes.differing import compare
from hanbok.gateway.probes.pack import categories
from hanbok.gateway.probes.running import Door, Run, run_probes
from hanbok.gateway.upstream import Timeouts
from hanbok.policy.key import Limits
from hanbok.policy.key_records import NewKey
from hanbok.policy.organisations import Register
from hanbok.settings.reading import Loaded, load
from hanbok.settings.report_setup import read_setup, uses_of
from hanbok.store.database import Store
from hanbok.testing.in_process import InProcess
from hanbok.testing.korean import Identities
from hanbok.testing.models import prudent
from hanbok.testing.offices import Office, Staff, write_settings
from hanbok.testing.scripted import Script, ScriptedModel

_CHAT = "in-process:/v1/chat/completions"
_TAKEN_UP = 0.6
"""Seconds after which a door has taken up keys that another process changed."""


@dataclass(slots=True)
class Hands:
    """A clock that moves when it is told to."""

    at: datetime

    def __call__(self) -> datetime:
        self.at += timedelta(microseconds=137)
        return self.at

    def turn(self, day: date, hour: float) -> None:
        """Go to an hour of a Korean day; never back."""
        moment = datetime.combine(day, time(), tzinfo=KST) + timedelta(hours=hour)
        self.at = max(self.at, moment.astimezone(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    office: Office
    loaded: Loaded
    since: str
    until: str
    """The first and the last Korean day, as `hanbok report make` takes them."""
    clock: Hands

    @property
    def log(self) -> Path:
        return self.loaded.settings.evidence_directory


@contextmanager
def lived(
    folder: Path,
    office: Office,
    *,
    seed: int,
    first: date = date(2026, 10, 1),
    days: int = 31,
    calls: int = 6,
) -> Generator[Month]:
    """Live a month, `calls` a working day, and yield it with its clock still running."""
    with ExitStack() as stack:
        outside, home = (stack.enter_context(ScriptedModel(Script(say=prudent))) for _ in range(2))
        file = write_settings(office, folder, first)
        places = {"HANBOK_HOME_URL": home.url, f"HANBOK_{office.place.upper()}_URL": outside.url}
        clock = Hands(datetime.combine(first, time(8), tzinfo=KST).astimezone(UTC))
        stack.enter_context(reading(clock))
        loaded = load(file, places)
        last = first + timedelta(days=days - 1)
        life = _Life(office, loaded, clock, Identities(seed), folder)
        asyncio.run(life.live([first + timedelta(days=number) for number in range(days)], calls))
        clock.turn(last, 23)
        yield Month(office=office, loaded=loaded, since=str(first), until=str(last), clock=clock)


@dataclass(slots=True)
class _Life:
    office: Office
    loaded: Loaded
    clock: Hands
    chance: Identities
    folder: Path
    keys: list[tuple[Staff, NewKey]] = field(default_factory=list[tuple[Staff, NewKey]])
    sent: "count[int]" = field(default_factory=count)

    async def live(self, days: list[date], calls: int) -> None:
        store = Store.open(self.loaded.settings.store_url)
        try:
            self._found(store)
            app = await App.open(self.loaded)
            try:
                working = [day for day in days if day.weekday() < 5]  # noqa: PLR2004 - Saturday
                for number, day in enumerate(working):
                    await self._work(app, day, calls)
                    if number == len(working) // 2:
                        await self._middle(app, store, day)
            finally:
                await app.close()
            self._attest(store)
            settings = self.loaded.settings
            await deliver(store, settings.evidence_directory, settings.evidence.options())
        finally:
            store.close()

    def _found(self, store: Store) -> None:
        """Open the office: the organisation, keys for its staff, its use of AI on the register."""
        office, register = self.office, Register(store)
        register.create_organisation(office.id, actor="admin:jihye", name=office.name)
        limits = Limits(requests_per_minute=600, concurrency=8, won_per_month=10**12)
        for one in (*office.staff, Staff(team="임시", person="temp-99", models=("house",))):
            who = Principal(
                organisation=office.id,
                key="",
                team=one.team,
                person=one.person,
                application=one.application,
            )
            new = register.create_key(
                who, actor="admin:jihye", name=one.person, models=one.models, limits=limits
            )
            self.keys.append((one, new))
        uses = uses_of(self.loaded.settings, store)
        uses.add(
            office.use,
            organisation=office.id,
            name="상담 초안 도우미",
            purpose="직원이 쓰는 초안과 점검",
            models=(office.swap,),
            actor="admin:jihye",
        )
        answers = {area: area == office.area for area in areas()}
        uses.answer(office.use, answers, assessor="준법감시인", actor="compliance:doyun")
        uses.describe(
            office.use,
            actor="compliance:doyun",
            notice="화면 위에 '이 답은 생성형 인공지능이 만듭니다'를 보임",
            supervisor="인공지능 책임관",
            contact="ai-officer@example.or.kr",
        )
        plan = b"risk management plan, version 1\n"
        uses.keep(office.use, plan, kind="위험관리방안", name="plan.txt", actor="compliance:doyun")

    async def _work(self, app: App, day: date, calls: int) -> None:
        random = self.chance.random
        for number in range(calls):
            self.clock.turn(day, 9 + 9 * number / calls + random.random() / 4)
            staff, key = self.keys[random.randrange(len(self.office.staff))]
            model = random.choice(staff.models)
            prompt = random.choice(self.office.prompts[model])(self.chance)
            body = {"model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": 200}
            body |= {"stream": random.random() < 1 / 3}
            origin = f"10.1.{random.randrange(4)}.{random.randrange(2, 250)}"
            client = InProcess(app, origin=origin, sent=self.sent)
            headers = (("authorization", f"Bearer {key.secret}"),)
            await client.post(_CHAT, headers, msgspec.json.encode(body), Timeouts())

    async def _middle(self, app: App, store: Store, day: date) -> None:
        """Someone leaves, and a model is swapped: probes run before and after, and are compared."""
        self.clock.turn(day, 19)
        Register(store).revoke_key(self.keys[-1][1].key.id, actor="admin:jihye")
        runs = [await self._probe(app, model) for model in (self.office.swap, "next")]
        files = [msgspec.json.encode(one) for one in runs]
        acts = [run_act(one, body, "risk:haeun") for one, body in zip(runs, files, strict=True)]
        acts.append(diff_act(compare(runs[0], runs[1]), files[0], files[1], "risk:haeun"))
        self._put(store, acts)
        await asyncio.sleep(_TAKEN_UP)
        await asyncio.to_thread(self._review, app, store, day)

    def _review(self, app: App, store: Store, day: date) -> None:
        """Read the log as the internal plan says: a report of the month so far, kept by its digest."""
        begin, end = period(f"{day:%Y-%m}-01", str(day))
        folder, office = self.loaded.settings.evidence_directory, self.office.id
        question = Question(since=begin, until=end, organisation=office)
        setup = read_setup(
            self.loaded.settings, store, log=checked(folder), judge=app.runtime.judge, organisation=office
        )
        made = make("pipa_access_log", gather(records(folder), question), setup)
        self._put(store, [made_act(made, "html", html(made, Language.KO), "compliance:doyun")])

    async def _probe(self, app: App, model: str) -> Run:
        secret = next(new.secret for staff, new in self.keys if model in staff.models)
        door = Door(
            upstream=InProcess(app, origin="10.1.9.9", sent=self.sent), url=_CHAT, key=secret, model=model
        )
        return await run_probes(door, categories().items(), app.runtime.guard.find)

    def _attest(self, store: Store) -> None:
        """Officers attest what only people can say, as `hanbok report attest` does."""
        acts = [
            attest(
                f"{name}/{row.id}",
                actor="ciso:sua",
                by="정보보호최고책임자",
                text=f"{row.hint.ko if row.hint else row.text.ko}: 확인함",
                organisation=self.office.id,
                file=hashlib.sha256(f"{name}/{row.id}".encode()).hexdigest(),
            )
            for name in report_names()
            for row in load_report(name).sheet.row
            if row.people
        ]
        self._put(store, acts)

    def _put(self, store: Store, acts: list[Act]) -> None:
        with store.write() as connection:
            for act in acts:
                put(connection, act)
