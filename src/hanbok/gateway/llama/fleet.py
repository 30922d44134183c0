"""The processes of an embedded endpoint: one for its base with every adapter on it, one for each released whole model.

llama.cpp takes adapters only at its start. So when releases change, another process is started beside the one that
answers; calls go to it from the moment it is ready, and the old one ends when its last call is over.
"""

import asyncio
import hashlib
import logging
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from hanbok.core.errors import HanbokError
from hanbok.gateway.errors import EndpointUnavailable
from hanbok.gateway.llama.crew import Crew
from hanbok.gateway.llama.dress import Dress, template_of
from hanbok.gateway.llama.errors import ReleaseBaseDiffers, ReleaseUnusable
from hanbok.gateway.llama.gguf_head import template_in
from hanbok.gateway.llama.releases import Release, Shelf
from hanbok.gateway.llama.supervisor import Supervisor
from hanbok.gateway.llama.wire import Adapter, Spec

_LOG = logging.getLogger(__name__)
_LOOK_EVERY: Final = 0.5
_LOAD_PATIENCE: Final = 120.0
_DRAIN_PATIENCE: Final = 600.0
_MODEL_IDLE: Final = 600.0
_CHATML: Final = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""What llama.cpp takes for a file without a template."""


@dataclass(slots=True)
class Fleet:
    """Built and used in one event loop."""

    spec: Spec
    """Of the base, without releases: what a name that no release has is answered by."""
    endpoint: str
    log: Path
    shelf: Shelf | None
    base: str
    """SHA-256 of the base; empty: worked out when the first adapter comes."""
    _crew: Crew | None = None
    _held: tuple[str, ...] = ()
    _asked: set[str] = field(default_factory=set[str])
    """Exact versions that somebody asked for though the index does not list them."""
    _unusable: dict[str, EndpointUnavailable] = field(default_factory=dict[str, EndpointUnavailable])
    _models: dict[str, tuple[Crew, float]] = field(default_factory=dict[str, tuple[Crew, float]])
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set["asyncio.Task[None]"])
    _seen: tuple[int, int] = (-1, -1)

    @property
    def supervisor(self) -> Supervisor:
        """Of the base."""
        if self._crew is None:
            self._crew = self._crewed(())
        return self._crew.supervisor

    async def start(self) -> None:
        """Start the base with the releases that are on the shelf, and begin to look for others."""
        held: tuple[Release, ...] = ()
        if self.shelf is not None:
            held = await asyncio.to_thread(self._usable, self.shelf)
            self._seen = self.shelf.version
        self._crew = self._crewed(held)
        self._held = tuple(one.key for one in held)
        self._crew.supervisor.start()
        if self.shelf is not None:
            self._spawn(self._look())
            self._spawn(self._without_the_bad(self._crew))

    async def close(self) -> None:
        """End every process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        crews = [crew for crew, _ in self._models.values()]
        for crew in (*crews, *([self._crew] if self._crew else ())):
            await crew.supervisor.close()
        self._models.clear()

    async def crew(self, release: Release | None) -> Crew:
        """Return who answers for a release. Raises EndpointUnavailable."""
        if release is None:
            if self._crew is None:
                self._crew = self._crewed(())
            return self._crew
        if release.serving.form == "model":
            return await self._model(release)
        if release.key not in self._held and release.key not in self._unusable:
            self._asked.add(release.key)
            await self._renew()
        if release.key not in self._held:
            raise self._unusable.get(release.key) or ReleaseUnusable(
                endpoint=self.endpoint, release=release.key, why="-"
            )
        assert self._crew is not None  # noqa: S101 - `start` made it
        return self._crew

    async def _look(self) -> None:
        """Take up releases as they come, before anybody asks for them."""
        assert self.shelf is not None  # noqa: S101 - see `start`
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            await self._tidy()
            if self.shelf.version == self._seen:
                continue
            self._seen = self.shelf.version
            await self._renew(anew=True)

    async def _without_the_bad(self, crew: Crew) -> None:
        """Put the bare base in the place of a first process that cannot start with what is on the shelf."""
        try:
            await crew.supervisor.url(_LOAD_PATIENCE)
        except EndpointUnavailable:
            if self._crew is crew and self._held:
                self._crew, self._held = self._crewed(()), ()
                self._crew.supervisor.start()
                await crew.supervisor.close()
                await self._renew()

    async def _renew(self, *, anew: bool = False) -> None:
        """Put another process in the place of the one that answers, if other adapters are wanted. Where they cannot be
        loaded together, each new one is tried alone. `anew` tries those again that could not be used.
        """
        async with self._changing:
            if self.shelf is None:
                return
            if anew:
                self._unusable.clear()
            wanted = await asyncio.to_thread(self._usable, self.shelf)
            new = [one for one in wanted if one.key not in self._held]
            if await self._take_up(wanted) or not new:
                return
            kept = [one for one in wanted if one.key in self._held]
            for one in new:
                if len(new) == 1 or not await self._take_up((*kept, one)):
                    why = ReleaseUnusable(endpoint=self.endpoint, release=one.key, why="llama.cpp")
                    self._unusable[one.key] = why
                    _LOG.warning("endpoint %s: %s", self.endpoint, why)
                else:
                    kept.append(one)

    async def _take_up(self, wanted: Sequence[Release]) -> bool:
        """Have a process with these adapters answer; False if it cannot start."""
        keys = tuple(one.key for one in wanted)
        if keys == self._held or self._crew is None:
            return True
        fresh = self._crewed(wanted)
        fresh.supervisor.start()
        try:
            await fresh.supervisor.url(_LOAD_PATIENCE)
        except EndpointUnavailable:
            await fresh.supervisor.close()
            return False
        except BaseException:
            await fresh.supervisor.close()
            raise
        old, self._crew, self._held = self._crew, fresh, keys
        self._spawn(old.retire(_DRAIN_PATIENCE))
        return True

    def _usable(self, shelf: Shelf) -> tuple[Release, ...]:
        """Return the adapters that fit this base, each compared with its digest."""
        wanted = {one.key: one for one in self._on_shelf(shelf) if one.serving.form == "adapter"}
        if wanted and not self.base:
            self.base = _digest(Path(self.spec.path))
        found: list[Release] = []
        for one in wanted.values():
            try:
                if one.serving.base != self.base:
                    raise ReleaseBaseDiffers(endpoint=self.endpoint, release=one.key)
                one.check()
            except EndpointUnavailable as error:
                self._unusable[one.key] = error
            else:
                found.append(one)
        return tuple(found)

    def _on_shelf(self, shelf: Shelf) -> Iterable[Release]:
        shelf = Shelf(shelf.folder)  # one's own: this runs beside the event loop
        try:
            listed = shelf.ready()
            yield from listed
            for key in sorted(self._asked - {one.key for one in listed}):
                yield shelf.find(key)
        except HanbokError as error:
            _LOG.warning("endpoint %s: %s", self.endpoint, error)

    def _crewed(self, releases: Sequence[Release]) -> Crew:
        own = len(self.spec.adapters)
        count = own + len(releases)
        dresses = {"": Dress(adapter=0 if own else None, adapters=count)}
        branches: list[tuple[str, str]] = []
        for number, one in enumerate(releases, start=own):
            serving = one.serving
            if serving.template:
                branches.append((one.key, serving.template))
            dresses[one.key] = Dress(
                adapter=number,
                adapters=count,
                branch=one.key if serving.template else "",
                sampling=serving.sampling,
            )
        otherwise = self.spec.template
        if branches and not otherwise:
            otherwise = template_in(Path(self.spec.path)) or _CHATML
        template = template_of(branches, otherwise)
        spec = msgspec.structs.replace(
            self.spec,
            adapters=self.spec.adapters + tuple(Adapter(path=str(one.path)) for one in releases),
            template=template,
            remember=not releases,
        )
        return Crew(supervisor=Supervisor(spec, self.endpoint, self.log), dresses=dresses)

    async def _model(self, release: Release) -> Crew:
        """Return the process of a released whole model, started when it is first asked for."""
        async with self._changing:
            there = self._models.get(release.key)
            if there is None:
                await asyncio.to_thread(release.check)
                crew = self._modelled(release)
                crew.supervisor.start()
            else:
                crew = there[0]
            self._models[release.key] = (crew, monotonic())
        return crew

    def _modelled(self, release: Release) -> Crew:
        serving = release.serving
        spec = msgspec.structs.replace(
            self.spec,
            path=str(release.path),
            alias=serving.name,
            adapters=(),
            template=serving.template,
            stops=(),
            temperature=None,
            min_p=None,
            remember=True,
        )
        log = self.log.with_name(f"{serving.key}.log")
        dress = Dress(adapter=None, adapters=0, sampling=serving.sampling)
        return Crew(supervisor=Supervisor(spec, self.endpoint, log), dresses={release.key: dress})

    async def _tidy(self) -> None:
        """End whole models that nobody asked for in a while: each keeps its weights in memory."""
        for key, (crew, used) in list(self._models.items()):
            if not crew.busy and monotonic() - used > _MODEL_IDLE:
                del self._models[key]
                self._spawn(crew.retire(0))

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ReleaseUnusable(endpoint="", release=str(path), why=error.strerror) from error
